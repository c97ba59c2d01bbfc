// The shapes of devslack's control API, as far as the page reads them.

export interface User {
  id: string;
  name: string;
  real_name: string;
  display_name: string;
  title: string;
  is_bot: boolean;
  is_guest: boolean;
  color: string;
  deleted: boolean;
}

export interface Group {
  id: string;
  handle: string;
  name: string;
  users: string[];
}

export interface Command {
  command: string;
  description: string;
  usage_hint: string;
}

export interface Shortcut {
  name: string;
  type: "global" | "message";
  callback_id: string;
  description: string;
}

export interface App {
  id: string;
  name: string;
  user_id: string;
  bot_id: string;
  home: boolean;
  messages_tab: boolean;
  commands: Command[];
  shortcuts: Shortcut[];
}

export interface Channel {
  id: string;
  name: string;
  kind: "public" | "private" | "im";
  archived: boolean;
  topic: string;
  members: string[];
  user?: string;
  bot_member: boolean;
  last_ts: string | null;
}

export interface TextObject {
  type: "plain_text" | "mrkdwn";
  text: string;
  emoji?: boolean;
}

export interface Option {
  text: TextObject;
  value: string;
  description?: TextObject;
}

export interface OptionGroup {
  label: TextObject;
  options: Option[];
}

export interface Confirm {
  title: TextObject;
  text: TextObject;
  confirm: TextObject;
  deny: TextObject;
  style?: "primary" | "danger";
}

/** An element of any type; devslack has checked which members belong to which type. */
export interface Element {
  type: string;
  action_id?: string;
  text?: TextObject | string;
  value?: string;
  style?: "primary" | "danger";
  url?: string;
  confirm?: Confirm;
  accessibility_label?: string;
  options?: Option[];
  option_groups?: OptionGroup[];
  placeholder?: TextObject;
  image_url?: string;
  alt_text?: string;
  multiline?: boolean;
  min_length?: number;
  max_length?: number;
  min_value?: string;
  max_value?: string;
  min_query_length?: number;
  focus_on_load?: boolean;
  is_decimal_allowed?: boolean;
  dispatch_action_config?: { trigger_actions_on?: string[] };
  [initial: `initial_${string}`]: unknown;
}

/** A line of a plan. */
export interface Task {
  task_id: string;
  title: string;
  status?: string;
  details?: { elements?: unknown[] };
  output?: { elements?: unknown[] };
}

export interface Block {
  type: string;
  block_id: string;
  text?: TextObject | string;
  fields?: TextObject[];
  accessory?: Element;
  elements?: unknown[];
  label?: TextObject;
  hint?: TextObject;
  element?: Element;
  optional?: boolean;
  dispatch_action?: boolean;
  image_url?: string;
  alt_text?: string;
  title?: TextObject | string;
  tasks?: Task[];
}

export interface Attachment {
  color?: string;
  pretext?: string;
  title?: string;
  title_link?: string;
  text?: string;
  blocks?: Block[];
}

export interface Reaction {
  name: string;
  count: number;
  users: string[];
}

export interface Message {
  channel: string;
  ts: string;
  thread_ts?: string;
  subtype?: string;
  user: string;
  username: string;
  bot_id?: string;
  text: string;
  blocks?: Block[];
  attachments?: Attachment[];
  plain: string;
  edited?: { user: string; ts: string };
  reply_count: number;
  reply_users: string[];
  latest_reply?: string;
  reactions: Reaction[];
  permalink: string;
  ephemeral?: boolean;
  visible_to?: string;
}

/** What a person chose or typed: text, an option's value, several of them, seconds, or nothing. */
export type Value = string | string[] | number | null;
export type Values = Record<string, Record<string, Value>>;
export type ViewState = Record<string, Record<string, Record<string, unknown>>>;

export interface View {
  id: string;
  type: "modal" | "home";
  title: TextObject | null;
  submit: TextObject | null;
  close: TextObject | null;
  blocks: Block[];
  callback_id: string;
  hash: string;
  state: { values: ViewState };
  errors: Record<string, string>;
  notice: string | null;
}

export interface Ack {
  state: "acked" | "timeout" | "none_connected" | "refused" | "not_sent";
  ms: number | null;
  problem: string | null;
}

export interface Acted {
  ok: true;
  ack: Ack;
  effects: string[];
  view?: View | null;
}

export interface Ping {
  id: number;
  user: string;
  channel: string;
  ts: string;
  reason: string;
  plain: string;
}

export interface Call {
  seq: number;
  at: number;
  method: string;
  args: unknown;
  ok: boolean;
  error: string | null;
  status: number;
  ms: number | null;
  response: unknown;
  faults: string[];
}

export interface Envelope {
  id: string;
  seq: number;
  at: number;
  type: string;
  subtype: string;
  retry: number;
  state: string;
  why?: string;
  ms: number | null;
  payload: unknown;
  ack: unknown;
}

export interface Clock {
  mode: "real" | "virtual";
  now: number;
}

/** What is left of one bucket of the rate limits; with a channel it is that of its posts. */
export interface Bucket {
  method: string;
  channel?: string;
  left: number;
  most: number;
  seconds: number;
}

export interface Fault {
  switch: string;
  count: number | null;
  probability: number;
  args: Record<string, string | number>;
}

export interface ThreadStatus {
  status: string;
  loading_messages: string[];
}

// The control API of the devslack that serves this page. Nothing else is ever asked.

import type {
  Acted, App, Bucket, Call, Channel, Clock, Envelope, Fault, Group, Message, Option, OptionGroup, Ping, User, Value, Values, View,
} from "./types";

/** The server's own sentence about what was wrong; `errors` are those of a form's fields. */
export class Refusal extends Error {
  readonly code: string;
  readonly errors: Record<string, string>;

  constructor(code: string, detail: string, errors: Record<string, string> = {}) {
    super(detail);
    this.code = code;
    this.errors = errors;
  }
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`/devslack/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  }).catch(() => {
    throw new Refusal("unreachable", "The local Slack does not answer. Is it still running?");
  });
  const said = (await answer.json()) as { ok: boolean; error?: string; detail?: string; errors?: Record<string, string> };
  if (!said.ok) throw new Refusal(said.error ?? "failed", said.detail ?? said.error ?? "It failed.", said.errors);
  return said as T;
}

const read = <T>(path: string, query: Record<string, string> = {}) =>
  ask<T>("GET", `${path}?${new URLSearchParams(query)}`);
const act = <T = Acted>(path: string, body: unknown, method = "POST") => ask<T>(method, path, body);

export interface People {
  team: { id: string; name: string; domain: string };
  users: User[];
  groups: Group[];
  app: App;
}

export const people = () => read<People>("users");
export const channels = async (me: string) =>
  (await read<{ channels: Channel[] }>("channels", { as: me })).channels;
export const pings = async (me: string) =>
  (await read<{ notifications: Ping[] }>("notifications", { as: me })).notifications;
export const views = (me: string) =>
  read<{ stack: View[]; home: View | null }>("views", { as: me, home: "1" });
export const calls = async () => (await read<{ calls: Call[] }>("calls")).calls;
export const envelopes = async () => (await read<{ envelopes: Envelope[] }>("envelopes")).envelopes;

export interface Limits {
  enabled: boolean;
  buckets: Bucket[];
}

export const limits = () => read<Limits>("limits");
export const limited = (on: boolean) => act<unknown>("config", { rate_limits: on });
export const faults = async () => (await read<{ switches: Fault[] }>("chaos")).switches;
export const arm = async (fault: Partial<Fault>) => (await act<{ switches: Fault[] }>("chaos", fault)).switches;
export const disarm = async () => (await act<{ switches: Fault[] }>("chaos", {}, "DELETE")).switches;
export const turnClock = async (how: { mode?: Clock["mode"]; advance_s?: number }) =>
  (await act<{ clock: Clock }>("clock", how)).clock;

export async function messages(me: string, channel: string, thread = ""): Promise<Message[]> {
  const query = { as: me, channel, include: "ephemeral", ...(thread ? { thread_ts: thread } : {}) };
  return (await read<{ messages: Message[] }>("messages", query)).messages;
}

export interface Place {
  channel: string;
  thread?: string | undefined;
}

const at = (place: Place) => ({
  channel: place.channel,
  ...(place.thread ? { thread_ts: place.thread } : {}),
});

export const post = (me: string, place: Place, text: string) => act("messages", { as: me, ...at(place), text });
export const slash = (me: string, place: Place, command: string, text: string) =>
  act("slash", { as: me, ...at(place), command, text });
export const remove = (me: string, message: Message) =>
  act("messages", { as: me, channel: message.channel, ts: message.ts }, "DELETE");
export const react = (me: string, message: Message, name: string, op: "add" | "remove") =>
  act("reactions", { as: me, channel: message.channel, ts: message.ts, name, op });
export const shortcut = (me: string, callback_id: string, message?: Message) =>
  act("shortcut", { as: me, callback_id, ...(message ? { channel: message.channel, ts: message.ts } : {}) });
export const join = (me: string, channel: string) => act("members", { channel, user: me, op: "join" });
export const home = (me: string, tab: "home" | "messages") => act("home", { as: me, tab });
export const submit = (me: string, view: string, values: Values) =>
  act(`views/${view}/submit`, { as: me, values });
export const close = (me: string, view: string) => act(`views/${view}/close`, { as: me });

/** Where an element stands: in a message, or in a modal or Home. */
export type Spot = { channel: string; ts: string } | { view_id: string };

export interface Pressed {
  action_id: string;
  block_id: string;
  value?: Value;
}

export const click = (me: string, spot: Spot, pressed: Pressed) =>
  act("click", { as: me, ...spot, ...pressed });
export const options = (me: string, spot: Spot, pressed: Pressed, query: string) =>
  act<{ options?: Option[]; option_groups?: OptionGroup[] }>("options", {
    as: me, ...spot, action_id: pressed.action_id, block_id: pressed.block_id, query,
  });

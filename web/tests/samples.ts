// Things that the tests of the local Slack are about.

import { reduce, type Snapshot, type StreamEvent } from "../src/slack/store/reduce";
import { empty, type State } from "../src/slack/store/state";
import type { Block, Channel, Element, Message, View } from "../src/slack/types";

export const ME = "U0GRACE";
export const ROOM = "C0RELEASES";

export function message(ts: string, more: Partial<Message> = {}): Message {
  return {
    channel: ROOM, ts, user: "U0ADA", username: "ada", text: "hi", plain: "hi", reply_count: 0, reply_users: [],
    reactions: [], permalink: "", ...more,
  };
}

export function channel(id: string, more: Partial<Channel> = {}): Channel {
  return {
    id, name: id.toLowerCase(), kind: "public", archived: false, topic: "", members: [ME, "U0ADA"], bot_member: true,
    last_ts: null, ...more,
  };
}

export function view(blocks: Block[], more: Partial<View> = {}): View {
  return {
    id: "V1", type: "modal", title: null, submit: null, close: null, blocks, callback_id: "", hash: "1",
    state: { values: {} }, errors: {}, notice: null, ...more,
  };
}

export function input(block_id: string, element: Element, more: Partial<Block> = {}): Block {
  return { type: "input", block_id, label: { type: "plain_text", text: block_id }, element: { action_id: "v", ...element }, ...more };
}

export function buttons(...elements: Partial<Element>[]): Block {
  return { type: "actions", block_id: "d", elements: elements.map((one) => ({ type: "button", action_id: "go", ...one })) };
}

const person = (id: string, name: string) => ({
  id, name, real_name: name, display_name: name, title: "", is_bot: false, is_guest: false, color: "", deleted: false,
});

export function snapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    people: {
      team: { id: "T", name: "Team", domain: "team" },
      users: [person(ME, "grace"), person("U0ADA", "ada"), { ...person("U0BOT", "baton"), is_bot: true }],
      groups: [{ id: "S1", handle: "sre", name: "Reliability", users: [ME] }],
      app: {
        id: "A1", name: "Baton", user_id: "U0BOT", bot_id: "B1", home: true, messages_tab: true,
        commands: [{ command: "/baton", description: "Start and inspect", usage_hint: "help" }], shortcuts: [],
      },
    },
    channels: [channel(ROOM, { name: "releases" }), channel("C0GENERAL", { name: "general" })],
    messages: { [ROOM]: [], C0GENERAL: [] },
    stack: [],
    home: null,
    pings: [],
    ...more,
  };
}

export function loaded(more: Partial<Snapshot> = {}): State {
  return reduce(empty(ME), { type: "loaded", snapshot: snapshot(more) });
}

export function after(state: State, ...events: StreamEvent[]): State {
  return events.reduce((now, event) => reduce(now, { type: "event", event }), state);
}

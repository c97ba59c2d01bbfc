// All that the page knows of the workspace, as one person sees it.

import type { People } from "../api";
import type { App, Call, Channel, Clock, Envelope, Group, Message, Ping, ThreadStatus, User, View } from "../types";

export interface State {
  ready: boolean;
  lost: boolean;
  problem: string;
  me: string;
  team: People["team"];
  users: Record<string, User>;
  groups: Record<string, Group>;
  app: App;
  channels: Record<string, Channel>;
  /** Per channel, oldest first: roots, the replies that are known, and what only this person sees. */
  messages: Record<string, Message[]>;
  /** The threads whose replies are all here, as `channel/ts`. */
  threads: Record<string, true>;
  stack: View[];
  home: View | null;
  pings: Ping[];
  /** Per channel, up to which ts this person has read. */
  read: Record<string, string>;
  /** Why a click was not acked, by `markKey`. */
  marks: Record<string, string>;
  statuses: Record<string, ThreadStatus>;
  calls: Call[];
  envelopes: Envelope[];
  connections: number;
  clock: Clock;
}

const NOBODY: App = {
  id: "", name: "", user_id: "", bot_id: "", home: false, messages_tab: false, commands: [], shortcuts: [],
};

export function empty(me: string): State {
  return {
    ready: false, lost: false, problem: "", me, team: { id: "", name: "", domain: "" }, users: {}, groups: {},
    app: NOBODY, channels: {}, messages: {}, threads: {}, stack: [], home: null, pings: [], read: {},
    marks: {}, statuses: {}, calls: [], envelopes: [], connections: 0, clock: { mode: "real", now: 0 },
  };
}

export const threadKey = (channel: string, ts: string) => `${channel}/${ts}`;

export interface Marked {
  channel?: string;
  ts?: string;
  view_id?: string;
  action_id: string;
}

export const markKey = (where: Marked) =>
  `${where.view_id ?? threadKey(where.channel ?? "", where.ts ?? "")}/${where.action_id}`;

/** Orders two timestamps of Slack, which are numbers too long for a float. */
export function compareTs(one: string, other: string): number {
  const [a = "", b = ""] = [one.split(".")[0], other.split(".")[0]];
  return a.length - b.length || (one < other ? -1 : one > other ? 1 : 0);
}

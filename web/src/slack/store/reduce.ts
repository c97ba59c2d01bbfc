// How each thing that happens changes what the page knows. Pure.

import type { People } from "../api";
import type { Call, Channel, Clock, Envelope, Message, Ping, ThreadStatus, View } from "../types";
import { compareTs, empty, type Marked, markKey, type State, threadKey } from "./state";

export interface Snapshot {
  people: People;
  channels: Channel[];
  messages: Record<string, Message[]>;
  stack: View[];
  home: View | null;
  pings: Ping[];
}

/** An event of the stream, by its name. */
export type StreamEvent =
  | { name: "hello"; data: { connections: number; clock?: Clock } }
  | { name: "clock"; data: Clock }
  | { name: "message" | "changed"; data: { message: Message } }
  | { name: "deleted"; data: { channel: string; ts: string } }
  | { name: "ephemeral"; data: { user: string; message: Message } }
  | { name: "ephemeral_gone"; data: { user: string; channel: string; ts: string } }
  | { name: "views"; data: { user: string; stack: View[] } }
  | { name: "home"; data: { user: string; view: View } }
  | { name: "channel"; data: { channel: Channel } }
  | { name: "status"; data: ThreadStatus & { channel: string; thread_ts: string } }
  | { name: "notification"; data: Ping }
  | { name: "mark"; data: Marked & { user: string; problem: string } }
  | { name: "call"; data: { call: Call } }
  | { name: "envelope"; data: { envelope: Envelope } }
  | { name: "connections"; data: { connections: number } };

export type Action =
  | { type: "become"; me: string; read: Record<string, string> }
  | { type: "loaded"; snapshot: Snapshot }
  | { type: "people"; people: People }
  | { type: "failed"; problem: string }
  | { type: "lost"; lost: boolean }
  | { type: "thread"; channel: string; ts: string; messages: Message[] }
  | { type: "log"; calls: Call[]; envelopes: Envelope[] }
  | { type: "seen"; channel: string }
  | { type: "unmark"; where: Marked }
  | { type: "event"; event: StreamEvent };

const LOGGED = 500;

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "become":
      return { ...empty(action.me), read: action.read };
    case "loaded":
      return loaded(state, action.snapshot);
    case "people":
      return withPeople(state, action.people);
    case "failed":
      return { ...state, problem: action.problem };
    case "lost":
      return { ...state, lost: action.lost };
    case "thread":
      return threadLoaded(state, action.channel, action.ts, action.messages);
    case "log":
      return logged(state, action.calls, action.envelopes);
    case "seen":
      return seen(state, action.channel);
    case "unmark":
      return { ...state, marks: without(state.marks, markKey(action.where)) };
    case "event":
      return happened(state, action.event);
  }
}

function withPeople(state: State, people: People): State {
  return { ...state, team: people.team, app: people.app, users: keyed(people.users), groups: keyed(people.groups) };
}

function loaded(state: State, { people, ...rest }: Snapshot): State {
  return {
    ...withPeople(state, people),
    ready: true,
    problem: "",
    channels: keyed(rest.channels),
    messages: rest.messages,
    threads: {},
    stack: rest.stack,
    home: rest.home,
    pings: rest.pings,
    marks: {},
    statuses: {},
  };
}

function threadLoaded(state: State, channel: string, ts: string, replies: Message[]): State {
  const known = replies.reduce((held, one) => put(held, one), state.messages[channel] ?? []);
  return {
    ...state,
    messages: { ...state.messages, [channel]: known },
    threads: { ...state.threads, [threadKey(channel, ts)]: true },
  };
}

function logged(state: State, calls: Call[], envelopes: Envelope[]): State {
  const newCalls = state.calls.filter((one) => !calls.some((other) => other.seq === one.seq));
  const newer = envelopes.reduce((held, one) => putEnvelope(held, one, false), state.envelopes);
  return {
    ...state,
    calls: [...calls, ...newCalls].sort((a, b) => a.seq - b.seq).slice(-LOGGED),
    envelopes: newer.sort((a, b) => a.seq - b.seq).slice(-LOGGED),
  };
}

function happened(state: State, event: StreamEvent): State {
  switch (event.name) {
    case "hello":
      return { ...state, connections: event.data.connections, clock: event.data.clock ?? state.clock };
    case "connections":
      return { ...state, connections: event.data.connections };
    case "clock":
      return { ...state, clock: event.data };
    case "message":
    case "changed":
    case "ephemeral":
      return withMessage(state, event.data.message);
    case "deleted":
    case "ephemeral_gone":
      return withoutMessage(state, event.data.channel, event.data.ts);
    case "views":
      return event.data.user === state.me ? { ...state, stack: event.data.stack } : state;
    case "home":
      return event.data.user === state.me ? { ...state, home: event.data.view } : state;
    case "channel":
      return withChannel(state, event.data.channel);
    case "status":
      return withStatus(state, event.data);
    case "notification":
      return event.data.user === state.me ? { ...state, pings: putPing(state.pings, event.data) } : state;
    case "mark":
      return { ...state, marks: { ...state.marks, [markKey(event.data)]: event.data.problem } };
    case "call":
      return { ...state, calls: [...state.calls, event.data.call].slice(-LOGGED) };
    case "envelope":
      return { ...state, envelopes: putEnvelope(state.envelopes, event.data.envelope, true).slice(-LOGGED) };
  }
}

function withMessage(state: State, message: Message): State {
  const held = put(state.messages[message.channel] ?? [], message);
  return { ...state, messages: { ...state.messages, [message.channel]: held } };
}

function withoutMessage(state: State, channel: string, ts: string): State {
  const held = (state.messages[channel] ?? []).filter((one) => one.ts !== ts);
  return { ...state, messages: { ...state.messages, [channel]: held } };
}

/** A private channel that the person has left is gone for them. */
function withChannel(state: State, channel: Channel): State {
  const open = channel.kind === "public" || channel.members.includes(state.me);
  const channels = open ? { ...state.channels, [channel.id]: channel } : without(state.channels, channel.id);
  return { ...state, channels };
}

function withStatus(state: State, said: ThreadStatus & { channel: string; thread_ts: string }): State {
  const key = threadKey(said.channel, said.thread_ts);
  if (!said.status) return { ...state, statuses: without(state.statuses, key) };
  const { status, loading_messages } = said;
  return { ...state, statuses: { ...state.statuses, [key]: { status, loading_messages } } };
}

/** Everything that stands in the channel now counts as read. */
function seen(state: State, channel: string): State {
  const moments = [
    ...(state.messages[channel] ?? []).map((one) => one.ts),
    ...state.pings.filter((one) => one.channel === channel).map((one) => one.ts),
  ];
  const before = state.read[channel] ?? "0";
  const newest = moments.reduce((latest, ts) => (compareTs(ts, latest) > 0 ? ts : latest), before);
  return newest === before ? state : { ...state, read: { ...state.read, [channel]: newest } };
}

/** Puts a message in its place, or in the place of its older state. */
function put(held: Message[], message: Message): Message[] {
  const at = held.findIndex((one) => one.ts === message.ts);
  if (at >= 0) return held.with(at, message);
  const after = held.findIndex((one) => compareTs(one.ts, message.ts) > 0);
  return after < 0 ? [...held, message] : held.toSpliced(after, 0, message);
}

function putPing(held: Ping[], ping: Ping): Ping[] {
  return held.some((one) => one.id === ping.id) ? held : [...held, ping];
}

/** A delivery is told twice: when it is sent, and when it is acked. `newer` says which one wins. */
function putEnvelope(held: Envelope[], envelope: Envelope, newer: boolean): Envelope[] {
  const at = held.findIndex((one) => one.seq === envelope.seq);
  if (at < 0) return [...held, envelope];
  return newer ? held.with(at, envelope) : held;
}

function keyed<T extends { id: string }>(rows: T[]): Record<string, T> {
  return Object.fromEntries(rows.map((row) => [row.id, row]));
}

function without<T>(table: Record<string, T>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(table).filter(([name]) => name !== key));
}

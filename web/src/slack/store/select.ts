// What the page shows, worked out from what it knows. Pure.

import type { Block, Channel, Element, Message } from "../types";
import { compareTs, type State } from "./state";

const TOGETHER = 300; // s within which messages of one author share a head
const CONTROLS = /_select$|^(button|checkboxes|radio_buttons|overflow|datepicker|timepicker|datetimepicker)$/;

const isReply = (message: Message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

/** What stands in the channel itself: roots, and replies that were sent there too. */
export function inChannel(messages: Message[]): Message[] {
  return messages.filter((one) => !isReply(one) || one.subtype === "thread_broadcast");
}

/** A thread: its root, then its replies. */
export function inThread(messages: Message[], ts: string): Message[] {
  return messages.filter((one) => one.ts === ts || one.thread_ts === ts);
}

/** True where somebody else wrote in the channel since this person last looked. */
export function unread(state: State, channel: string): boolean {
  const read = state.read[channel] ?? "0";
  return inChannel(state.messages[channel] ?? []).some(
    (one) => one.user !== state.me && !one.ephemeral && compareTs(one.ts, read) > 0,
  );
}

/** How often the person was called to the channel since they last looked. */
export function pingCount(state: State, channel: string): number {
  const read = state.read[channel] ?? "0";
  return state.pings.filter((one) => one.channel === channel && compareTs(one.ts, read) > 0).length;
}

/** True where a message has something that the app waits for somebody to use; a link alone is not. */
export function asks(message: Message): boolean {
  return (message.blocks ?? []).some((block) => elementsOf(block).some((one) => CONTROLS.test(one.type) && !one.url));
}

function elementsOf(block: Block): Element[] {
  if (block.type === "actions") return (block.elements ?? []) as Element[];
  return block.accessory ? [block.accessory] : [];
}

/** The newest reply that asks somebody something, if there is one: the demo opens its thread. */
export function waiting(messages: Message[]): Message | undefined {
  return messages.findLast((one) => isReply(one) && !one.ephemeral && asks(one));
}

/** The threads of a channel, the newest activity first. */
export function threadsOf(messages: Message[]): Message[] {
  const last = (one: Message) => one.latest_reply ?? one.ts;
  return messages
    .filter((one) => one.thread_ts === one.ts && one.reply_count > 0)
    .sort((a, b) => compareTs(last(b), last(a)));
}

/** True where a message goes on below the one before it, without its author's name again; a card never does. */
export function continues(before: Message | undefined, message: Message): boolean {
  if (!before || message.blocks || before.user !== message.user || before.username !== message.username) return false;
  if (before.ephemeral !== message.ephemeral || before.subtype !== message.subtype) return false;
  return Number(message.ts) - Number(before.ts) < TOGETHER;
}

export interface Listed {
  open: Channel[];
  archived: Channel[];
  direct: Channel[];
}

/** The channels as the side bar lists them. The app's own conversation is listed apart. */
export function listed(state: State): Listed {
  const all = Object.values(state.channels).sort((a, b) => a.name.localeCompare(b.name));
  const rooms = all.filter((one) => one.kind !== "im");
  return {
    open: rooms.filter((one) => !one.archived),
    archived: rooms.filter((one) => one.archived),
    direct: all.filter((one) => one.kind === "im" && other(state, one) !== state.app.user_id),
  };
}

/** The other person of a direct message. */
export function other(state: State, channel: Channel): string {
  return channel.members.find((one) => one !== state.me) ?? channel.user ?? "";
}

/** The conversation with the app, if anybody has said anything in it yet. */
export function appChannel(state: State): Channel | undefined {
  return Object.values(state.channels).find((one) => one.kind === "im" && other(state, one) === state.app.user_id);
}

/** Finds the channel that an address names: by id or by #name; else the first that the app is in. */
export function chosen(state: State, wanted: string): string {
  if (wanted === state.app.user_id) return appChannel(state)?.id ?? wanted;
  if (state.channels[wanted]) return wanted;
  const name = wanted.replace(/^#/, "");
  const open = listed(state).open;
  const found = Object.values(state.channels).find((one) => one.name === name && one.kind !== "im");
  return (found ?? open.find((one) => one.bot_member) ?? open[0])?.id ?? "";
}

export function channelName(state: State, id: string): string {
  const channel = state.channels[id];
  if (!channel || channel.kind === "im") {
    const who = channel ? other(state, channel) : id;
    return state.users[who]?.real_name || state.users[who]?.name || (who === state.app.user_id ? state.app.name : who);
  }
  return channel.name;
}

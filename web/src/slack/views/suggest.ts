// What the composer offers while somebody types: commands, people, groups, channels. Pure.

import type { State } from "../store/state";
import type { Command } from "../types";

export interface Suggestion {
  insert: string;
  label: string;
  detail: string;
}

export interface Offer {
  /** Which part of the text a chosen suggestion replaces. */
  from: number;
  to: number;
  rows: Suggestion[];
}

const MOST = 8;
const WORD = /(^|\s)([@#])([\w.-]*)$/;

/** Splits `/command rest`; nothing for what is not a command. */
export function asCommand(text: string): { command: string; rest: string } | null {
  const found = /^(\/\S+)(?:\s+([\s\S]*))?$/.exec(text.trim());
  return found ? { command: found[1] ?? "", rest: found[2] ?? "" } : null;
}

/** Why Slack takes no such command there; empty where it does. */
export function refusal(command: string, known: Command[], place: { thread?: string | undefined }): string {
  if (!known.some((one) => one.command === command)) {
    const names = known.map((one) => one.command).join(", ") || "none";
    return `${command} is not a command of this workspace. There are: ${names}.`;
  }
  return place.thread ? `${command} is not supported in threads. Type it into the channel.` : "";
}

/** The command that is being typed, once its name is complete: its hint is shown then. */
export function hinted(text: string, commands: Command[]): Command | undefined {
  return commands.find((one) => text === one.command || text.startsWith(`${one.command} `));
}

/** What fits what stands before the caret; no rows where nothing does. */
export function offer(state: State, text: string, caret: number): Offer {
  const before = text.slice(0, caret);
  if (/^\/\S*$/.test(before)) {
    const rows = state.app.commands
      .filter((one) => one.command.startsWith(before) && one.command !== before)
      .map((one) => ({ insert: `${one.command} `, label: one.command, detail: one.description }));
    return { from: 0, to: caret, rows: rows.slice(0, MOST) };
  }
  const word = WORD.exec(before);
  if (!word) return { from: caret, to: caret, rows: [] };
  const [, , sign = "", typed = ""] = word;
  const rows = (sign === "@" ? called(state) : rooms(state)).filter((one) =>
    `${one.label} ${one.detail}`.toLowerCase().includes(typed.toLowerCase()),
  );
  return { from: caret - typed.length - 1, to: caret, rows: rows.slice(0, MOST) };
}

function called(state: State): Suggestion[] {
  const people = Object.values(state.users)
    .filter((one) => !one.deleted)
    .map((one) => ({ insert: `@${one.name} `, label: `@${one.name}`, detail: one.real_name }));
  const groups = Object.values(state.groups).map((one) => ({
    insert: `@${one.handle} `, label: `@${one.handle}`, detail: one.name,
  }));
  return [...people, ...groups];
}

function rooms(state: State): Suggestion[] {
  return Object.values(state.channels)
    .filter((one) => one.kind !== "im" && !one.archived)
    .map((one) => ({ insert: `#${one.name} `, label: `#${one.name}`, detail: one.topic }));
}

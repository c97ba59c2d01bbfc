// Deliveries and calls as one list, newest first. Pure.

import type { Call, Envelope } from "../types";

export type Filter = "all" | "deliveries" | "calls";
export type Tone = "good" | "bad" | "faint";

export interface Line {
  key: string;
  seq: number;
  at: number;
  toApp: boolean;
  name: string;
  detail: string;
  outcome: string;
  tone: Tone;
  ms: number | null;
  parts: [string, unknown][];
}

const GOOD = new Set(["acked"]);
const QUIET = new Set(["sent", "held", "not_subscribed"]);

function delivery(one: Envelope): Line {
  const again = one.retry ? `retry ${one.retry}` : "";
  return {
    key: `e${one.seq}`,
    seq: one.seq,
    at: one.at,
    toApp: true,
    name: one.subtype || one.type,
    detail: [one.subtype ? one.type : "", again].filter(Boolean).join(" · "),
    outcome: one.state.replaceAll("_", " "),
    tone: GOOD.has(one.state) ? "good" : QUIET.has(one.state) ? "faint" : "bad",
    ms: one.ms,
    parts: present([["why", one.why], ["payload", one.payload], ["ack", one.ack]]),
  };
}

function call(one: Call): Line {
  return {
    key: `c${one.seq}`,
    seq: one.seq,
    at: one.at,
    toApp: false,
    name: one.method,
    detail: one.faults.length ? `fault: ${one.faults.join(", ")}` : "",
    outcome: one.ok ? "ok" : one.error ?? String(one.status),
    tone: one.ok ? "good" : "bad",
    ms: one.ms,
    parts: present([["problems", problems(one.response)], ["arguments", one.args], ["answer", one.response]]),
  };
}

/** What the validator said, lifted out of the answer so that it is seen first. */
function problems(response: unknown): string | null {
  const said = (response as { response_metadata?: { messages?: unknown } } | null)?.response_metadata?.messages;
  return Array.isArray(said) && said.length ? said.join("\n") : null;
}

function present(parts: [string, unknown][]): [string, unknown][] {
  return parts.filter(([, value]) => value !== null && value !== undefined && value !== "");
}

/** A line as it is copied: what it is, how it ended, and all its parts. */
export function asJson(line: Line): string {
  const { name, toApp, outcome, ms } = line;
  return JSON.stringify({ name, to: toApp ? "app" : "slack", outcome, ms, ...Object.fromEntries(line.parts) }, null, 2);
}

export function lines(calls: Call[], envelopes: Envelope[]): Line[] {
  return [...calls.map(call), ...envelopes.map(delivery)].sort((a, b) => b.seq - a.seq);
}

export function matching(all: Line[], kind: Filter, words: string): Line[] {
  const wanted = words.trim().toLowerCase();
  return all.filter((line) => {
    if (kind !== "all" && line.toApp !== (kind === "deliveries")) return false;
    return !wanted || `${line.name} ${line.detail} ${line.outcome} ${JSON.stringify(line.parts)}`.toLowerCase().includes(wanted);
  });
}

// What the inspector offers to steer the local Slack with. Pure.

import type { Bucket, Clock, Fault } from "../types";
import type { Tone } from "./log";

/** The faults that have a button, with what they are armed with. */
export const FAULTS: { label: string; title: string; arm: Partial<Fault> }[] = [
  { label: "429", title: "The next call is refused with Retry-After: 5", arm: { switch: "ratelimit_next", args: { retry_after: 5 } } },
  { label: "500", title: "The next call is answered with HTTP 500; nothing is done", arm: { switch: "api_500" } },
  { label: "Cut before", title: "The next call is cut; nothing is done", arm: { switch: "api_reset_before" } },
  { label: "Cut after", title: "The next call is done, but its answer is cut", arm: { switch: "api_reset_after" } },
  { label: "Slow", title: "The next call takes two seconds more", arm: { switch: "slow", args: { ms: 2000 } } },
  { label: "Drop event", title: "The next event is lost", arm: { switch: "drop_event" } },
  { label: "Delay event", title: "The next event is held back for ten seconds", arm: { switch: "delay_event", args: { seconds: 10 } } },
  { label: "Reorder", title: "The next event waits until another one went first", arm: { switch: "reorder_events" } },
  { label: "Twice", title: "The next delivery comes twice", arm: { switch: "duplicate_envelope" } },
  { label: "No pong", title: "Pings stay without an answer until it is cleared", arm: { switch: "no_pong", count: null } },
  { label: "Reconnect", title: "The app is told to open another connection, now", arm: { switch: "refresh_requested" } },
  { label: "Cut sockets", title: "All sockets of the app are cut, now", arm: { switch: "tcp_drop" } },
];

export const STEPS: { label: string; seconds: number }[] = [
  { label: "+10 s", seconds: 10 }, { label: "+1 min", seconds: 60 }, { label: "+5 min", seconds: 300 },
  { label: "+1 h", seconds: 3600 }, { label: "+1 day", seconds: 86_400 },
];

export function faultText({ switch: name, count, probability, args }: Fault): string {
  const given = Object.entries(args).map(([key, value]) => `${key} ${value}`);
  const often = count === null ? "until cleared" : count === 1 ? "once" : `${count} times`;
  const chance = probability < 1 ? [`with a chance of ${Math.round(probability * 100)} %`] : [];
  return `${name}: ${[...given, often, ...chance].join(", ")}`;
}

export function bucketText(bucket: Bucket, channel: string): string {
  const what = bucket.channel ? `posts to ${channel}` : bucket.method;
  const span = bucket.seconds === 1 ? "1 more each second" : `in ${bucket.seconds} s`;
  return `${what}: ${bucket.left} of ${bucket.most} left, ${span}`;
}

export function bucketTone({ left, most }: Bucket): Tone {
  return left === 0 ? "bad" : left * 5 <= most ? "faint" : "good";
}

/** The moment of the clock, in the language of UTC: a virtual one belongs to no place. */
export function clockText({ mode, now }: Clock): string {
  if (mode === "real") return "real time";
  return `${new Date(now * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

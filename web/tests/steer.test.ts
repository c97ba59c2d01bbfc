import { expect, it } from "vitest";
import type { Bucket, Clock } from "../src/slack/types";
import { asJson, lines } from "../src/slack/views/log";
import { bucketText, bucketTone, clockText, FAULTS, faultText } from "../src/slack/views/steer";
import { after, loaded } from "./samples";
import { reduce } from "../src/slack/store/reduce";

const bucket = (more: Partial<Bucket> = {}): Bucket => ({ method: "chat.update", left: 47, most: 50, seconds: 60, ...more });

it("says what is left of a bucket, and how bad that is", () => {
  expect(bucketText(bucket(), "")).toBe("chat.update: 47 of 50 left, in 60 s");
  const posts = bucket({ method: "chat.postMessage", channel: "C1", left: 0, most: 5, seconds: 1 });
  expect(bucketText(posts, "#ops")).toBe("posts to #ops: 0 of 5 left, 1 more each second");
  expect([47, 10, 0].map((left) => bucketTone(bucket({ left })))).toEqual(["good", "faint", "bad"]);
});

it("says what is armed, for how long and how likely", () => {
  const fault = { switch: "slow", count: 1, probability: 1, args: { ms: 20, method: "chat.update" } };
  expect(faultText(fault)).toBe("slow: ms 20, method chat.update, once");
  expect(faultText({ ...fault, args: {}, count: null, probability: 0.25 })).toBe("slow: until cleared, with a chance of 25 %");
  expect(faultText({ ...fault, args: {}, count: 3 })).toBe("slow: 3 times");
});

it("gives each button of a fault a name of its own", () => {
  expect(new Set(FAULTS.map((one) => one.label)).size).toBe(FAULTS.length);
  expect(FAULTS.every((one) => one.arm.switch && one.title)).toBe(true);
});

it("shows the moment of a virtual clock, and follows it", () => {
  const clock: Clock = { mode: "virtual", now: 1_763_640_000 };
  expect(clockText(clock)).toBe("2025-11-20 12:00:00 UTC");
  expect(clockText({ mode: "real", now: 5 })).toBe("real time");
  const state = after(loaded(), { name: "hello", data: { connections: 1, clock } });
  expect(after(state, { name: "connections", data: { connections: 2 } }).clock).toEqual(clock);
  expect(after(state, { name: "clock", data: { ...clock, now: 7 } }).clock.now).toBe(7);
});

it("copies a line with all its parts, and none that is empty", () => {
  const [line] = lines([], [{
    id: "e1", seq: 1, at: 1, type: "events_api", subtype: "message", retry: 0, state: "held", why: "a fault", ms: null, payload: { a: 1 }, ack: null,
  }]);
  if (!line) throw new Error("there is no line");
  expect(line.tone).toBe("faint");
  expect(JSON.parse(asJson(line))).toEqual({ name: "message", to: "app", outcome: "held", ms: null, why: "a fault", payload: { a: 1 } });
});

it("learns who joined without forgetting what was said", () => {
  const before = loaded();
  const people = { team: before.team, app: before.app, users: [], groups: [] };
  const now = reduce(before, { type: "people", people });
  expect([Object.keys(now.users), now.messages]).toEqual([[], before.messages]);
});

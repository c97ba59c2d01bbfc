import { expect, it } from "vitest";
import { readAddress, writeAddress } from "../src/slack/address";
import type { Call, Envelope } from "../src/slack/types";
import { lines, matching } from "../src/slack/views/log";

const call = (seq: number, more: Partial<Call> = {}): Call => ({
  seq, at: seq, method: "chat.update", args: { channel: "C1" }, ok: true, error: null, status: 200, ms: 2, response: { ok: true }, faults: [], ...more,
});
const envelope = (seq: number, more: Partial<Envelope> = {}): Envelope => ({
  id: `e${seq}`, seq, at: seq, type: "interactive", subtype: "block_actions", retry: 0, state: "acked", ms: 14, payload: {}, ack: null, ...more,
});

it("lists deliveries and calls together, newest first", () => {
  expect(lines([call(1), call(4)], [envelope(3)]).map((one) => [one.seq, one.toApp])).toEqual([[4, false], [3, true], [1, false]]);
});

it("tells good from bad from unimportant", () => {
  const states = ["acked", "timeout", "not_subscribed"].map((state, seq) => envelope(seq, { state }));
  expect(lines([], states).map((one) => one.tone)).toEqual(["faint", "bad", "good"]);
  expect(lines([call(1, { ok: false, error: "invalid_blocks" })], [])[0]).toMatchObject({ outcome: "invalid_blocks", tone: "bad" });
});

it("shows what the validator said before anything else", () => {
  const refused = call(1, { ok: false, response: { response_metadata: { messages: ["[ERROR] a", "[ERROR] b"] } } });
  expect(lines([refused], [])[0]?.parts[0]).toEqual(["problems", "[ERROR] a\n[ERROR] b"]);
  expect(lines([call(2)], [])[0]?.parts.map(([label]) => label)).toEqual(["arguments", "answer"]);
});

it("filters by kind, and by words found anywhere in a line", () => {
  const all = lines([call(1), call(2, { method: "views.open" })], [envelope(3)]);
  expect(matching(all, "calls", "")).toHaveLength(2);
  expect(matching(all, "deliveries", "")).toHaveLength(1);
  expect(matching(all, "all", "VIEWS")).toHaveLength(1);
  expect(matching(all, "all", "c1")).toHaveLength(2);
});

it("reads back the address that it writes", () => {
  const address = { as: "U0GRACE", channel: "#releases", thread: "1.000001" };
  expect(readAddress(writeAddress(address))).toEqual(address);
  expect(readAddress("")).toEqual({ as: "", channel: "", thread: "" });
});

import { describe, expect, it } from "vitest";
import { reduce } from "../src/slack/store/reduce";
import { chosen, continues, inChannel, inThread, pingCount, threadsOf, unread, waiting } from "../src/slack/store/select";
import { compareTs, markKey, type State } from "../src/slack/store/state";
import type { Envelope, Message } from "../src/slack/types";
import { after, buttons, channel, loaded, ME, message, ROOM, view } from "./samples";

const held = (state: State) => (state.messages[ROOM] ?? []).map((one) => one.ts);
const post = (one: Message) => ({ name: "message" as const, data: { message: one } });
const change = (one: Message) => ({ name: "changed" as const, data: { message: one } });

describe("messages", () => {
  it("stand in the order of their ts, however they come", () => {
    expect(held(after(loaded(), post(message("3.0")), post(message("1.0")), post(message("2.0"))))).toEqual(["1.0", "2.0", "3.0"]);
  });

  it("are there once, in their newest state", () => {
    const state = after(loaded(), post(message("1.0")), change(message("1.0", { text: "new" })), change(message("1.0", { text: "newest" })));
    expect(state.messages[ROOM]?.map((one) => one.text)).toEqual(["newest"]);
  });

  it("go when they are deleted, and so does what only one person saw", () => {
    const shown = after(loaded(), post(message("1.0")), {
      name: "ephemeral", data: { user: ME, message: message("2.0", { ephemeral: true, visible_to: ME }) },
    });
    expect(held(shown)).toEqual(["1.0", "2.0"]);
    const gone = after(shown, { name: "deleted", data: { channel: ROOM, ts: "1.0" } }, { name: "ephemeral_gone", data: { user: ME, channel: ROOM, ts: "2.0" } });
    expect(held(gone)).toEqual([]);
  });

  it("of a thread stay out of the channel, unless they were sent there too", () => {
    const all = [
      message("1.0", { thread_ts: "1.0", reply_count: 2 }),
      message("2.0", { thread_ts: "1.0" }),
      message("3.0", { thread_ts: "1.0", subtype: "thread_broadcast" }),
      message("4.0"),
    ];
    expect(inChannel(all).map((one) => one.ts)).toEqual(["1.0", "3.0", "4.0"]);
    expect(inThread(all, "1.0").map((one) => one.ts)).toEqual(["1.0", "2.0", "3.0"]);
  });

  it("of a thread that is loaded late join what came meanwhile", () => {
    const live = after(loaded(), post(message("5.0", { thread_ts: "1.0" })));
    const state = reduce(live, { type: "thread", channel: ROOM, ts: "1.0", messages: [message("1.0"), message("2.0", { thread_ts: "1.0" })] });
    expect(held(state)).toEqual(["1.0", "2.0", "5.0"]);
    expect(state.threads).toEqual({ [`${ROOM}/1.0`]: true });
  });
});

describe("what somebody has not read", () => {
  const full = () => loaded({
    messages: { [ROOM]: [message("1.0"), message("2.0", { thread_ts: "1.0" })], C0GENERAL: [message("3.0", { channel: "C0GENERAL", user: ME })] },
    pings: [
      { id: 1, user: ME, channel: ROOM, ts: "1.0", reason: "mention", plain: "" },
      { id: 2, user: ME, channel: ROOM, ts: "2.0", reason: "thread", plain: "" },
    ],
  });

  it("is counted, but not one's own words", () => {
    const state = full();
    expect([unread(state, ROOM), pingCount(state, ROOM)]).toEqual([true, 2]);
    expect(unread(state, "C0GENERAL")).toBe(false);
  });

  it("is read once it was seen, and a later message is not", () => {
    const state = reduce(full(), { type: "seen", channel: ROOM });
    expect([unread(state, ROOM), pingCount(state, ROOM)]).toEqual([false, 0]);
    const later = after(state, post(message("9.0")), { name: "notification", data: { id: 3, user: ME, channel: ROOM, ts: "9.0", reason: "mention", plain: "" } });
    expect([unread(later, ROOM), pingCount(later, ROOM)]).toEqual([true, 1]);
  });

  it("does not grow when the same ping is told twice, or by a reply, or by what only they see", () => {
    const seen = reduce(full(), { type: "seen", channel: ROOM });
    const ping = { name: "notification" as const, data: { id: 3, user: ME, channel: ROOM, ts: "9.0", reason: "mention", plain: "" } };
    expect(pingCount(after(seen, ping, ping), ROOM)).toBe(1);
    const quiet = after(seen, post(message("8.0", { thread_ts: "1.0" })), { name: "ephemeral", data: { user: ME, message: message("9.0", { ephemeral: true }) } });
    expect(unread(quiet, ROOM)).toBe(false);
  });

  it("does not change when there is nothing new to see", () => {
    const state = reduce(full(), { type: "seen", channel: ROOM });
    expect(reduce(state, { type: "seen", channel: ROOM })).toBe(state);
  });

  it("compares moments as numbers of any length", () => {
    expect(compareTs("999999999.9", "1000000000.0")).toBeLessThan(0);
    expect(compareTs("1.000002", "1.000001")).toBeGreaterThan(0);
    expect(compareTs("1.0", "1.0")).toBe(0);
  });
});

describe("the rest of the stream", () => {
  it("ignores what concerns other people", () => {
    const state = after(loaded(), { name: "views", data: { user: "U0ADA", stack: [view([])] } });
    expect(state.stack).toEqual([]);
    expect(after(state, { name: "views", data: { user: ME, stack: [view([])] } }).stack).toHaveLength(1);
  });

  it("marks what was not acked until it is used again", () => {
    const where = { channel: ROOM, ts: "1.0", action_id: "go" };
    const state = after(loaded(), { name: "mark", data: { user: ME, ...where, problem: "no ack within 3 s" } });
    expect(state.marks[markKey(where)]).toBe("no ack within 3 s");
    expect(reduce(state, { type: "unmark", where }).marks).toEqual({});
  });

  it("takes a private channel away from those who leave it", () => {
    const secret = channel("C0SEC", { kind: "private" });
    const inside = after(loaded(), { name: "channel", data: { channel: secret } });
    expect(inside.channels.C0SEC).toBeDefined();
    expect(after(inside, { name: "channel", data: { channel: { ...secret, members: ["U0ADA"] } } }).channels.C0SEC).toBeUndefined();
  });

  it("keeps the newer state of a delivery, whichever is told last", () => {
    const sent: Envelope = { id: "e", seq: 4, at: 0, type: "interactive", subtype: "block_actions", retry: 0, state: "sent", ms: null, payload: {}, ack: null };
    const acked = { ...sent, state: "acked", ms: 3 };
    const state = after(loaded(), { name: "envelope", data: { envelope: sent } }, { name: "envelope", data: { envelope: acked } });
    expect(reduce(state, { type: "log", calls: [], envelopes: [sent] }).envelopes).toEqual([acked]);
  });

  it("shows a status until an empty one clears it", () => {
    const said = { channel: ROOM, thread_ts: "1.0", status: "is thinking", loading_messages: [] };
    const state = after(loaded(), { name: "status", data: said });
    expect(Object.keys(state.statuses)).toEqual([`${ROOM}/1.0`]);
    expect(after(state, { name: "status", data: { ...said, status: "" } }).statuses).toEqual({});
  });

  it("starts afresh when everything is loaded again", () => {
    const state = after(loaded(), post(message("1.0")));
    expect(held(reduce(state, { type: "loaded", snapshot: { ...loadedSnapshot } }))).toEqual([]);
  });
});

const loadedSnapshot = {
  people: { team: { id: "", name: "", domain: "" }, users: [], groups: [], app: loaded().app },
  channels: [], messages: {}, stack: [], home: null, pings: [],
};

describe("choosing", () => {
  it("finds the thread that asks somebody something: the newest reply with a button that is no link", () => {
    const asking = message("2.0", { thread_ts: "1.0", blocks: [buttons({})] });
    const linking = message("4.0", { thread_ts: "3.0", blocks: [buttons({ url: "https://x.example" })] });
    const root = message("5.0", { thread_ts: "5.0", blocks: [buttons({})] });
    expect(waiting([asking, linking, root])).toBe(asking);
    expect(waiting([linking, root])).toBeUndefined();
  });

  it("lists threads by their last reply", () => {
    const old = message("1.0", { thread_ts: "1.0", reply_count: 1, latest_reply: "9.0" });
    const young = message("2.0", { thread_ts: "2.0", reply_count: 1, latest_reply: "3.0" });
    expect(threadsOf([old, young, message("4.0")]).map((one) => one.ts)).toEqual(["1.0", "2.0"]);
  });

  it("opens a channel by id or by name, and another where there is no such", () => {
    const state = loaded();
    expect([chosen(state, ROOM), chosen(state, "#releases"), chosen(state, "releases")]).toEqual([ROOM, ROOM, ROOM]);
    expect(chosen(state, "#nowhere")).toBe("C0GENERAL");
  });

  it("puts words of one author together, but never a card", () => {
    expect(continues(message("100.0"), message("200.0"))).toBe(true);
    expect(continues(message("100.0"), message("900.0"))).toBe(false);
    expect(continues(message("100.0"), message("101.0", { user: "U0BOT" }))).toBe(false);
    expect(continues(message("100.0"), message("101.0", { blocks: [] }))).toBe(false);
    expect(continues(undefined, message("101.0"))).toBe(false);
  });
});

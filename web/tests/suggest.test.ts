import { expect, it } from "vitest";
import { asCommand, hinted, offer, refusal } from "../src/slack/views/suggest";
import { loaded } from "./samples";

const labels = (text: string) => offer(loaded(), text, text.length).rows.map((one) => one.label);

it("offers commands from their first letters, at the beginning only", () => {
  expect(labels("/ba")).toEqual(["/baton"]);
  expect(labels("/x")).toEqual([]);
  expect(labels("see /ba")).toEqual([]);
  expect(labels("/baton")).toEqual([]); // it is complete; its hint is shown instead
});

it("offers people, groups and channels, and replaces just the word", () => {
  expect(labels("ask @gr")).toEqual(["@grace"]);
  expect(labels("ask @relia")).toEqual(["@sre"]);
  expect(labels("see #rel")).toEqual(["#releases"]);
  expect(offer(loaded(), "ask @gr please", 7)).toMatchObject({ from: 4, to: 7 });
  expect(labels("me@gr")).toEqual([]);
});

it("splits a command from its words", () => {
  expect(asCommand(" /baton  status last ")).toEqual({ command: "/baton", rest: "status last" });
  expect(asCommand("/baton")).toEqual({ command: "/baton", rest: "" });
  expect(asCommand("a /baton")).toBeNull();
});

it("hints at a command once its name is complete", () => {
  const { commands } = loaded().app;
  expect(hinted("/baton st", commands)?.usage_hint).toBe("help");
  expect(hinted("/batons", commands)).toBeUndefined();
});

it("refuses commands that nobody has, and all of them in a thread", () => {
  const { commands } = loaded().app;
  expect(refusal("/baton", commands, {})).toBe("");
  expect(refusal("/batton", commands, {})).toContain("/baton.");
  expect(refusal("/baton", commands, { thread: "1.0" })).toContain("not supported in threads");
});

import { describe, expect, it } from "vitest";
import { initialOf, objections, shown, stateOf, submitBody, withValue } from "../src/slack/views/form";
import { input, view } from "./samples";

const option = (value: string) => ({ text: { type: "plain_text" as const, text: value }, value });

describe("what a field holds at first", () => {
  it.each([
    [{ type: "plain_text_input", initial_value: "a" }, "a"],
    [{ type: "static_select", initial_option: option("p") }, "p"],
    [{ type: "checkboxes", initial_options: [option("a"), option("b")] }, ["a", "b"]],
    [{ type: "users_select", initial_user: "U1" }, "U1"],
    [{ type: "datetimepicker", initial_date_time: 1700000000 }, 1700000000],
    [{ type: "multi_users_select" }, []],
    [{ type: "radio_buttons" }, null],
  ])("%j holds %j", (element, value) => {
    expect(initialOf(element)).toEqual(value);
  });

  it("is what the server says, and then what was typed", () => {
    const field = input("b", { type: "plain_text_input", initial_value: "first" });
    const open = view([field], { state: { values: { b: { v: { type: "plain_text_input", value: "second" } } } } });
    expect(shown(view([field]), {}, "b", field.element!)).toBe("first");
    expect(shown(open, {}, "b", field.element!)).toBe("second");
    expect(shown(open, withValue({}, "b", "v", ""), "b", field.element!)).toBe("");
  });

  it("is read from any kind of state", () => {
    const values = { b: { v: { type: "static_select", selected_option: option("p") }, w: { type: "checkboxes", selected_options: [] } } };
    expect([stateOf(values, "b", "v"), stateOf(values, "b", "w"), stateOf(values, "b", "x")]).toEqual(["p", [], undefined]);
  });
});

describe("what is sent", () => {
  it("is what was typed into fields that are still there, and nothing else", () => {
    const open = view([input("a", { type: "plain_text_input" }), input("b", { type: "static_select" }), { type: "divider", block_id: "x" }]);
    const typed = { a: { v: "words" }, gone: { v: "old" }, x: { v: "never" } };
    expect(submitBody(open, typed)).toEqual({ a: { v: "words" } });
  });

  it("says that a field was emptied", () => {
    expect(submitBody(view([input("a", { type: "static_select" })]), { a: { v: null } })).toEqual({ a: { v: null } });
  });

  it("keeps other fields when one is typed into", () => {
    expect(withValue({ a: { v: "1" } }, "b", "v", "2")).toEqual({ a: { v: "1" }, b: { v: "2" } });
  });
});

describe("what the page objects to", () => {
  it("wants what is required, and not what is optional", () => {
    const open = view([input("a", { type: "plain_text_input" }), input("b", { type: "checkboxes" }, { optional: true })]);
    expect(objections(open, {})).toEqual({ a: "Please complete this required field." });
    expect(objections(open, { a: { v: "x" } })).toEqual({});
  });

  it.each([
    [{ type: "plain_text_input", min_length: 3 }, "ab", "abc"],
    [{ type: "email_text_input" }, "ada", "ada@x.example"],
    [{ type: "url_text_input" }, "x.example", "https://x.example"],
    [{ type: "number_input", is_decimal_allowed: false }, "1.5", "15"],
    [{ type: "number_input", is_decimal_allowed: true, min_value: "2", max_value: "3" }, "1.5", "2.5"],
    [{ type: "number_input", is_decimal_allowed: true, max_value: "3" }, "3.01", "3"],
  ])("%j refuses %j and takes %j", (element, bad, good) => {
    const open = view([input("a", element)]);
    expect(Object.keys(objections(open, { a: { v: bad } }))).toEqual(["a"]);
    expect(objections(open, { a: { v: good } })).toEqual({});
  });
});

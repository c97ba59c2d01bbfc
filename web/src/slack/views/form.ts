// What stands in the fields of a modal, and what of it is sent. Pure.

import type { Block, Element, Value, Values, View, ViewState } from "../types";

const MANY = /^multi_|^checkboxes$/;
const INITIAL: Record<string, string> = {
  static_select: "initial_option", external_select: "initial_option", radio_buttons: "initial_option",
  multi_static_select: "initial_options", multi_external_select: "initial_options", checkboxes: "initial_options",
  users_select: "initial_user", multi_users_select: "initial_users",
  channels_select: "initial_channel", multi_channels_select: "initial_channels",
  conversations_select: "initial_conversation", multi_conversations_select: "initial_conversations",
  datepicker: "initial_date", timepicker: "initial_time", datetimepicker: "initial_date_time",
};

export const takesMany = (element: Element) => MANY.test(element.type);

/** Reads a value as Slack writes it: an option stands for its value. */
function plainValue(value: unknown): Value {
  if (Array.isArray(value)) return value.map((one) => String(plainValue(one)));
  if (value !== null && typeof value === "object" && "value" in value) return String(value.value);
  return typeof value === "string" || typeof value === "number" ? value : null;
}

/** What an element holds before anybody has touched it. */
export function initialOf(element: Element): Value {
  const name = (INITIAL[element.type] ?? "initial_value") as `initial_${string}`;
  return plainValue(element[name]) ?? (takesMany(element) ? [] : null);
}

/** What the server says that an element holds; `undefined` where it says nothing. */
export function stateOf(values: ViewState, block: string, action: string): Value | undefined {
  const held = values[block]?.[action];
  if (!held) return undefined;
  const entry = Object.entries(held).find(([name]) => name !== "type");
  return entry ? plainValue(entry[1]) : undefined;
}

/** What a field of a view shows: what was typed, else what the server holds, else its initial value. */
export function shown(view: View, typed: Values, block: string, element: Element): Value {
  const action = element.action_id ?? "";
  const own = typed[block]?.[action];
  return own !== undefined ? own : stateOf(view.state.values, block, action) ?? initialOf(element);
}

export function withValue(typed: Values, block: string, action: string, value: Value): Values {
  return { ...typed, [block]: { ...typed[block], [action]: value } };
}

/** What is sent of a modal: what was typed into inputs that it still has. */
export function submitBody(view: View, typed: Values): Values {
  const body: Values = {};
  for (const block of inputs(view.blocks)) {
    const action = block.element?.action_id ?? "";
    const value = typed[block.block_id]?.[action];
    if (value !== undefined) body[block.block_id] = { [action]: value };
  }
  return body;
}

export function inputs(blocks: Block[]): Block[] {
  return blocks.filter((block) => block.type === "input" && block.element);
}

const REQUIRED = "Please complete this required field.";
const MAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const ADDRESS = /^https?:\/\/\S+$/;

/** What the page itself objects to before anything is sent, by block_id. The server checks it all again. */
export function objections(view: View, typed: Values): Record<string, string> {
  const found: Record<string, string> = {};
  for (const block of inputs(view.blocks)) {
    if (!block.element) continue;
    const sentence = objection(block, block.element, shown(view, typed, block.block_id, block.element));
    if (sentence) found[block.block_id] = sentence;
  }
  return found;
}

function objection(block: Block, element: Element, value: Value): string {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return block.optional ? "" : REQUIRED;
  if (typeof value !== "string") return "";
  if (element.min_length !== undefined && value.length < element.min_length)
    return `Please enter at least ${element.min_length} characters.`;
  switch (element.type) {
    case "email_text_input":
      return MAIL.test(value) ? "" : "Please enter a valid email address.";
    case "url_text_input":
      return ADDRESS.test(value) ? "" : "Please enter a valid URL.";
    case "number_input":
      return numeral(element, value);
    default:
      return "";
  }
}

function numeral(element: Element, value: string): string {
  const decimal = element.is_decimal_allowed === true;
  if (!(decimal ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/).test(value)) return decimal ? "Please enter a number." : "Please enter a whole number.";
  if (element.min_value !== undefined && Number(value) < Number(element.min_value)) return `Please enter a number of at least ${element.min_value}.`;
  if (element.max_value !== undefined && Number(value) > Number(element.max_value)) return `Please enter a number of at most ${element.max_value}.`;
  return "";
}

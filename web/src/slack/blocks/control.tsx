// One field: the browser's own control for each type of element, so that keyboard and screen reader know it.

import { type KeyboardEvent, useEffect, useId, useState } from "react";
import * as api from "../api";
import { usePage } from "../context";
import { listed } from "../store/select";
import { Words, wordsOf } from "../text/render";
import type { Block, Element, Option, Value } from "../types";
import { takesMany } from "../views/form";
import { useSurface } from "./surface";

export interface ControlProps {
  block: Block;
  element: Element;
  value: Value;
  change: (value: Value) => void;
  label: string;
  /** Called when Enter is pressed in a line of text. */
  enter?: (() => void) | undefined;
  id?: string | undefined;
  describedBy?: string | undefined;
  invalid?: boolean | undefined;
}

const KINDS: Record<string, string> = {
  plain_text_input: "text", email_text_input: "email", url_text_input: "url", number_input: "text",
  datepicker: "date", timepicker: "time", datetimepicker: "datetime-local",
};

interface Choice {
  value: string;
  label: string;
}

export function Control(props: ControlProps) {
  const { element } = props;
  if (element.type === "checkboxes" || element.type === "radio_buttons") return <Boxes {...props} />;
  if (element.type.endsWith("_select")) return <Select {...props} />;
  return <Line {...props} />;
}

const named = (props: ControlProps) => ({
  ...(props.id ? { id: props.id } : { "aria-label": props.label }),
  "aria-describedby": props.describedBy,
  "aria-invalid": props.invalid || undefined,
});

function Line(props: ControlProps) {
  const { element, value, change, enter } = props;
  const common = {
    ...named(props),
    placeholder: wordsOf(element.placeholder) || undefined,
    maxLength: element.max_length,
    autoFocus: element.focus_on_load,
  };
  if (element.type === "plain_text_input" && element.multiline)
    return <textarea {...common} rows={4} value={String(value ?? "")} onChange={(event) => change(event.target.value)} />;
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !enter) return;
    event.preventDefault();
    enter();
  };
  const moment = element.type === "datetimepicker";
  return (
    <input
      {...common}
      type={KINDS[element.type] ?? "text"}
      inputMode={element.type === "number_input" ? "decimal" : undefined}
      value={moment ? localTime(value) : String(value ?? "")}
      onChange={(event) => change(moment ? seconds(event.target.value) : event.target.value)}
      onKeyDown={pressed}
    />
  );
}

/** A moment in seconds as the browser's picker writes it, in the reader's zone; and back. */
function localTime(value: Value): string {
  if (typeof value !== "number") return "";
  const at = new Date(value * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function seconds(written: string): number | null {
  const at = Date.parse(written);
  return Number.isNaN(at) ? null : Math.floor(at / 1000);
}

function Boxes({ element, value, change, label, id, describedBy }: ControlProps) {
  const name = useId();
  const many = takesMany(element);
  const chosen = Array.isArray(value) ? value : value === null ? [] : [String(value)];
  const pick = (one: string, on: boolean) => {
    if (!many) change(one);
    else change(on ? [...chosen, one] : chosen.filter((other) => other !== one));
  };
  return (
    <span className="boxes" role={many ? "group" : "radiogroup"} id={id} aria-label={label} aria-describedby={describedBy}>
      {element.options?.map((option) => (
        <label key={option.value}>
          <input
            type={many ? "checkbox" : "radio"} name={name} checked={chosen.includes(option.value)}
            onChange={(event) => pick(option.value, event.target.checked)}
          />
          <span><Words of={option.text} />{option.description && <small><Words of={option.description} /></small>}</span>
        </label>
      ))}
    </span>
  );
}

const choice = (option: Option): Choice => ({ value: option.value, label: wordsOf(option.text) });

function useChoices(element: Element): { label: string; choices: Choice[] }[] {
  const { state } = usePage();
  const people = () => Object.values(state.users).filter((one) => !one.deleted)
    .map((one) => ({ value: one.id, label: one.real_name || one.name }));
  const rooms = () => listed(state).open.map((one) => ({ value: one.id, label: `#${one.name}` }));
  if (element.option_groups)
    return element.option_groups.map((one) => ({ label: wordsOf(one.label), choices: one.options.map(choice) }));
  if (/users_select$/.test(element.type)) return [{ label: "", choices: people() }];
  if (/channels_select$/.test(element.type)) return [{ label: "", choices: rooms() }];
  if (/conversations_select$/.test(element.type)) return [{ label: "", choices: [...rooms(), ...people()] }];
  return [{ label: "", choices: (element.options ?? []).map(choice) }];
}

function Select(props: ControlProps) {
  const { element, value, change } = props;
  const [query, setQuery] = useState("");
  const external = /external_select$/.test(element.type);
  const own = useChoices(element);
  const offered = useOffered(props, external, query);
  const groups = external ? offered : own;
  const many = takesMany(element);
  const known = new Set(groups.flatMap((group) => group.choices.map((one) => one.value)));
  const missing = (Array.isArray(value) ? value : value === null ? [] : [String(value)]).filter((one) => one && !known.has(one));
  return (
    <span className="select">
      {external && (
        <input
          type="search" aria-label={`Search: ${props.label}`} placeholder="Type to search" value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      )}
      <select
        {...named(props)} multiple={many} size={many ? 4 : undefined}
        value={many ? (Array.isArray(value) ? value : []) : String(value ?? "")}
        onChange={(event) => change(many ? [...event.target.selectedOptions].map((one) => one.value) : event.target.value || null)}
      >
        {!many && <option value="">{wordsOf(element.placeholder) || "Choose one"}</option>}
        {missing.map((one) => <option key={one} value={one}>{one}</option>)}
        {groups.map((group) =>
          group.label ? (
            <optgroup key={group.label} label={group.label}><Choices of={group.choices} /></optgroup>
          ) : (
            <Choices key="all" of={group.choices} />
          ),
        )}
      </select>
    </span>
  );
}

function Choices({ of }: { of: Choice[] }) {
  return of.map((one) => <option key={one.value} value={one.value}>{one.label}</option>);
}

/** What the app offers for what was typed; asked for a moment after the last key. */
function useOffered({ block, element }: ControlProps, external: boolean, query: string) {
  const { state } = usePage();
  const { spot } = useSurface();
  const [groups, setGroups] = useState<{ label: string; choices: Choice[] }[]>([]);
  const enough = external && query.length >= (element.min_query_length ?? 0);
  useEffect(() => {
    if (!enough) return;
    let current = true;
    const pressed = { action_id: element.action_id ?? "", block_id: block.block_id };
    const timer = window.setTimeout(() => {
      api.options(state.me, spot, pressed, query).then(
        (found) => {
          const grouped = found.option_groups?.map((one) => ({ label: wordsOf(one.label), choices: one.options.map(choice) }));
          if (current) setGroups(grouped ?? [{ label: "", choices: (found.options ?? []).map(choice) }]);
        },
        () => current && setGroups([]),
      );
    }, 250);
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [enough, query, block.block_id, element.action_id, state.me, spot]);
  return groups;
}

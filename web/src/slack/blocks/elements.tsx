// The elements of a message, a modal or Home that somebody can use.

import { type ReactNode, useState } from "react";
import { Words, wordsOf } from "../text/render";
import type { Block, Element, Value } from "../types";
import { initialOf } from "../views/form";
import { Control } from "./control";
import { ConfirmDialog } from "./dialog";
import { type Using, useElement } from "./surface";
import { Unknown } from "./unknown";

export interface ElementProps {
  block: Block;
  element: Element;
  /** What the server says the element holds, on a surface that has state. */
  held?: Value | undefined;
}

export const CONTROLS = new Set([
  "static_select", "external_select", "users_select", "channels_select", "conversations_select",
  "multi_static_select", "multi_external_select", "multi_users_select", "multi_channels_select",
  "multi_conversations_select", "checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker",
  "plain_text_input", "email_text_input", "url_text_input", "number_input",
]);

export function Interactive({ block, element, held }: ElementProps): ReactNode {
  if (element.type === "button") return <Button block={block} element={element} />;
  if (element.type === "overflow") return <Overflow block={block} element={element} />;
  if (element.type === "image") return <Picture url={element.image_url} alt={element.alt_text} small />;
  if (CONTROLS.has(element.type)) return <Chooser block={block} element={element} held={held} />;
  return <Unknown type={element.type} value={element} />;
}

/** What stands beside an element that was used: under way, or not acked. */
function Trouble({ using }: { using: Using }) {
  return (
    <>
      {using.problem && (
        <span className="trouble" role="alert" title={using.problem}>
          <span aria-hidden="true">⚠</span> <span className="why">{using.problem}</span>
        </span>
      )}
      {using.asking && <ConfirmDialog {...using.asking} />}
    </>
  );
}

function Button({ block, element }: ElementProps) {
  const using = useElement(block, element);
  const look = `button ${element.style ?? ""}${using.pending ? " pending" : ""}`;
  const says = element.accessibility_label ? { "aria-label": element.accessibility_label } : {};
  const press = () => !using.pending && using.use(element.value);
  return (
    <span className="element">
      {element.url ? (
        <a className={look} href={safe(element.url)} target="_blank" rel="noreferrer" onClick={press} {...says}>
          <Words of={element.text} />
        </a>
      ) : (
        <button type="button" className={look} aria-busy={using.pending} aria-disabled={using.pending} onClick={press} {...says}>
          <Words of={element.text} />
        </button>
      )}
      <Trouble using={using} />
    </span>
  );
}

export function safe(url: string): string | undefined {
  return /^https?:/i.test(url) ? url : undefined;
}

function Overflow({ block, element }: ElementProps) {
  const using = useElement(block, element);
  const [open, setOpen] = useState(false);
  const choose = (value: string) => {
    setOpen(false);
    using.use(value);
  };
  return (
    <span className="element overflow" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setOpen(false)}>
      <button
        type="button" className={`button${using.pending ? " pending" : ""}`} aria-haspopup="menu" aria-expanded={open}
        aria-label="More" onClick={() => setOpen(!open)}
        onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
      >
        …
      </button>
      {open && (
        <span className="menu" role="menu">
          {element.options?.map((option) => (
            <button type="button" role="menuitem" key={option.value} onClick={() => choose(option.value)}>
              {wordsOf(option.text)}
            </button>
          ))}
        </span>
      )}
      <Trouble using={using} />
    </span>
  );
}

/** A select, picker or set of boxes that tells the app as soon as it changes. */
function Chooser({ block, element, held }: ElementProps) {
  const using = useElement(block, element);
  const [value, setValue] = useState<Value>(held !== undefined ? held : initialOf(element));
  const typed = element.type.endsWith("_input");
  const change = (next: Value) => {
    setValue(next);
    if (!typed && next !== null && next !== "") using.use(next);
  };
  return (
    <span className={`element${using.pending ? " pending" : ""}`} aria-busy={using.pending}>
      <Control
        block={block} element={element} value={value} change={change}
        enter={typed ? () => using.use(value) : undefined}
        label={wordsOf(element.placeholder) || wordsOf(block.text) || wordsOf(block.label) || element.type.replaceAll("_", " ")}
      />
      <Trouble using={using} />
    </span>
  );
}

/** Shows a picture of this host or one that came along; of any other host it names it only. */
export function Picture({ url, alt = "", small = false }: { url: string | undefined; alt?: string | undefined; small?: boolean }) {
  const near = url && (url.startsWith("data:image/") || new URL(url, window.location.href).origin === window.location.origin);
  if (near) return <img className={small ? "small" : ""} src={url} alt={alt} />;
  const href = url ? safe(url) : undefined;
  return (
    <span className={`picture${small ? " small" : ""}`} title={url}>
      {href ? <a href={href} target="_blank" rel="noreferrer">{alt || "picture"}</a> : alt || "picture"}
    </span>
  );
}

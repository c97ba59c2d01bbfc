// Where somebody types: messages, and commands with what the manifest knows of them.

import { type KeyboardEvent, useId, useRef, useState } from "react";
import * as api from "../api";
import { usePage } from "../context";
import { asCommand, hinted, offer, refusal, type Suggestion } from "./suggest";

interface Props {
  place: api.Place;
  hint: string;
}

export function Composer({ place, hint }: Props) {
  const { state } = usePage();
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const [row, setRow] = useState(0);
  const [shut, setShut] = useState(false);
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const menu = useId();
  const offered = offer(state, text, caret);
  const rows = shut ? [] : offered.rows;
  const active = Math.min(row, rows.length - 1);
  const hintOf = hinted(text, state.app.commands);

  const put = (next: string, at = next.length) => {
    setText(next);
    setCaret(at);
    setRow(0);
    setShut(false);
    setProblem("");
  };
  const choose = (one: Suggestion) => {
    const next = text.slice(0, offered.from) + one.insert + text.slice(offered.to);
    put(next, offered.from + one.insert.length);
    field.current?.focus();
  };
  const send = async () => {
    const words = text.trim();
    if (!words || sending) return;
    const command = asCommand(words);
    const why = command ? refusal(command.command, state.app.commands, place) : "";
    if (why) return setProblem(why);
    setSending(true);
    try {
      if (command) await api.slash(state.me, place, command.command, command.rest);
      else await api.post(state.me, place, words);
      put("");
    } catch (error) {
      setProblem((error as Error).message);
    }
    setSending(false);
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    if (rows.length && keys(event, active, rows, { setRow, choose, shut: () => setShut(true) })) return;
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };

  return (
    <div className="composer">
      {rows.length > 0 && <Menu id={menu} rows={rows} active={active} choose={choose} />}
      <Advice problem={problem}
        hint={hintOf ? `${hintOf.command} ${hintOf.usage_hint}` : ""} detail={hintOf?.description ?? ""} />
      <div className="box">
        <textarea
          ref={field} rows={1} value={text} placeholder={hint} aria-label={hint} aria-busy={sending}
          aria-haspopup="listbox" aria-controls={rows.length ? menu : undefined} aria-autocomplete="list"
          aria-activedescendant={rows.length ? `${menu}-${active}` : undefined}
          onChange={(event) => put(event.target.value, event.target.selectionStart)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={pressed}
        />
        <Shortcuts />
        <button type="button" className="send" aria-label="Send" disabled={!text.trim() || sending} onClick={() => void send()}>
          <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path d="M3 3.2 17.5 10 3 16.8l1.6-5.6L11 10 4.6 8.8z" fill="currentColor" /></svg>
        </button>
      </div>
    </div>
  );
}

interface Doing {
  setRow: (row: number) => void;
  choose: (one: Suggestion) => void;
  shut: () => void;
}

/** Moves through what is offered; true where the key was meant for that. */
function keys(event: KeyboardEvent, active: number, rows: Suggestion[], doing: Doing): boolean {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const chosen = rows[active];
  if (step) doing.setRow((active + step + rows.length) % rows.length);
  else if (chosen && (event.key === "Tab" || event.key === "Enter")) doing.choose(chosen);
  else if (event.key === "Escape") doing.shut();
  else return false;
  event.preventDefault();
  return true;
}

function Menu({ id, rows, active, choose }: { id: string; rows: Suggestion[]; active: number; choose: (one: Suggestion) => void }) {
  return (
    <ul className="offers" role="listbox" id={id} aria-label="Suggestions">
      {rows.map((one, place) => (
        <li
          key={one.label} id={`${id}-${place}`} role="option" aria-selected={place === active}
          onPointerDown={(event) => {
            event.preventDefault(); // the field keeps the focus
            choose(one);
          }}
        >
          <strong>{one.label}</strong> <span>{one.detail}</span>
        </li>
      ))}
    </ul>
  );
}

function Advice({ problem, hint, detail }: { problem: string; hint: string; detail: string }) {
  if (problem) return <p className="advice bad" role="alert">{problem}</p>;
  if (hint) return <p className="advice" role="status"><code>{hint}</code> {detail}</p>;
  return null;
}

/** The app's global shortcuts, where its manifest has any. */
function Shortcuts() {
  const { state, attempt } = usePage();
  const [open, setOpen] = useState(false);
  const offered = state.app.shortcuts.filter((one) => one.type === "global");
  if (!offered.length) return null;
  return (
    <span className="shortcuts" onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setOpen(false)}
      onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
      <button type="button" aria-label="Shortcuts" title="Shortcuts" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true"><path d="M11.5 1 4 11.5h5L8 19l8-11h-5.2z" fill="currentColor" /></svg>
      </button>
      {open && (
        <span className="menu" role="menu">
          {offered.map((one) => (
            <button type="button" role="menuitem" key={one.callback_id} title={one.description}
              onClick={() => {
                setOpen(false);
                void attempt(api.shortcut(state.me, one.callback_id));
              }}>
              {one.name} <small>{state.app.name}</small>
            </button>
          ))}
        </span>
      )}
    </span>
  );
}

// The drawer at the bottom: what went to the app, what the app called, and how each ended.

import { useEffect, useState } from "react";
import * as api from "../api";
import { usePage } from "../context";
import { Controls } from "./controls";
import { asJson, type Filter, type Line, lines, matching } from "./log";

const SHOWN = 200;

export function Inspector() {
  const { state, dispatch } = usePage();
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<Filter>("all");
  const [words, setWords] = useState("");
  const [steering, setSteering] = useState(false);
  useEffect(() => {
    if (!open) return;
    void Promise.all([api.calls(), api.envelopes()]).then(
      ([calls, envelopes]) => dispatch({ type: "log", calls, envelopes }),
      () => undefined, // the bar says already that the server is gone
    );
  }, [open, dispatch]);
  const found = open ? matching(lines(state.calls, state.envelopes), kind, words) : [];
  return (
    <section className={`inspector${open ? " open" : ""}`} aria-label="Inspector">
      <header>
        <button type="button" className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          <span aria-hidden="true">{open ? "▾" : "▸"}</span> Inspector
        </button>
        <Connected />
        {open && (
          <>
            <span className="kinds" role="group" aria-label="What to show">
              {(["all", "deliveries", "calls"] as const).map((one) => (
                <button type="button" key={one} aria-pressed={!steering && kind === one} onClick={() => { setKind(one); setSteering(false); }}>{one}</button>
              ))}
              <button type="button" aria-pressed={steering} onClick={() => setSteering(true)}>controls</button>
            </span>
            {!steering && <input type="search" aria-label="Filter" placeholder="Filter" value={words} onChange={(event) => setWords(event.target.value)} />}
          </>
        )}
      </header>
      {open && steering && <Controls />}
      {open && !steering && (
        <div className="log" tabIndex={0} role="region" aria-label="Deliveries and calls">
          {found.length ? found.slice(0, SHOWN).map((line) => <Row key={line.key} line={line} />) : <p className="nothing">Nothing to show.</p>}
        </div>
      )}
    </section>
  );
}

function Connected() {
  const { state } = usePage();
  if (state.lost) return <span className="link-state bad" role="status">the server is gone; trying again</span>;
  const word = state.connections === 0 ? "no app connected" : state.connections === 1 ? "app connected" : `${state.connections} connections`;
  return <span className={`link-state${state.connections ? " good" : ""}`}>{word}</span>;
}

function Row({ line }: { line: Line }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <time>{new Date(line.at * 1000).toLocaleTimeString()}</time>
        <span className="way" title={line.toApp ? "to the app" : "from the app"}>{line.toApp ? "→ app" : "← app"}</span>
        <span className="what">{line.name}{line.detail && <small> {line.detail}</small>}</span>
        <span className={`outcome ${line.tone}`}>{line.outcome}</span>
        <span className="ms">{line.ms === null ? "" : `${line.ms < 10 ? line.ms.toFixed(1) : Math.round(line.ms)} ms`}</span>
      </summary>
      {open && <Copy line={line} />}
      {open && line.parts.map(([label, value]) => (
        <div className="part" key={label}>
          <small>{label}</small>
          <pre tabIndex={0}>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>
        </div>
      ))}
    </details>
  );
}

function Copy({ line }: { line: Line }) {
  const { say } = usePage();
  const copy = () =>
    void navigator.clipboard.writeText(asJson(line)).then(
      () => say("Copied."),
      () => say("This browser does not let the page copy."),
    );
  return <button type="button" className="copy" onClick={copy}>Copy as JSON</button>;
}

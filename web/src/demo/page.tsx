// The demo as one page: the local Slack on the left, what Baton makes of it on the right.

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { keep, keptTheme, type Theme } from "../theme";
import * as api from "./api";
import { Checklist } from "./checklist";
import { type Live, useLive } from "./live";
import { RunTimeline } from "./run";
import { Approvals, Events } from "./tabs";

type Tab = "run" | "approvals" | "events";
const TABS: [Tab, string][] = [["run", "Run"], ["approvals", "Approvals"], ["events", "Events"]];
const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };

export function Page() {
  const [facts, setFacts] = useState<api.Facts | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    api.facts().then(setFacts, (error: Error) => setProblem(error.message));
  }, []);
  if (problem) return <p className="alone" role="alert">{problem}</p>;
  if (!facts) return <p className="alone" role="status">Loading…</p>;
  if (!facts.person)
    return (
      <p className="alone">
        Open this page with the link that the demo printed; it logs you in, once. To get another, start the demo
        again: it goes on where it stopped.
      </p>
    );
  return <Demo facts={facts} person={facts.person} />;
}

function Demo({ facts, person }: { facts: api.Facts; person: string }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [tab, setTab] = useState<Tab>("run");
  const live = useLive(chosen);
  const open = live.approvals.filter((one) => one.state === "open").length;
  const me = { id: person, name: facts.name };
  return (
    <div className="split">
      <Slack facts={facts} person={person} />
      <main>
        <header className="top">
          <span className="brand"><img src="/icon.svg" alt="" width="22" height="22" /> Baton</span>
          <Tabs tab={tab} choose={setTab} open={open} />
          <span className="who" title="who you are here">{facts.name}</span>
          <State live={live} />
          <ThemeButton slack={facts.slack_page} />
        </header>
        <div className="content" role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
          {tab === "run" && <RunTimeline run={live.run} runs={live.runs} choose={setChosen} />}
          {tab === "approvals" && <Approvals approvals={live.approvals} runs={live.runs} me={me} />}
          {tab === "events" && <Events events={live.events} />}
        </div>
        <Checklist
          decided={live.approvals.some((one) => one.by === person && live.runs.at(0)?.id === one.run_id)}
          reported={live.events.some((one) => one.process_id === "hello")}
        />
        <footer>
          Demo workspace, data in <code>{facts.data}</code>. Connect a real Slack: <code>python -m bot init</code>
        </footer>
      </main>
    </div>
  );
}

/** The frame keeps its address: it must not load again when something else on the page changes. */
function Slack({ facts, person }: { facts: api.Facts; person: string }) {
  const [address] = useState(() => {
    const query = new URLSearchParams({ as: person, channel: facts.channel, thread: "waiting" });
    return `${facts.slack_page}?${query}`;
  });
  const tell = (frame: HTMLIFrameElement) =>
    frame.contentWindow?.postMessage({ theme: keptTheme() }, new URL(address).origin);
  return <iframe title="The local Slack" src={address} onLoad={(event) => tell(event.currentTarget)} />;
}

function Tabs({ tab, choose, open }: { tab: Tab; choose: (tab: Tab) => void; open: number }) {
  const list = useRef<HTMLElement>(null);
  const pressed = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const place = TABS.findIndex(([name]) => name === tab) + step + TABS.length;
    const [next] = TABS[place % TABS.length] ?? ["run" as const];
    choose(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <nav ref={list} role="tablist" aria-label="What to look at" onKeyDown={pressed}>
      {TABS.map(([name, label]) => (
        <button
          type="button" key={name} id={`tab-${name}`} role="tab" aria-selected={tab === name} aria-controls={`panel-${name}`}
          tabIndex={tab === name ? 0 : -1} onClick={() => choose(name)}
        >
          {label}{name === "approvals" && open > 0 && <span className="count" aria-label={`${open} open`}>{open}</span>}
        </button>
      ))}
    </nav>
  );
}

function State({ live }: { live: Live }) {
  const words = live.problem || (live.lost ? "Connecting…" : "");
  return <span className={words ? "link bad" : "link"} role="status">{words || "live"}</span>;
}

function ThemeButton({ slack }: { slack: string }) {
  const [theme, setTheme] = useState(keptTheme);
  const change = () => {
    const next = NEXT[theme];
    keep(next);
    setTheme(next);
    document.querySelector("iframe")?.contentWindow?.postMessage({ theme: next }, new URL(slack).origin);
  };
  return (
    <button type="button" className="theme" onClick={change} title="Colours: system, dark or light" aria-label={`Colours: ${theme}. Change`}>
      {theme === "system" ? "◐" : theme === "dark" ? "☾" : "☀"}
    </button>
  );
}

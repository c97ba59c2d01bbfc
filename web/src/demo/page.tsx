import { useCallback, useEffect, useState } from "react";
import * as api from "./api";
import { Approvals } from "./approvals";
import { Checklist } from "./checklist";
import { Events } from "./events";
import { RunTimeline } from "./run";

type Tab = "timeline" | "approvals" | "events";
const TABS: [Tab, string][] = [
  ["timeline", "Run"],
  ["approvals", "Approvals"],
  ["events", "Events"],
];

interface Shown {
  run: api.Run | null;
  runs: api.Run[];
  approvals: api.Approval[];
  events: api.EventRow[];
}

const NOTHING: Shown = { run: null, runs: [], approvals: [], events: [] };

async function look(chosen: string | null): Promise<Shown> {
  const [runs, approvals, events] = await Promise.all([api.runs(), api.approvals(), api.events()]);
  const id = chosen ?? runs[0]?.id;
  return { run: id ? await api.run(id) : null, runs, approvals, events };
}

export function Page() {
  const [facts, setFacts] = useState<api.Facts | null>(null);
  const [problem, setProblem] = useState("");
  const [shown, setShown] = useState<Shown>(NOTHING);
  const [chosen, setChosen] = useState<string | null>(null);
  const [lost, setLost] = useState(false);
  const [tab, setTab] = useState<Tab>("timeline");

  useEffect(() => {
    api.facts().then(setFacts, (error: Error) => setProblem(error.message));
  }, []);

  const refresh = useCallback(() => {
    look(chosen).then(setShown, (error: Error) => setProblem(error.message));
  }, [chosen]);

  const known = facts?.person != null;
  useEffect(() => {
    if (!known) return;
    refresh();
    return api.follow(refresh, setLost);
  }, [known, refresh]);

  if (problem) return <p className="problem">{problem}</p>;
  if (!facts) return <p className="problem">Loading…</p>;
  if (!facts.person)
    return <p className="problem">Open this page with the link that the demo printed; it logs you in.</p>;

  const slack = `${facts.slack_page}?as=${facts.person}&channel=${encodeURIComponent(facts.channel)}`;
  return (
    <div className="split">
      <iframe title="The local Slack" src={slack} />
      <main>
        <header className="bar">
          <strong>Baton</strong>
          <nav role="tablist" aria-label="What to look at">
            {TABS.map(([name, label]) => (
              <button key={name} role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>
                {label}
              </button>
            ))}
          </nav>
          <span className="who">you are {facts.name ?? facts.person}</span>
          {lost && <span className="lost" role="status">connecting…</span>}
        </header>
        {tab === "timeline" && (
          <RunTimeline run={shown.run} runs={shown.runs} choose={setChosen} />
        )}
        {tab === "approvals" && <Approvals approvals={shown.approvals} />}
        {tab === "events" && <Events events={shown.events} />}
        <Checklist decided={shown.approvals.some((one) => one.by === facts.person)} />
        <footer>
          Demo workspace, data in <code>{facts.data}</code>. Connect a real Slack:{" "}
          <code>python -m bot init</code>
        </footer>
      </main>
    </div>
  );
}

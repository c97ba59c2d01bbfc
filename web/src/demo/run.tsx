// One run: what it waits for, and its steps on a line of time.

import { useEffect, useState } from "react";
import type { Run, RunSummary } from "./api";
import { ICONS, type Row, rows, tone } from "./timeline";
import { Sentence, Word } from "./words";

/** The time now, moving twice a second while something goes on. */
function useNow(moving: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!moving) return;
    const timer = window.setInterval(() => setNow(Date.now()), 500);
    return () => window.clearInterval(timer);
  }, [moving]);
  return now;
}

interface Props {
  run: Run | null;
  runs: RunSummary[];
  choose: (id: string | null) => void;
}

export function RunTimeline({ run, runs, choose }: Props) {
  const now = useNow(run !== null && run.ended_at === null);
  if (!run) return <p className="nothing">No run yet. The build reports in a moment.</p>;
  return (
    <section className="run" aria-label={`Timeline of ${run.label}`}>
      {runs.length > 1 && <Chooser run={run} runs={runs} choose={choose} />}
      <header className="title">
        <h1>{run.title}</h1>
        <Word word={run.word} />
        <a className="more" href={`/r/${run.label}`} target="_blank" rel="noreferrer">{run.label} in full</a>
      </header>
      <Waiting run={run} />
      <ol className="steps" aria-label="Steps">
        {rows(run, Math.max(now, latest(run))).map((row) => <StepRow key={`${run.id}/${row.path}`} run={run} row={row} />)}
      </ol>
    </section>
  );
}

/** The newest moment that the run itself names: the browser's clock may lag behind it. */
function latest(run: Run): number {
  return run.steps.reduce((most, step) => Math.max(most, Date.parse(step.ended_at ?? step.started_at ?? "") || 0), 0);
}

function Chooser({ run, runs, choose }: Props & { run: Run }) {
  return (
    <div className="chooser" role="group" aria-label="Which run">
      {runs.map((one, place) => (
        <button type="button" key={one.id} aria-pressed={one.id === run.id} title={one.word}
          onClick={() => choose(place === 0 ? null : one.id)}>
          <span className={`dot ${tone(one.word)}`} aria-hidden="true" />{one.label} <small>{one.word}</small>
        </button>
      ))}
    </div>
  );
}

function Waiting({ run }: { run: Run }) {
  const needed = run.word === "Needs you";
  const text = run.waiting_for?.text ?? ending(run);
  return (
    <p className={`waiting ${needed ? "attention" : tone(run.word)}`} aria-live="polite">
      <Sentence text={text} />
    </p>
  );
}

/** What is left to say of a run that waits for nothing. */
function ending(run: Run): string {
  if (run.word === "Succeeded") return "Done. Nothing is left to do.";
  return run.error?.message ?? "Nobody is asked to do anything.";
}

function StepRow({ run, row }: { run: Run; row: Row }) {
  const { step } = row;
  const status = row.status.replaceAll("_", " ");
  return (
    <li data-path={row.path} data-status={row.status}>
      <details>
        <summary>
          <span className={`icon ${row.status}`} aria-hidden="true">{ICONS[row.status] ?? "○"}</span>
          <span className="name">{row.name}{step.attempts > 1 && <small> attempt {step.attempts}</small>}</span>
          <span className="track" aria-hidden="true">
            <span className={`bar ${row.status}${row.waits ? " waits" : ""}`} style={{ left: `${row.left}%`, width: `${row.width}%` }} />
          </span>
          <span className="took">
            <span className="status">{status}</span>{row.took && <span className="time">{row.took}</span>}
          </span>
        </summary>
        <div className="values">
          <p className="what"><code>{step.action ?? step.kind}</code> at <code>{step.path}</code></p>
          <Shown label="Error" value={step.error} />
          <Shown label="Input" value={step.input} />
          <Shown label="Output" value={step.output} />
          {step.log && <a href={`/r/${run.id}/steps/${row.path}/log`} target="_blank" rel="noreferrer">Full log</a>}
        </div>
      </details>
    </li>
  );
}

function Shown({ label, value }: { label: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <>
      <small>{label}</small>
      <pre tabIndex={0}>{text}</pre>
    </>
  );
}

import { useEffect, useState } from "react";
import type { Run } from "./api";
import { ICONS, rows } from "./timeline";

/** The time now, moving once a second while something goes on. */
function useNow(moving: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!moving) return;
    const timer = window.setInterval(() => setNow(Date.now()), 500);
    return () => window.clearInterval(timer);
  }, [moving]);
  return moving ? Math.max(now, Date.now()) : now;
}

interface Props {
  run: Run | null;
  runs: Run[];
  choose: (id: string) => void;
}

export function RunTimeline({ run, runs, choose }: Props) {
  const now = useNow(run !== null && run.ended_at === null);
  if (!run) return <section className="run"><p>No run yet. The build reports in a moment.</p></section>;
  return (
    <section className="run" aria-label={`Timeline of ${run.label}`}>
      <div className="title">
        <h1>
          <a href={`/r/${run.label}`}>{run.label}</a> {run.title}
        </h1>
        <span className={`word ${run.word.toLowerCase().replace(" ", "-")}`}>{run.word}</span>
        {runs.length > 1 && (
          <select aria-label="Which run" value={run.id} onChange={(event) => choose(event.target.value)}>
            {runs.map((one) => (
              <option key={one.id} value={one.id}>
                {one.label} {one.word}
              </option>
            ))}
          </select>
        )}
      </div>
      <p className="waiting" aria-live="polite">{run.waiting_for?.text ?? "\u00a0"}</p>
      <ol className="steps">
        {rows(run, now).map((row) => (
          <li key={row.path} data-status={row.status}>
            <details>
              <summary>
                <span className={`icon ${row.status}`} aria-hidden="true">{ICONS[row.status] ?? "○"}</span>
                <span className="name">{row.name}</span>
                <span className="status">{row.status.replace("_", " ")}</span>
                <svg className="track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                  <rect className={row.status} x={row.left} width={row.width} y="1" height="6" rx="1" />
                </svg>
                <span className="took">{row.took}</span>
              </summary>
              <Value label="Input" value={row.step.input} />
              <Value label="Output" value={row.step.output} />
              <Value label="Error" value={row.step.error} />
              {row.step.log && <a href={`/r/${run.id}/steps/${row.path}/log`}>Full log</a>}
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Value({ label, value }: { label: string; value: unknown }) {
  if (value === null || value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <div className="value">
      <span>{label}</span>
      <pre>{text}</pre>
    </div>
  );
}

// The other two tabs: what was asked of people, and what was reported.

import type { Approval, EventRow, RunSummary } from "./api";
import { At } from "./words";

const TONES: Record<string, string> = {
  approved: "good", answered: "good", rejected: "bad", expired: "bad", open: "attention", checking: "attention",
};
const COLUMNS = ["#", "At", "Source", "What", "Status", "Effect"];

/** Names people where only their id is known: the approver of the demo is who looks at the page. */
interface Known {
  id: string | null;
  name: string | null;
}

export function Approvals({ approvals, runs, me }: { approvals: Approval[]; runs: RunSummary[]; me: Known }) {
  if (!approvals.length) return <p className="nothing">Nobody has been asked anything yet.</p>;
  return (
    <ul className="cards" aria-label="Approvals">
      {approvals.map((one) => {
        const run = runs.find((each) => each.id === one.run_id);
        return (
          <li key={one.id}>
            <header>
              <strong>{one.prompt}</strong>
              <span className={`word ${TONES[one.state] ?? "faint"}`}>{one.state}</span>
            </header>
            <p>
              {one.label}{run && <> of <a href={`/r/${run.label}`} target="_blank" rel="noreferrer">{run.label} {run.title}</a></>}
              {one.by && <> · by {one.by === me.id ? me.name : one.by}</>}{one.at && <> at <At at={one.at} /></>}
              {!one.at && one.asked_at && <> · asked at <At at={one.asked_at} /></>}
            </p>
            {one.comment && <blockquote>{one.comment}</blockquote>}
          </li>
        );
      })}
    </ul>
  );
}

export function Events({ events }: { events: EventRow[] }) {
  if (!events.length) return <p className="nothing">Nothing has been reported yet.</p>;
  return (
    <div className="table" tabIndex={0} role="region" aria-label="Events">
      <table>
        <thead>
          <tr>{COLUMNS.map((name) => <th scope="col" key={name}>{name}</th>)}</tr>
        </thead>
        <tbody>
          {events.toReversed().map((one) => (
            <tr key={one.seq}>
              <td>{one.seq}</td>
              <td><At at={one.occurred_at} /></td>
              <td>{one.source}</td>
              <td>{one.name ?? one.type}{one.message && <small> {one.message}</small>}</td>
              <td>{one.status?.replaceAll("_", " ")}</td>
              <td>{one.effect.replaceAll("_", " ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

import type { EventRow } from "./api";

export function Events({ events }: { events: EventRow[] }) {
  return (
    <section aria-label="Events">
      <table>
        <thead>
          <tr><th>#</th><th>At</th><th>Source</th><th>What</th><th>Status</th><th>Effect</th></tr>
        </thead>
        <tbody>
          {[...events].reverse().map((one) => (
            <tr key={one.seq}>
              <td>{one.seq}</td>
              <td>{new Date(one.occurred_at).toLocaleTimeString()}</td>
              <td>{one.source}</td>
              <td>{one.name ?? one.type}</td>
              <td>{one.status ?? ""}</td>
              <td>{one.effect}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

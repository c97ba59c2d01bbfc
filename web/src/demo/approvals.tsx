import type { Approval } from "./api";

export function Approvals({ approvals }: { approvals: Approval[] }) {
  return (
    <section aria-label="Approvals">
      <table>
        <thead>
          <tr><th>Approval</th><th>Question</th><th>State</th><th>By</th><th>Why</th></tr>
        </thead>
        <tbody>
          {approvals.map((one) => (
            <tr key={one.id}>
              <td>{one.run_id ? <a href={`/r/${one.run_id}`}>{one.label}</a> : one.label}</td>
              <td>{one.prompt}</td>
              <td>{one.state}</td>
              <td>{one.by ?? ""}</td>
              <td>{one.comment ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

// What the demo's page reads of Baton: the same routes that every other program uses.

export interface WaitingFor {
  kind: string;
  text: string;
  since: string | null;
  who: string[];
}

export interface Step {
  path: string;
  name: string;
  kind: string;
  action: string | null;
  status: string;
  attempts: number;
  input: unknown;
  output: unknown;
  error: { type?: string; message?: string } | null;
  started_at: string | null;
  ended_at: string | null;
  log: boolean;
}

/** A row of the list of runs. */
export interface RunSummary {
  id: string;
  number: number;
  label: string;
  workflow: string;
  title: string;
  status: string;
  word: string;
  waiting_for: WaitingFor | null;
  error: { type?: string; message?: string } | null;
  started_by: string;
  started_at: string | null;
  ended_at: string | null;
  created_at: string;
}

export interface Run extends RunSummary {
  steps: Step[];
}

export interface Facts {
  slack_page: string;
  channel: string;
  data: string;
  person: string | null;
  name: string | null;
}

export interface EventRow {
  seq: number;
  event_id: string;
  type: string;
  source: string;
  name?: string;
  status?: string;
  process_id?: string;
  message?: string;
  occurred_at: string;
  effect: string;
}

export interface Approval {
  id: string;
  label: string;
  state: string;
  prompt: string;
  eligible: string[];
  quorum: number;
  by: string | null;
  comment: string | null;
  at: string | null;
  asked_at: string | null;
  via: string | null;
  run_id: string | null;
}

const BATCH = 500;

async function read<T>(path: string): Promise<T> {
  const answer = await fetch(path, { headers: { accept: "application/json" } }).catch(() => {
    throw new Error("Baton does not answer. Is the demo still running?");
  });
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new Error(problem.detail ?? `${path} answered ${answer.status}.`);
  }
  return (await answer.json()) as T;
}

export const facts = () => read<Facts>("/demo.json");
export const runs = async () => (await read<{ runs: RunSummary[] }>("/v1/runs?limit=20")).runs;
export const run = (id: string) => read<Run>(`/v1/runs/${id}`);
export const approvals = async () => (await read<{ approvals: Approval[] }>("/v1/approvals?limit=20")).approvals;

/** What came in after `seq`, in order. */
export async function eventsAfter(seq: number): Promise<EventRow[]> {
  const found: EventRow[] = [];
  for (let after = seq; ; ) {
    const { events, next } = await read<{ events: EventRow[]; next: number }>(`/v1/events?limit=${BATCH}&after=${after}`);
    found.push(...events);
    if (events.length < BATCH) return found;
    after = next;
  }
}

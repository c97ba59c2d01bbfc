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

export interface Run {
  id: string;
  number: number;
  label: string;
  workflow: string;
  title: string;
  status: string;
  word: string;
  waiting_for: WaitingFor | null;
  started_at: string | null;
  ended_at: string | null;
  created_at: string;
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
  occurred_at: string;
  effect: string;
}

export interface Approval {
  id: string;
  label: string;
  state: string;
  prompt: string;
  by: string | null;
  comment: string | null;
  at: string | null;
  run_id: string | null;
}

async function read<T>(path: string): Promise<T> {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return (await answer.json()) as T;
}

export const facts = () => read<Facts>("/demo.json");
export const runs = async () => (await read<{ runs: Run[] }>("/v1/runs?limit=20")).runs;
export const run = (id: string) => read<Run>(`/v1/runs/${id}`);
export const approvals = async () =>
  (await read<{ approvals: Approval[] }>("/v1/approvals?limit=20")).approvals;
export const events = async () =>
  (await read<{ events: EventRow[] }>("/v1/events?limit=500")).events;

/** Calls `changed` whenever Baton says so, at most once per frame of time; returns how to stop. */
export function follow(changed: () => void, lost: (lost: boolean) => void): () => void {
  const source = new EventSource("/v1/stream");
  let planned = 0;
  const soon = () => {
    if (planned) return;
    planned = window.setTimeout(() => {
      planned = 0;
      changed();
    }, 80);
  };
  for (const kind of ["run", "approval", "event", "process", "thread", "reset"])
    source.addEventListener(kind, soon);
  source.onopen = () => {
    lost(false);
    soon();
  };
  source.onerror = () => lost(true);
  return () => {
    window.clearTimeout(planned);
    source.close();
  };
}

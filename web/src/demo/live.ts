// The page's link to Baton: the stream says that something changed, and what changed is read again.

import { useEffect, useRef, useState } from "react";
import * as api from "./api";

const TOGETHER = 80; // ms in which changes are answered with one look
const KEPT = 300; // events

/** Calls `changed` soon after Baton says so, once for what comes together; returns how to stop. */
function follow(changed: () => void, lost: (lost: boolean) => void): () => void {
  const source = new EventSource("/v1/stream");
  let planned = 0;
  const soon = () => {
    if (planned) return;
    planned = window.setTimeout(() => {
      planned = 0;
      changed();
    }, TOGETHER);
  };
  for (const kind of ["run", "approval", "event", "process", "thread", "reset"]) source.addEventListener(kind, soon);
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

export interface Live {
  run: api.Run | null;
  runs: api.RunSummary[];
  approvals: api.Approval[];
  events: api.EventRow[];
  lost: boolean;
  problem: string;
}

const NOTHING: Live = { run: null, runs: [], approvals: [], events: [], lost: false, problem: "" };

async function look(chosen: string | null, known: api.EventRow[]): Promise<Partial<Live>> {
  const [runs, approvals, newer] = await Promise.all([
    api.runs(), api.approvals(), api.eventsAfter(known.at(-1)?.seq ?? 0),
  ]);
  const id = chosen ?? runs[0]?.id;
  const run = id ? await api.run(id) : null;
  return { run, runs, approvals, events: [...known, ...newer].slice(-KEPT), problem: "" };
}

/** Everything that the page shows of Baton: the chosen run, or the newest one. */
export function useLive(chosen: string | null): Live {
  const [live, setLive] = useState(NOTHING);
  const events = useRef<api.EventRow[]>([]);
  useEffect(() => {
    let current = true;
    let busy = false;
    let again = false;
    const put = (part: Partial<Live>) => current && setLive((before) => ({ ...before, ...part }));
    const refresh = async () => {
      again = busy;
      if (busy) return;
      busy = true;
      do {
        again = false;
        try {
          const found = await look(chosen, events.current);
          events.current = found.events ?? [];
          put(found);
        } catch (error) {
          put({ problem: (error as Error).message });
        }
      } while (again && current);
      busy = false;
    };
    void refresh();
    const stop = follow(() => void refresh(), (lost) => put({ lost }));
    return () => {
      current = false;
      stop();
    };
  }, [chosen]);
  return live;
}

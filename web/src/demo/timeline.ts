// Where each step stands on the timeline, in per cent of the run so far. Pure.

import type { Run, Step } from "./api";

export interface Row {
  path: string;
  name: string;
  status: string;
  left: number;
  width: number;
  took: string;
  step: Step;
}

export const ICONS: Record<string, string> = {
  pending: "○",
  running: "●",
  waiting: "⧗",
  completed: "✓",
  failed: "✗",
  skipped: "»",
  not_taken: "⊖",
  cancelled: "⊘",
  unknown: "?",
  compensated: "↩",
};

const ms = (at: string | null) => (at ? Date.parse(at) : null);

/** Writes a span of time in the unit that reads best. */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Lays the steps out between the run's start and its end, or now while it goes on. */
export function rows(run: Run, now: number): Row[] {
  const start = ms(run.started_at) ?? ms(run.created_at) ?? now;
  const end = Math.max(ms(run.ended_at) ?? now, start + 1);
  const percent = (at: number) => (100 * Math.min(Math.max(at - start, 0), end - start)) / (end - start);
  return run.steps.map((step) => {
    const from = ms(step.started_at);
    const to = ms(step.ended_at) ?? now;
    const left = from === null ? 0 : percent(from);
    return {
      path: step.path,
      name: step.name || step.path,
      status: step.status,
      left,
      width: from === null ? 0 : Math.max(percent(to) - left, 0.6),
      took: from === null ? "" : span(Math.max(0, to - from)),
      step,
    };
  });
}

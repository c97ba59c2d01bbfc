// Where each step stands on the timeline, in per cent of the run so far. Pure.

import type { Run, Step } from "./api";

export interface Row {
  path: string;
  name: string;
  status: string;
  /** True for what waits for people or events, which is drawn otherwise than work. */
  waits: boolean;
  left: number;
  width: number;
  took: string;
  step: Step;
}

interface Span {
  from: number;
  to: number;
  waits: boolean;
}

export const ICONS: Record<string, string> = {
  pending: "○", running: "●", waiting: "◔", completed: "✓", failed: "✗", skipped: "»", not_taken: "⊖", cancelled: "⊘",
  unknown: "?", compensated: "↩",
};

const QUIET_SHARE = 0.45; // of the width, at most, for the time in which nobody worked

const ms = (at: string | null) => (at ? Date.parse(at) : null);

/** Writes a span of time in the unit that reads best. */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 0.995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const waits = (step: Step) => step.kind === "approval" || step.kind === "wait" || step.status === "waiting";

/** A wait of minutes would press seconds of work into a hair: time in which only waits go on is drawn shorter. */
export function axis(spans: Span[], start: number, end: number): (at: number) => number {
  const marks = [...new Set([start, end, ...spans.flatMap((one) => [one.from, one.to])])]
    .filter((at) => at >= start && at <= end)
    .sort((a, b) => a - b);
  const busy = (from: number, to: number) => spans.some((one) => !one.waits && one.from < to && one.to > from);
  const pieces = marks.slice(1).map((to, place) => ({ from: marks[place] ?? start, to, work: busy(marks[place] ?? start, to) }));
  const sum = (work: boolean) => pieces.reduce((all, one) => (one.work === work ? all + one.to - one.from : all), 0);
  const [worked, quiet] = [sum(true), sum(false)];
  const most = worked ? (worked * QUIET_SHARE) / (1 - QUIET_SHARE) : quiet;
  const scale = quiet > most ? most / quiet : 1;
  const whole = worked + quiet * scale || 1;
  return (at) => {
    const gone = pieces.reduce((all, one) => {
      const part = Math.min(Math.max(at, one.from), one.to) - one.from;
      return all + part * (one.work ? 1 : scale);
    }, 0);
    return (100 * gone) / whole;
  };
}

/** Lays the steps out between the run's start and its end, or now while it goes on. */
export function rows(run: Run, now: number): Row[] {
  const start = ms(run.started_at) ?? ms(run.created_at) ?? now;
  const end = Math.max(ms(run.ended_at) ?? now, start + 1);
  const spans = run.steps.map((step) => {
    const from = ms(step.started_at);
    return from === null ? null : { from, to: Math.max(ms(step.ended_at) ?? end, from), waits: waits(step) };
  });
  const percent = axis(spans.filter((one) => one !== null), start, end);
  return run.steps.map((step, place) => {
    const one = spans[place];
    const left = one ? Math.min(percent(one.from), 99) : 0;
    return {
      path: step.path,
      name: step.name || step.path,
      status: step.status,
      waits: waits(step),
      left,
      width: one ? Math.min(Math.max(percent(one.to) - left, 1), 100 - left) : 0,
      took: one ? span(one.to - one.from) : "",
      step,
    };
  });
}

/** The colour family of a card's word. */
export function tone(word: string): "good" | "bad" | "attention" | "active" | "faint" {
  switch (word) {
    case "Succeeded":
      return "good";
    case "Failed":
    case "Rejected":
    case "Broken":
      return "bad";
    case "Needs you":
    case "Stalled":
      return "attention";
    case "Running":
    case "Waiting":
    case "Undoing":
      return "active";
    default:
      return "faint";
  }
}

/** Splits a sentence at its `code`, so that it can be drawn as such: odd places are code. */
export const codeParts = (sentence: string): string[] => sentence.split("`");

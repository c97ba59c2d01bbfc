import { describe, expect, it } from "vitest";
import type { Run, Step } from "../src/demo/api";
import { axis, codeParts, rows, span, tone } from "../src/demo/timeline";

const START = Date.UTC(2026, 10, 20, 12);
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

function step(path: string, more: Partial<Step> = {}): Step {
  return {
    path, name: path, kind: "action", action: "shell.run", status: "completed", attempts: 1, input: null, output: null,
    error: null, started_at: null, ended_at: null, log: false, ...more,
  };
}

function run(steps: Step[], more: Partial<Run> = {}): Run {
  return {
    id: "run_1", number: 1, label: "R-1", workflow: "w", title: "W", status: "running", word: "Running", waiting_for: null,
    error: null, started_by: "ci", started_at: at(0), ended_at: null, created_at: at(0), steps, ...more,
  };
}

describe("rows", () => {
  it("stand where they happened, in proportion", () => {
    const [one, two] = rows(run([step("a", { started_at: at(0), ended_at: at(5) }), step("b", { started_at: at(5), ended_at: at(10) })], { ended_at: at(10) }), 0);
    expect([one?.left, one?.width, one?.took]).toEqual([0, 50, "5.0 s"]);
    expect([two?.left, two?.width]).toEqual([50, 50]);
  });

  it("grow with the time while they run, and are nowhere before they begin", () => {
    const now = START + 20_000;
    const [one, two] = rows(run([step("a", { status: "running", started_at: at(10) }), step("b", { status: "pending" })]), now);
    expect([one?.took, (one?.left ?? 0) + (one?.width ?? 0)]).toEqual(["10 s", 100]);
    expect([two?.left, two?.width, two?.took]).toEqual([0, 0, ""]);
  });

  it("leave room for work when somebody waited for an hour", () => {
    const found = rows(run([
      step("test", { started_at: at(0), ended_at: at(8) }),
      step("ask", { kind: "approval", started_at: at(8), ended_at: at(3608) }),
      step("deploy", { started_at: at(3608), ended_at: at(3610) }),
    ], { ended_at: at(3610) }), 0);
    expect(found.map((row) => Math.round(row.width))).toEqual([44, 45, 11]);
    expect(found.map((row) => row.waits)).toEqual([false, true, false]);
    expect(found[1]?.took).toBe("1 h 0 min");
  });

  it("never stand outside of the line, also where clocks disagree", () => {
    const odd = run([step("a", { started_at: at(30), ended_at: at(31) }), step("b", { started_at: at(-5), ended_at: at(-9) })], { ended_at: at(10) });
    for (const row of rows(odd, 0)) {
      expect(row.left).toBeGreaterThanOrEqual(0);
      expect(row.left + row.width).toBeLessThanOrEqual(100);
      expect(row.width).toBeGreaterThan(0);
    }
  });

  it("are there for a run that has not started", () => {
    expect(rows(run([step("a", { status: "pending" })], { started_at: null }), START)).toHaveLength(1);
  });
});

it("keeps the order of moments on the axis", () => {
  const place = axis([{ from: 0, to: 5, waits: false }, { from: 5, to: 500, waits: true }], 0, 500);
  const found = [0, 2, 5, 100, 499, 500].map(place);
  expect(found).toEqual([...found].sort((a, b) => a - b));
  expect([found[0], found.at(-1)]).toEqual([0, 100]);
});

it("writes spans in the unit that reads best", () => {
  expect([4, 994, 996, 9960, 59_600, 61_000, 3_720_000].map(span)).toEqual(["4 ms", "994 ms", "1.0 s", "10 s", "1 min 0 s", "1 min 1 s", "1 h 2 min"]);
});

it("gives each word of a card a colour", () => {
  expect(["Succeeded", "Rejected", "Needs you", "Running", "Cancelled", "Queued"].map(tone)).toEqual(["good", "bad", "attention", "active", "faint", "faint"]);
});

it("finds the code in a sentence", () => {
  expect(codeParts("Running `deploy` now")).toEqual(["Running ", "deploy", " now"]);
});

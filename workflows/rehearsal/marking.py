"""From a change of the core to lines of the timeline: what a step came to, in the order of things."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from workflows.core.codec import error_to_json
from workflows.core.plan import ForEach, Parallel, Repeat, Switch
from workflows.core.state import FINAL, PENDING, StepState, StepStatus
from workflows.rehearsal.hall import Run
from workflows.rehearsal.timeline import Kind
from workflows.runtimes.host.masks import HIDDEN
from workflows.runtimes.host.veiling import hides

__all__ = ["Marking"]

BODIES: Final = (ForEach, Parallel, Switch, Repeat)
LAST: Final = (2**62,)  # a step with bodies ends after all that is in them
KINDS: Final[dict[StepStatus, Kind]] = {
    StepStatus.COMPLETED: "completed",
    StepStatus.FAILED: "failed",
    StepStatus.SKIPPED: "skipped",
    StepStatus.NOT_TAKEN: "not_taken",
    StepStatus.CANCELLED: "cancelled",
    StepStatus.COMPENSATED: "compensated",
}


class Marking:
    """Compares the steps of one run with how they stood before."""

    def __init__(self, run: Run, samples: Collection[str]) -> None:
        self._run = run
        self._core = run.core
        self._seen: dict[str, StepStatus] = {}
        self._samples = samples  # paths whose output nobody said

    def mark(self, changed: Iterable[str]) -> None:
        """Note what became of the steps at *changed*."""
        core = self._core
        moved = [path for path in changed if self._seen.get(path, PENDING) != self._status(path)]
        over = [path for path in moved if self._status(path) in FINAL]
        for path in over:
            if core.node(path).step.secret_output and not core.is_gate(path):
                self._run.hall.timeline.hide(core.steps[path].output)
        for path in sorted(over, key=lambda each: (*core.order(each), *LAST)):
            self._ended(path, core.steps[path])
        for path in sorted(set(moved).difference(over), key=core.order):
            self._goes_on(path, core.steps[path])
        self._seen.update((path, self._status(path)) for path in moved)

    def _status(self, path: str) -> StepStatus:
        return self._core.steps[path].status

    def _ended(self, path: str, step: StepState) -> None:
        kind, more = KINDS[step.status], dict[str, Any]()
        if kind == "completed":
            more["output"] = HIDDEN if self._hides(path) else step.output
            if path in self._samples:
                more["text"] = "a sample of its result"
        if step.error is not None and kind in ("failed", "cancelled"):
            more["error"] = error_to_json(step.error)
        self._run.note(path, kind, **more)

    def _hides(self, path: str) -> bool:
        """Say whether people may not see the output of the step at *path*, as its record has it."""
        return hides(self._core.node(path)) and not self._core.is_gate(path)

    def _goes_on(self, path: str, step: StepState) -> None:
        open_, note = self._core.state.open.get(path), self._run.note
        if open_ == "unknown":
            text = "nobody knows whether it happened; a person must say: retry, done or fail"
            note(path, "waiting", status="unknown", attempt=step.attempts, text=text)
        elif step.status is StepStatus.WAITING and open_ in ("event", "signal", "timer", "retry"):
            note(path, "waiting", **_waits(step, open_))
        elif self._seen.get(path, PENDING) is PENDING and self._has_bodies(path):
            note(path, "started")

    def _has_bodies(self, path: str) -> bool:
        return isinstance(self._core.node(path).step.verb, BODIES)


def _waits(step: StepState, open_: str) -> dict[str, Any]:
    until = f", until {step.due_at.isoformat()}" if step.due_at is not None else ""
    if open_ == "event":
        return {"params": step.input, "text": f"for the event `{step.input['event']}`{until}"}
    if open_ == "signal":
        return {"params": step.input, "text": f"for the signal `{step.input['signal']}`{until}"}
    if open_ == "timer":
        return {"text": until.removeprefix(", ") or "for its time"}
    error = None if step.error is None else error_to_json(step.error)
    text = f"attempt {step.attempts} failed; tried again{until.replace('until', 'at')}"
    return {"attempt": step.attempts, "error": error, "text": text}

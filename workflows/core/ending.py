"""How a run ends: nothing stays open, nothing stays pending, and the host hears of it once."""

from workflows.core.commands import (
    CancelAction,
    CancelRun,
    ClearTimer,
    CloseApproval,
    CloseWait,
    CompleteRun,
    FailRun,
)
from workflows.core.errors import invariant
from workflows.core.facts import CancelRequested, StepError
from workflows.core.plan import EvaluationFailed, Json
from workflows.core.state import CANCELLED, PENDING, RunStatus, StepState
from workflows.core.turn import Turn


def fail_run(turn: Turn, error: StepError, path: str | None) -> None:
    """Stop what is open because of a failure nobody handles; steps on `always` edges still follow.

    A step that is unknown stays so: only a person ends that, and the run ends after it.
    """
    state = turn.state
    if state.error is not None:
        return
    state.error, state.error_path, state.closing = error, path, True
    turn.clear_timer("run")
    turn.scope.refresh("failed")
    close_all(turn, "the run failed", unknown=False)
    _close_handlers(turn)


def stop_run(turn: Turn, text: str) -> None:
    """End the run as completed, wherever it stands."""
    turn.state.note, turn.state.closing = text, True
    turn.clear_timer("run")
    close_all(turn, "the run was stopped", unknown=False)


def cancel_run(turn: Turn, fact: CancelRequested) -> None:
    """End the run now; unlike a failure, a person's cancel ends unknown steps too."""
    turn.state.by, turn.state.note = fact.by, fact.reason
    close_all(turn, "the run was cancelled", unknown=True)
    turn.commands.append(CancelRun(fact.by, fact.reason))
    _end(turn, RunStatus.CANCELLED)


def conclude(turn: Turn) -> None:
    """End the run if nothing of it is left to happen."""
    state = turn.state
    if state.ended is not None or state.open or state.started_at is None:
        return
    if state.error is None:
        _evaluate_outputs(turn)
    if state.error is not None:
        turn.commands.append(FailRun(state.error, state.error_path))
        _end(turn, RunStatus.FAILED)
    else:
        turn.commands.append(CompleteRun(state.outputs or {}, state.note))
        _end(turn, RunStatus.COMPLETED)


def _evaluate_outputs(turn: Turn) -> None:
    outputs: dict[str, Json] = {}
    for name, template in turn.plan.outputs:
        try:
            outputs[name] = turn.evaluate(f"outputs:{name}", template, turn.scope.names)
        except EvaluationFailed as problem:
            if turn.state.note is None:  # after `stop` what is missing is left out
                turn.state.error = StepError("expression", f"output {name!r}: {problem}")
                return
    turn.state.outputs = outputs


def _end(turn: Turn, status: RunStatus) -> None:
    state = turn.state
    for path in list(state.steps):
        if state.steps[path].status is PENDING:
            turn.pass_over(path, state.steps[path], unreached=True)
    for slot in sorted(state.timers):
        turn.commands.append(ClearTimer(slot))
    state.timers.clear()
    turn.ready.clear()
    turn.settled.clear()
    invariant(not state.open, "nothing is open after the end", open=sorted(state.open))
    state.ended, state.ended_at = status, turn.at
    turn.scope.refresh(status.value)


def close_all(turn: Turn, why: str, *, unknown: bool) -> None:
    """Close everything that is open, in the order of the file; steps `unknown` only if asked to."""
    state = turn.state
    for path in sorted(state.open, key=turn.graph.order.__getitem__):
        if unknown or state.open[path] != "unknown":
            close(turn, path, why)


def close(turn: Turn, path: str, why: str) -> None:
    """Cancel the open step at *path*: its action, its timers, its question, its wait."""
    step, kind = turn.state.steps[path], turn.state.open[path]
    if kind == "action":
        turn.commands.append(CancelAction(path, step.attempts))
    elif kind == "approval":
        turn.commands.append(CloseApproval(path, why))
        unpin(turn, path)
    elif kind == "event":
        turn.commands.append(CloseWait(path, step.attempts))
    for slot in (f"timeout:{path}", f"wait:{path}", f"event:{path}", f"retry:{path}"):
        turn.clear_timer(slot)
    step.error = _why_cancelled(step, kind, why)
    step.asked = step.due_at = None
    step.unreached = True
    turn.mark(path, step, CANCELLED)
    turn.settle(path, step)
    owner = turn.graph.gates.get(path)
    if owner is not None:
        turn.pass_over(owner, turn.state.steps[owner], unreached=True)


def _why_cancelled(step: StepState, kind: str, why: str) -> StepError:
    """Say what is known: an action that may have happened is remembered as such."""
    if kind == "unknown" or (kind == "action" and not step.repeatable):
        return StepError("cancelled", f"{why}; this may have happened", "unknown")
    return StepError("cancelled", why, "failed" if step.attempts else "not_started")


def _close_handlers(turn: Turn) -> None:
    """Leave the on_error lists at work where they stand, and let their steps count as ended."""
    for owner, paths in turn.graph.scopes.items():
        step = turn.state.steps.get(owner) if owner is not None else None
        if owner is None or step is None or not step.handling:
            continue
        for path in paths:
            inner = turn.state.steps[path]
            if inner.status is PENDING:
                turn.pass_over(path, inner, unreached=True)
        turn.settle(owner, step)


def unpin(turn: Turn, gate: str) -> None:
    """Forget the params that only *gate* held on to."""
    pins = turn.state.pins
    for path in list(pins):
        if gate in pins[path].gates:
            pins[path].gates.remove(gate)
            if not pins[path].gates:
                del pins[path]

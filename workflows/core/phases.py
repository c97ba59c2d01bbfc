"""How a run ends: its work, then what takes it back, then the lists for its end, one by one."""

from dataclasses import replace

from workflows.core.commands import CancelRun, ClearTimer, CompleteRun, FailRun
from workflows.core.errors import invariant
from workflows.core.facts import StepError
from workflows.core.frames import enter_phase
from workflows.core.plan import EvaluationFailed, Json
from workflows.core.state import PENDING, WORK, Phase, RunStatus, State
from workflows.core.turn import Turn
from workflows.core.undo import begin_next

_ORDER = tuple(Phase)
_COMPENSATING, _FINALLY = Phase.COMPENSATING, Phase.FINALLY


def conclude(turn: Turn) -> bool:
    """Go on to the next phase if nothing of this one is left; False where nothing was set off."""
    state = turn.state
    if state.open or state.ended is not None or state.started_at is None:
        return False
    if state.paused_at is not None:
        return False
    if state.phase is WORK and state.error is None and state.cancelled is None:
        _evaluate_outputs(turn)
    if state.phase is _COMPENSATING and state.cancelled != "now" and begin_next(turn):
        return True
    follows = state.undo or turn.graph.phases
    if follows and any(
        _is_due(turn, phase) and _begin(turn, phase) for phase in _after(state.phase)
    ):
        return True
    end(turn)
    return False


def _after(phase: Phase) -> tuple[Phase, ...]:
    return _ORDER[_ORDER.index(phase) + 1 :]


def _begin(turn: Turn, phase: Phase) -> bool:
    _leave_work(turn)
    turn.state.phase = phase
    if phase is _COMPENSATING:
        return begin_next(turn)
    enter_phase(turn, phase.value)
    return True


def _is_due(turn: Turn, phase: Phase) -> bool:
    state = turn.state
    fails = state.error is not None and state.cancelled is None
    if phase is _COMPENSATING:
        return bool(state.undo) and (fails or state.cancelled == "compensate")
    if state.reopened or phase.value not in turn.graph.phases:
        return False
    if phase is Phase.ON_FAILURE:
        return fails
    return phase is _FINALLY or state.cancelled is not None


def _leave_work(turn: Turn) -> None:
    """Settle what never began, and show what follows how the run ended."""
    if turn.state.phase is WORK:
        turn.clear_timer("run")
        _pass_over_rest(turn)
        turn.scope.refresh(outcome(turn.state).value)


def outcome(state: State) -> RunStatus:
    """Return how the run ends, as far as it is known."""
    if state.cancelled is not None:
        return RunStatus.CANCELLED
    return RunStatus.COMPLETED if state.error is None else RunStatus.FAILED


def end(turn: Turn) -> None:
    """End the run: nothing stays open, nothing stays pending, and the host hears of it once."""
    state = turn.state
    _take_in_finally(turn)
    status = outcome(state)
    if status is RunStatus.CANCELLED:
        turn.commands.append(CancelRun(state.by or "", state.note or ""))
    elif state.error is not None:
        _name_what_is_left(state, state.error)
        turn.commands.append(FailRun(state.error, state.error_path))
    else:
        turn.commands.append(CompleteRun(state.outputs or {}, state.note))
    _pass_over_rest(turn)
    for slot in sorted(state.timers):
        turn.commands.append(ClearTimer(slot))
    state.timers.clear()
    invariant(not state.open, "nothing is open after the end", open=sorted(state.open))
    state.ended, state.ended_at = status, turn.at
    turn.scope.refresh(status.value)


def _take_in_finally(turn: Turn) -> None:
    """Let a failed `finally` fail a run that completed; nothing that went before is changed by it."""
    state, frame = turn.state, turn.state.frames.get(f"{_FINALLY}.")
    if state.phase is _FINALLY and frame is not None and state.error is None:
        state.error, state.error_path = frame.error, frame.error_path


def _name_what_is_left(state: State, error: StepError) -> None:
    if state.not_undone:
        left = "; ".join(f"{each.path}: {each.problem}" for each in state.not_undone)
        state.error = replace(error, message=f"{error.message} (not taken back: {left})")


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


def _pass_over_rest(turn: Turn) -> None:
    state = turn.state
    for path in list(state.steps):
        if state.steps[path].status is PENDING:
            turn.pass_over(path, state.steps[path], unreached=True)
    turn.ready.clear()
    turn.settled.clear()
    turn.over.clear()
    state.held.clear()

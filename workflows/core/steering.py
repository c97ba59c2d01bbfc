"""What people do to a run as a whole: cancel it, pause it, take it back; and to one step: leave it out."""

from datetime import timedelta

from workflows.core.attempts import run_again
from workflows.core.ending import close_bodies, close_inside, release
from workflows.core.facts import (
    CancelRequested,
    PauseRequested,
    ResumeRequested,
    RollbackRequested,
    SkipRequested,
    StepError,
    StepResolved,
)
from workflows.core.failures import fail_step
from workflows.core.frames import standing
from workflows.core.layout import UNDO
from workflows.core.phases import end
from workflows.core.plan import Approval, Node
from workflows.core.state import (
    CANCELLED,
    PENDING,
    RUNNING,
    SKIPPED,
    UNKNOWN,
    WAITING,
    WORK,
    Phase,
    StepState,
)
from workflows.core.turn import Turn

_CAN_BE_SKIPPED = frozenset({PENDING, RUNNING, WAITING, UNKNOWN})


def cancel(turn: Turn, fact: CancelRequested) -> None:
    """End the run; unlike a failure, a person's cancel ends unknown steps too.

    Its lists for the end still run. A second cancel without compensation ends those as well.
    """
    state = turn.state
    if fact.mode == "compensate" and (state.phase is not WORK or state.cancelled is not None):
        turn.late("the run is ending already")
        return
    at_once = state.cancelled == "now" or state.started_at is None
    state.by, state.note, state.cancelled = fact.by, fact.reason, fact.mode
    _stop_everything(turn, "the run was cancelled")
    if at_once:
        end(turn)


def rollback(turn: Turn, fact: RollbackRequested) -> None:
    """Take back what the run did: one that goes on ends by it, one that has ended ends again."""
    state = turn.state
    if state.ended is None:
        if state.phase is not WORK or state.cancelled is not None:
            turn.late("the run is ending already")
            return
        _stop_everything(turn, "the run is taken back")
    else:
        if not state.undo and not state.not_undone:
            turn.late("nothing is left to take back")
            return
        state.undo += reversed(state.not_undone)
        state.ended = state.ended_at = state.error = state.error_path = None
        state.reopened, state.phase = True, Phase.COMPENSATING
        state.not_undone = []
    state.by, state.note, state.cancelled = fact.by, fact.reason, "compensate"
    turn.scope.refresh("cancelled")


def _stop_everything(turn: Turn, why: str) -> None:
    state = turn.state
    state.closing = True
    state.paused_at = state.time_left = None
    state.held.clear()
    frames = tuple(prefix for prefix, frame in state.frames.items() if frame.owner is None)
    close_inside(turn, ("",), why, hard=False, unknown=True)
    close_inside(turn, frames, why, unknown=True)


def pause(turn: Turn, fact: PauseRequested) -> None:
    """Keep back all that would begin, and stop the clock of the run."""
    state = turn.state
    if state.paused_at is not None:
        turn.late("the run is paused already")
        return
    state.paused_at = fact.at
    due_at = state.timers.get("run")
    if due_at is not None:
        state.time_left = (due_at - fact.at).total_seconds()
        turn.clear_timer("run")


def resume(turn: Turn, _: ResumeRequested) -> None:
    """Begin what was kept back, in order."""
    state = turn.state
    if state.paused_at is None:
        turn.late("the run is not paused")
        return
    state.paused_at = None
    if state.time_left is not None:
        turn.set_timer("run", turn.after(timedelta(seconds=max(0.0, state.time_left))))
        state.time_left = None
    turn.ready.extend(state.held)
    state.held.clear()


def skip(turn: Turn, fact: SkipRequested) -> None:
    """Leave out a step that is to come, or that is at work; what depends on it goes on."""
    path = turn.gated(fact.path) or fact.path
    node, step = turn.nodes.get(path), turn.state.steps.get(path)
    problem = why_not_skipped(node)
    if problem is None and (
        step is None or step.status not in _CAN_BE_SKIPPED or step.settled or step.left_out
    ):
        problem = f"step {fact.path!r} is neither to come nor at work"
    if node is None or step is None or problem is not None or _has_moved_on(turn, node):
        turn.late(problem or f"the run has moved on without step {fact.path!r}")
        return
    if step.status is PENDING and not step.begun:
        step.left_out = True  # in its turn: what depends on it still waits for what it waits for
        turn.changed.add(path)
        return
    if turn.state.open.get(node.gate) == "approval":
        _withdraw(turn, node.gate)
    release(turn, path, f"skipped by {fact.by}")
    close_bodies(turn, step, f"skipped by {fact.by}")
    turn.state.pins.pop(path, None)
    leave_out(turn, path, step)


def why_not_skipped(node: Node | None) -> str | None:
    """Say why a step may not be left out; None where it may."""
    if node is None:
        return "there is no such step"
    if isinstance(node.step.verb, Approval):
        return f"step {node.path!r} asks people: it is answered, not skipped"
    return None


def leave_out(turn: Turn, path: str, step: StepState) -> None:
    step.begun, step.error = True, None
    turn.mark(path, step, SKIPPED)
    turn.settle(path, step)


def _withdraw(turn: Turn, gate: str) -> None:
    step = turn.state.steps[gate]
    release(turn, gate, "the step was skipped")
    step.error = StepError("cancelled", "the step was skipped", "not_started")
    turn.mark(gate, step, CANCELLED)
    turn.settle(gate, step)


def _has_moved_on(turn: Turn, node: Node) -> bool:
    """Whether what the step stands in goes on, or has ended, without it."""
    if node.scope == UNDO:
        return False
    scope, frames = standing(turn, node), turn.state.frames
    if not scope:
        return turn.state.error is not None or turn.state.note is not None
    return frames[scope].closing or any(
        frames[each].over is not None for each in (scope, node.scope)
    )


def resolve(turn: Turn, fact: StepResolved) -> None:
    """Take a person's word for what became of a step."""
    if turn.state.open.get(fact.path) != "unknown":
        turn.late(f"step {fact.path!r} is not unknown")
        return
    node, step = turn.nodes[fact.path], turn.state.steps[fact.path]
    if fact.outcome == "done":
        turn.complete(node, step, fact.output)
    elif fact.outcome == "fail":
        text = f"Marked as failed by {fact.by}"
        fail_step(turn, node, step, StepError("failed", text, "unknown"))
    elif _has_moved_on(turn, node):
        text = "it did not happen, and the run has moved on"
        step.error, step.unreached = StepError("cancelled", text, "not_started"), True
        turn.mark(fact.path, step, CANCELLED)
        turn.settle(fact.path, step)
    else:
        step.redo += 1
        step.failures, step.error = 0, None
        run_again(turn, node, step)

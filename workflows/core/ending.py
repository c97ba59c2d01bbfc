"""How things are closed: a step, the bodies of a step, all that is open in a run."""

from collections.abc import Sequence

from workflows.core.commands import CancelAction, CancelChild, CloseApproval, CloseWait
from workflows.core.facts import StepError
from workflows.core.frames import handlers
from workflows.core.state import CANCELLED, PENDING, RUNNING, WAITING, WORK, OpenKind, StepState
from workflows.core.turn import Turn

_AT_WORK = frozenset({RUNNING, WAITING})
_SLOTS = ("timeout", "wait", "event", "retry", "turn")


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
    close_inside(turn, ("",), "the run failed", hard=False)


def stop_run(turn: Turn, text: str) -> None:
    """Let the run complete, wherever it stands; in a list for its end, only that list."""
    if turn.state.phase is not WORK:
        close_inside(turn, (f"{turn.state.phase}.",), "the list was stopped")
        return
    turn.state.note, turn.state.closing = text, True
    turn.clear_timer("run")
    close_inside(turn, ("",), "the run was stopped", hard=False)


def close_inside(
    turn: Turn, prefixes: tuple[str, ...], why: str, *, hard: bool = True, unknown: bool = False
) -> None:
    """Close what is open in the frames *prefixes*, in the order of the file; "" stands for the run.

    *hard* ends the frames themselves: nothing in them begins any more. Steps that are unknown are
    closed only if *unknown* says so, since only a person can know.
    """
    opened = turn.state.open
    for path in sorted([path for path in opened if path.startswith(prefixes)], key=turn.order):
        if path in opened and (unknown or opened[path] != "unknown"):
            close(turn, path, why)
    for prefix in prefixes:
        _sweep(turn, prefix, why, hard=hard)


def close_bodies(turn: Turn, step: StepState, why: str, *, spare: str | None = None) -> None:
    """End the frames at work of a step, all but *spare*."""
    if step.progress is not None:
        opened = step.progress.open
        prefixes = tuple(sorted(opened.keys() - {spare}, key=opened.__getitem__))
        close_inside(turn, prefixes, why)
        for prefix in prefixes:
            del opened[prefix]


def close(turn: Turn, path: str, why: str) -> None:
    """Cancel the open step at *path*: its action, its child, its timers, its question, its wait."""
    step, kind = turn.state.steps[path], turn.state.open[path]
    release(turn, path, why)
    step.error = _why_cancelled(step, kind, why)
    step.unreached = True
    turn.mark(path, step, CANCELLED)
    turn.settle(path, step)
    owner = turn.gated(path)
    if owner is not None and turn.state.steps[owner].status is PENDING:
        turn.pass_over(owner, turn.state.steps[owner], unreached=True)


def release(turn: Turn, path: str, why: str) -> None:
    """Take back what the step at *path* asked its host for; how it goes on is the caller's."""
    step, kind = turn.state.steps[path], turn.state.open.get(path)
    if kind == "action":
        turn.commands.append(CancelAction(path, step.attempts))
    elif kind == "child":
        mode = turn.state.cancelled or "compensate"
        turn.commands.append(CancelChild(path, step.attempts, mode))
    elif kind == "approval":
        turn.commands.append(CloseApproval(path, why))
        unpin(turn, path)
    elif kind == "event":
        turn.commands.append(CloseWait(path, step.attempts))
    for slot in _SLOTS:
        turn.clear_timer(f"{slot}:{path}")
    step.asked = step.due_at = None


def unpin(turn: Turn, gate: str) -> None:
    """Forget the params that only *gate* held on to."""
    pins = turn.state.pins
    for path in list(pins):
        if gate in pins[path].gates:
            pins[path].gates.remove(gate)
            if not pins[path].gates:
                del pins[path]


def _sweep(turn: Turn, prefix: str, why: str, *, hard: bool) -> None:
    """Close the bodies at work in a frame; *hard*: and the frame, with all that did not begin."""
    for path in _paths(turn, prefix):
        step = turn.state.steps[path]
        if step.handling:
            _sweep(turn, handlers(path), why, hard=True)
            turn.settle(path, step)
        elif step.progress is not None and step.status in _AT_WORK:
            _close_container(turn, path, step, why)
        elif hard and step.status is PENDING:
            turn.pass_over(path, step, unreached=True)
    if hard:
        turn.state.frames[prefix].over = "closed"
        turn.scope.forget(prefix)


def _close_container(turn: Turn, path: str, step: StepState, why: str) -> None:
    turn.clear_timer(f"timeout:{path}")
    if step.progress is not None:
        for prefix in sorted(step.progress.open, key=step.progress.open.__getitem__):
            _sweep(turn, prefix, why, hard=True)
        step.progress.open.clear()
    step.error = StepError("cancelled", why)
    step.unreached = True
    turn.mark(path, step, CANCELLED)
    turn.settle(path, step)


def _paths(turn: Turn, prefix: str) -> Sequence[str]:
    if not prefix:
        return turn.graph.scopes[None]
    return [prefix + node.path for node in turn.body(turn.state.frames[prefix]).nodes]


def _why_cancelled(step: StepState, kind: OpenKind, why: str) -> StepError:
    """Say what is known: an action that may have happened is remembered as such."""
    if kind == "unknown" or (kind == "action" and not step.repeatable):
        return StepError("cancelled", f"{why}; this may have happened", "unknown")
    return StepError("cancelled", why, "failed" if step.attempts else "not_started")

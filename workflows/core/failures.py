"""What a failed step means: somebody handles it, or it fails the body it stands in, or the run."""

from workflows.core.commands import Tell
from workflows.core.ending import close_bodies, close_inside, fail_run
from workflows.core.facts import StepError
from workflows.core.frames import enter, handlers, standing, too_deep
from workflows.core.layout import ERROR, UNDO
from workflows.core.plan import Approval, EvaluationFailed, Fail, Node, On, Parallel, Verb
from workflows.core.state import CANCELLED, FAILED, NOT_TAKEN, WORK, Frame, Progress, StepState
from workflows.core.turn import Turn

_ANSWERS = frozenset({"rejected", "expired"})  # people know: the card says so


def fail_step(
    turn: Turn, node: Node, step: StepState, error: StepError, *, cause: str | None = None
) -> None:
    """End the step as failed, and hand the failure to whoever handles it.

    *cause* is the step inside it whose failure this is: people have been told of that one.
    """
    step.error, step.due_at = error, None
    turn.state.open.pop(node.path, None)
    turn.mark(node.path, step, FAILED)
    if cause is None and error.type not in _ANSWERS and node.scope != UNDO:
        turn.commands.append(Tell("failed", node.path, error.message))
    _hand_over(turn, node, step, cause or node.path)


def fail_container(turn: Turn, node: Node, step: StepState, error: StepError) -> None:
    """End a step on its own account, with all that is at work in it."""
    turn.clear_timer(f"timeout:{node.path}")
    close_bodies(turn, step, "the step around it failed")
    fail_step(turn, node, step, error)


def fail_expression(turn: Turn, node: Node, step: StepState, problem: EvaluationFailed) -> None:
    """End the step as failed because a value of it could not be had."""
    fail_step(turn, node, step, StepError("expression", str(problem)))


def refuse_step(turn: Turn, node: Node, step: StepState, error: StepError) -> None:
    """Leave the step untaken because its own gate said no; its failure rules apply all the same."""
    step.error = error
    turn.mark(node.path, step, NOT_TAKEN)
    if error.type not in _ANSWERS:
        turn.commands.append(Tell("failed", node.gate, error.message))
    _hand_over(turn, node, step, node.gate)


def _hand_over(turn: Turn, node: Node, step: StepState, failed: str) -> None:
    error = step.error
    if error is None:
        return
    if node.scope == UNDO or _is_gone(turn, node):
        turn.settle(node.path, step)  # what it belonged to has gone on without it
        return
    if not isinstance(node.step.verb, Fail):
        if isinstance(node.step.on_error, tuple) and node.step.on_error:
            deep = too_deep(turn, node)
            if deep is None:
                step.handling = True
                enter(turn, node, ERROR, handlers(node.path))
                return
            step.error = error = deep
        else:
            step.handled = _is_handled(turn, node)
    if not step.handled:
        fail_scope(turn, node, error, failed)
    turn.settle(node.path, step)


def _is_gone(turn: Turn, node: Node) -> bool:
    """Whether the step was unknown for longer than the body it stands in was at work."""
    frame = turn.state.frames.get(node.scope)
    return frame is not None and frame.over is not None and standing(turn, node) != ""


def _is_handled(turn: Turn, node: Node) -> bool:
    """A No is never a Yes: `continue` does not count on what asks people."""
    asks = isinstance(node.step.verb, Approval) or node.step.gate is not None
    if node.step.on_error == "continue" and not asks:
        return True
    return any(_takes_failure(turn, path, edge) for path, edge in node.dependants)


def _takes_failure(turn: Turn, path: str, edge: int) -> bool:
    if turn.nodes[path].step.needs[edge].on is not On.FAILURE:
        return False
    return turn.state.steps[path].status not in {NOT_TAKEN, CANCELLED}


def fail_scope(turn: Turn, node: Node, error: StepError, path: str) -> None:
    """Fail the body in which nobody handled a failure; the verb `fail` ends all that goes on."""
    frames, scope = turn.state.frames, node.scope
    while scope and frames[scope].body == ERROR:
        frames[scope].error, frames[scope].error_path = error, path
        scope = turn.nodes[frames[scope].owner or ""].scope
    if isinstance(node.step.verb, Fail):
        scope = "" if turn.state.phase is WORK else f"{turn.state.phase}."
    if not scope:
        fail_run(turn, error, path)
    elif not frames[scope].closing and frames[scope].over is None:
        _fail_frame(turn, scope, frames[scope], (error, path))


def _fail_frame(turn: Turn, prefix: str, frame: Frame, why: tuple[StepError, str]) -> None:
    frame.closing = True
    frame.error, frame.error_path = why
    close_inside(turn, (prefix,), "a step beside it failed", hard=False)
    if frame.owner is not None:
        step = turn.state.steps[frame.owner]
        if step.progress is not None:
            step.progress.failed += 1
            if is_lost(turn.nodes[frame.owner].step.verb, step.progress):
                close_bodies(turn, step, "a step beside it failed", spare=prefix)


def is_lost(verb: Verb, progress: Progress) -> bool:
    """Whether so many bodies failed that the step around them fails."""
    if isinstance(verb, Parallel) and verb.join is not None:
        return progress.total - progress.failed < verb.join
    return progress.failed > 0

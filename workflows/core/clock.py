"""Waits for the clock: a duration, or until a time."""

from datetime import datetime, timedelta

from workflows.core.attempts import LONGEST
from workflows.core.plan import EvaluationFailed, Json, Node, Wait
from workflows.core.state import WAITING, StepState
from workflows.core.turn import Turn
from workflows.core.wording import shown


def wait(turn: Turn, node: Node, step: StepState, verb: Wait) -> None:
    """Set the timer of the step; a time that is past is no wait.

    Raises:
        EvaluationFailed: it cannot be said how long.
    """
    due_at = _due(turn, node, verb)
    step.input = {"until": due_at.isoformat()}
    if due_at <= turn.at:
        turn.complete(node, step, None)
        return
    turn.mark(node.path, step, WAITING)
    step.due_at = due_at
    turn.hold(node.path, "timer")
    turn.set_timer(f"wait:{node.path}", due_at)
    if node.step.timeout is not None:
        turn.set_timer(f"timeout:{node.path}", turn.after(node.step.timeout))


def _due(turn: Turn, node: Node, verb: Wait) -> datetime:
    names = turn.scope.of(node)
    if verb.until is not None:
        return _moment(turn.evaluate(f"until:{node.path}", verb.until, names))
    if verb.duration is None or isinstance(verb.duration, timedelta):
        return turn.after(verb.duration or timedelta(0))
    return turn.after(_seconds(turn.evaluate(f"wait:{node.path}", verb.duration, names)))


def _moment(value: Json) -> datetime:
    try:
        moment = datetime.fromisoformat(value.upper()) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise EvaluationFailed(
            f"`wait.until` needs an RFC 3339 time with offset, got {shown(value)}"
        )
    return moment


def _seconds(value: Json) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  # NaN
        raise EvaluationFailed(f"`wait` needs a duration, got {shown(value)}")
    return timedelta(seconds=min(max(0.0, value), LONGEST.total_seconds()))

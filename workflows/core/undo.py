"""Taking back: every completed step with `compensate`, one at a time, the latest first."""

from workflows.core.attempts import perform
from workflows.core.commands import Tell
from workflows.core.facts import StepError
from workflows.core.frames import renew
from workflows.core.plan import Action, EvaluationFailed, Node
from workflows.core.state import COMPENSATED, COMPLETED, FAILED, StepState, Undoing
from workflows.core.turn import Turn


def begin_next(turn: Turn) -> bool:
    """Begin to take back what completed last; False where nothing is left of that."""
    state = turn.state
    while state.undo:
        entry = state.undo.pop()
        node = turn.undoing(entry.path)
        step = state.steps.setdefault(node.path, StepState())
        renew(turn, node.path, step)
        step.begun, step.started_at = True, turn.at
        state.undoing = entry
        turn.changed.add(node.path)
        if entry.params is None and entry.problem is not None:
            _cannot(turn, node, step, entry.problem)
        elif _begin(turn, node, step, entry):
            return True
    return False


def _begin(turn: Turn, node: Node, step: StepState, entry: Undoing) -> bool:
    entry.problem = None
    if isinstance(node.step.verb, Action):
        try:
            perform(turn, node, step, node.step.verb, params=entry.params)
        except EvaluationFailed as problem:
            _cannot(turn, node, step, str(problem))
            return False
    return True


def _cannot(turn: Turn, node: Node, step: StepState, why: str) -> None:
    """Pass over what cannot be taken back at all."""
    step.error = StepError("expression", why, "not_started")
    turn.mark(node.path, step, FAILED)
    step.settled = True
    _note(turn, node, step)


def undone(turn: Turn, node: Node) -> None:
    """Show the step as taken back, or say that it was not."""
    step = turn.state.steps[node.path]
    if step.status is COMPLETED:
        turn.state.undoing = None
        base = turn.state.steps[node.owner or ""]
        if base.status is COMPLETED:
            turn.mark(node.owner or "", base, COMPENSATED)
    else:
        _note(turn, node, step)


def _note(turn: Turn, node: Node, step: StepState) -> None:
    entry, turn.state.undoing = turn.state.undoing, None
    if entry is not None:
        entry.problem = "it was left out" if step.error is None else step.error.message
        turn.state.not_undone.append(entry)
        turn.commands.append(Tell("not_undone", node.path, entry.problem))

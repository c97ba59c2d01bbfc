"""What a failed step means to the run: it is handled, or the run fails."""

from workflows.core.commands import Tell
from workflows.core.ending import fail_run
from workflows.core.facts import StepError
from workflows.core.plan import Approval, EvaluationFailed, Fail, Node, On
from workflows.core.state import CANCELLED, FAILED, NOT_TAKEN, StepState
from workflows.core.turn import Turn

_ANSWERS = frozenset({"rejected", "expired"})  # people know: the card says so


def fail_step(turn: Turn, node: Node, step: StepState, error: StepError) -> None:
    """End the step as failed, and hand the failure to whoever handles it."""
    step.error, step.due_at = error, None
    turn.state.open.pop(node.path, None)
    turn.mark(node.path, step, FAILED)
    _hand_over(turn, node, step, node.path)


def fail_expression(turn: Turn, node: Node, step: StepState, problem: EvaluationFailed) -> None:
    """End the step as failed because a value of it could not be had."""
    fail_step(turn, node, step, StepError("expression", str(problem)))


def refuse_step(turn: Turn, node: Node, step: StepState, error: StepError) -> None:
    """Leave the step untaken because its own gate said no; its failure rules apply all the same."""
    step.error = error
    turn.mark(node.path, step, NOT_TAKEN)
    _hand_over(turn, node, step, node.gate)


def _hand_over(turn: Turn, node: Node, step: StepState, failed: str) -> None:
    error = step.error
    if error is None:
        return
    if error.type not in _ANSWERS:
        turn.commands.append(Tell("failed", failed, error.message))
    if not isinstance(node.step.verb, Fail):
        if isinstance(node.step.on_error, tuple) and node.step.on_error:
            step.handling = True
            _enter_handlers(turn, node)
            return
        step.handled = _is_handled(turn, node)
    if not step.handled:
        fail_run(turn, error, failed)
    turn.settle(node.path, step)


def _is_handled(turn: Turn, node: Node) -> bool:
    """A No is never a Yes: `continue` does not count on what asks people."""
    asks = isinstance(node.step.verb, Approval) or node.step.gate is not None
    if node.step.on_error == "continue" and not asks:
        return True
    return any(_takes_failure(turn, path, edge) for path, edge in node.dependants)


def _takes_failure(turn: Turn, path: str, edge: int) -> bool:
    if turn.graph.nodes[path].step.needs[edge].on is not On.FAILURE:
        return False
    return turn.state.steps[path].status not in {NOT_TAKEN, CANCELLED}


def _enter_handlers(turn: Turn, node: Node) -> None:
    for path in turn.graph.scopes[node.path]:
        turn.state.steps.setdefault(path, StepState())
        turn.changed.add(path)
        inner = turn.graph.nodes[path]
        if not inner.step.needs and not inner.guards:
            turn.ready.append(path)

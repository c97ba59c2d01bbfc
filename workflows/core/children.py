"""Child runs: begun in the revision that was pinned when their parent began, and waited for."""

from workflows.core.attempts import attempt_failed, run_child
from workflows.core.codec import to_json
from workflows.core.facts import ChildCompleted, ChildFailed, StepError
from workflows.core.failures import fail_step
from workflows.core.plan import Child, EvaluationFailed, Node
from workflows.core.state import StepState
from workflows.core.turn import Turn
from workflows.core.wording import kind_of


def begin_child(turn: Turn, node: Node, step: StepState, verb: Child) -> None:
    """Begin a run of another workflow.

    Raises:
        EvaluationFailed: its inputs have no value.
    """
    path = node.path
    inputs = turn.evaluate(f"inputs:{path}", verb.inputs, turn.scope.of(node))
    if not isinstance(inputs, dict):
        raise EvaluationFailed(f"the inputs of a workflow are a map, got {kind_of(inputs)}")
    step.input = inputs
    if verb.workflow in turn.state.children:
        run_child(turn, node, step)
    else:
        text = f"there was no workflow `{verb.workflow}` when the run began"
        step.attempts += 1
        fail_step(turn, node, step, StepError("child", text, "not_started"))


def completed(turn: Turn, fact: ChildCompleted) -> None:
    """Complete the step with the outputs of its child; of a detached one, with where it is."""
    step = _waited_for(turn, fact.path, fact.attempt)
    if step is not None:
        turn.clear_timer(f"timeout:{fact.path}")
        turn.complete(turn.nodes[fact.path], step, to_json(fact.outputs))


def failed(turn: Turn, fact: ChildFailed) -> None:
    step = _waited_for(turn, fact.path, fact.attempt)
    if step is not None:
        turn.clear_timer(f"timeout:{fact.path}")
        attempt_failed(turn, turn.nodes[fact.path], step, fact.error)


def _waited_for(turn: Turn, path: str, attempt: int) -> StepState | None:
    """Return the step at *path* if it waits for the child of *attempt*."""
    if turn.state.open.get(path) != "child":
        turn.late(f"step {path!r} waits for no child")
        return None
    step = turn.state.steps[path]
    if step.attempts != attempt:
        turn.late(f"child {attempt} of step {path!r} is not the one that it waits for")
        return None
    return step

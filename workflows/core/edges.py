"""Which step comes next: edges that hold, edges that cannot, and guards."""

from workflows.core.failures import fail_expression
from workflows.core.plan import EvaluationFailed, Node, On
from workflows.core.state import FINAL, StepState, StepStatus
from workflows.core.turn import Turn

_YES = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED})


def propagate(turn: Turn, path: str) -> None:
    """Tell those who wait for the step at *path* how it ended."""
    node = turn.graph.nodes.get(path)
    if node is None:  # a gate: only its own step waits for it
        return
    steps, ended = turn.state.steps, turn.state.steps[path]
    for target, index in node.dependants:
        waiting = steps[target]
        if waiting.status is StepStatus.PENDING and not waiting.begun:
            _tell(turn, turn.graph.nodes[target], waiting, index, ended)
    for target in node.guarded:
        waiting = steps[target]
        if waiting.status is StepStatus.PENDING and not waiting.begun:
            count_guard(waiting, ended)
            consider(turn, turn.graph.nodes[target], waiting)
    if node.owner is not None:
        _leave_handlers(turn, node.owner)


def _tell(turn: Turn, node: Node, step: StepState, index: int, ended: StepState) -> None:
    if may_start(turn, node):
        count_edge(turn, node, step, index, ended)
        consider(turn, node, step)
    else:
        turn.pass_over(node.path, step, unreached=True)


def consider(turn: Turn, node: Node, step: StepState) -> None:
    """Queue *step* if it may begin; pass it over if it never will."""
    if step.status is not StepStatus.PENDING or step.begun:
        return
    edges = len(node.step.needs)
    any_of = node.step.any_of and edges > 0
    if step.blocked or (step.missed == edges if any_of else step.missed):
        turn.pass_over(node.path, step)
    elif not may_start(turn, node):
        turn.pass_over(node.path, step, unreached=True)
    elif step.cleared == len(node.guards) and (step.held if any_of else step.held == edges):
        turn.ready.append(node.path)


def may_start(turn: Turn, node: Node) -> bool:
    """Whether new steps may begin: after a failure nobody handled, only those on an `always` edge."""
    state = turn.state
    if state.error is None and state.note is None:
        return True
    if state.note is not None:
        return False
    return node.owner is not None or any(edge.on is On.ALWAYS for edge in node.step.needs)


def count_edge(turn: Turn, node: Node, step: StepState, index: int, ended: StepState) -> None:
    """Count the edge number *index* of *node* as one that holds, or one that cannot."""
    try:
        holds = _holds(turn, node, index, ended)
    except EvaluationFailed as problem:
        step.started_at = turn.now
        fail_expression(turn, node, step, problem)
        return
    if holds:
        step.held += 1
    else:
        step.missed += 1


def count_guard(step: StepState, ended: StepState) -> None:
    if ended.status in _YES:
        step.cleared += 1
    else:
        step.blocked = True


def _holds(turn: Turn, node: Node, index: int, ended: StepState) -> bool:
    edge = node.step.needs[index]
    if edge.condition is None:
        return _asked(edge.on, ended)
    failed = ended.status is StepStatus.FAILED
    taken = failed or ended.status in _YES
    if edge.on is not On.DEFAULT:
        taken = _asked(edge.on, ended)
    if not taken:
        return False
    names = turn.scope.of(node)
    return bool(turn.evaluate(f"edge:{node.path}:{index}", edge.condition, names))


def _asked(on: On, ended: StepState) -> bool:
    if on is On.ALWAYS:
        return True
    if on is On.SUCCESS:
        return ended.status is StepStatus.COMPLETED
    if on is On.FAILURE:
        return ended.status is StepStatus.FAILED or was_refused(ended)
    return ended.status in _YES or ended.handled


def was_refused(step: StepState) -> bool:
    """Whether the step's own gate said no, which is a failure of a step that never started."""
    return step.status is StepStatus.NOT_TAKEN and step.error is not None


def _leave_handlers(turn: Turn, owner: str) -> None:
    """Call the failure of *owner* handled once all that handles it has ended."""
    step = turn.state.steps[owner]
    if not step.handling or step.settled:
        return
    if all(is_settled(turn.state.steps[path]) for path in turn.graph.scopes[owner]):
        step.handling, step.handled = False, True
        turn.changed.add(owner)
        turn.settle(owner, step)


def is_settled(step: StepState) -> bool:
    return step.settled and step.status in FINAL

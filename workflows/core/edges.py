"""Which step comes next: edges that hold, edges that cannot, and guards."""

from workflows.core.failures import fail_expression
from workflows.core.layout import UNDO
from workflows.core.plan import Evaluate, EvaluationFailed, Node, On
from workflows.core.state import COMPLETED, FAILED, FINAL, NOT_TAKEN, PENDING, SKIPPED, StepState
from workflows.core.turn import Turn
from workflows.core.undo import undone

_DEFAULT, _SUCCESS, _ALWAYS = On.DEFAULT, On.SUCCESS, On.ALWAYS
_YES = frozenset({COMPLETED, SKIPPED})


def propagate(turn: Turn, path: str) -> None:
    """Tell those who wait for the step at *path* how it ended."""
    node = turn.nodes.get(path)
    if node is None:  # a gate: only its own step waits for it
        return
    state = turn.state
    steps, ended = state.steps, state.steps[path]
    for target, index in node.dependants:
        waiting = steps[target]
        if waiting.status is not PENDING or waiting.begun:
            continue
        after = turn.nodes[target]
        if not (node.scope or state.closing) or may_start(turn, after):
            count_edge(turn, after, waiting, index, ended)
            consider(turn, after, waiting)
        else:
            turn.pass_over(target, waiting, unreached=True)
    for target in node.guarded:
        waiting = steps[target]
        if waiting.status is PENDING and not waiting.begun:
            count_guard(waiting, ended)
            consider(turn, turn.nodes[target], waiting)
    if node.scope:
        _count_out(turn, node)


def _count_out(turn: Turn, node: Node) -> None:
    """Count a step that ended out of its frame; after the last one the frame is over."""
    if node.scope == UNDO:
        undone(turn, node)
        return
    frame = turn.state.frames[node.scope]
    frame.left -= 1
    if frame.left == 0 and frame.over is None:
        turn.over.append(node.scope)


def consider(turn: Turn, node: Node, step: StepState) -> None:
    """Queue *step* if it may begin; pass it over if it never will."""
    if step.status is not PENDING or step.begun:
        return
    edges = len(node.step.needs)
    any_of = node.step.any_of and edges > 0
    if step.blocked or (step.missed == edges if any_of else step.missed):
        turn.pass_over(node.path, step)
    elif (node.scope or turn.state.closing) and not may_start(turn, node):
        turn.pass_over(node.path, step, unreached=True)
    elif step.cleared == len(node.guards) and (step.held if any_of else step.held == edges):
        turn.ready.append(node.path)


def may_start(turn: Turn, node: Node) -> bool:
    """Whether the step may begin: after a failure nobody handled, only one on an `always` edge."""
    scope, state = node.scope, turn.state
    if scope:
        frame = state.frames[scope]
        if frame.over is not None:
            return False
        if not frame.closing:
            return True
    elif not state.closing:
        return True
    elif state.note is not None:
        return False
    return any(edge.on is _ALWAYS for edge in node.step.needs)


def count_edge(turn: Turn, node: Node, step: StepState, index: int, ended: StepState) -> None:
    """Count the edge number *index* of *node* as one that holds, or one that cannot."""
    edge = node.step.needs[index]
    if edge.condition is None:
        holds = (edge.on is _DEFAULT and ended.status in _YES) or _asked(edge.on, ended)
    else:
        try:
            holds = _holds(turn, node, (index, edge.on, edge.condition), ended)
        except EvaluationFailed as problem:
            step.started_at = turn.at
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


def _holds(turn: Turn, node: Node, edge: tuple[int, On, Evaluate], ended: StepState) -> bool:
    """Ask an `if` edge, once the step before it has run, whichever way that ended."""
    index, on, condition = edge
    taken = ended.status is FAILED or ended.status in _YES
    if on is not _DEFAULT:
        taken = _asked(on, ended)
    if not taken:
        return False
    return bool(turn.evaluate(f"edge:{node.path}:{index}", condition, turn.scope.of(node)))


def _asked(on: On, ended: StepState) -> bool:
    if on is _DEFAULT:
        return ended.status in _YES or ended.handled
    if on is _ALWAYS:
        return True
    if on is _SUCCESS:
        return ended.status is COMPLETED
    return ended.status is FAILED or was_refused(ended)


def was_refused(step: StepState) -> bool:
    """Whether the step's own gate said no, which is a failure of a step that never started."""
    return step.status is NOT_TAKEN and step.error is not None


def is_settled(step: StepState) -> bool:
    return step.settled and step.status in FINAL

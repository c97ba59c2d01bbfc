"""A failed run tried again: what failed begins anew, what completed stays as it is."""

from workflows.core.attempts import mark_unknown
from workflows.core.edges import consider, count_edge, count_guard, is_settled
from workflows.core.facts import RetryRequested
from workflows.core.plan import Node
from workflows.core.state import CANCELLED, FAILED, NOT_TAKEN, PENDING, RunStatus, StepState
from workflows.core.turn import Turn


def rerun(turn: Turn, fact: RetryRequested) -> None:
    """Reset what failed the run and what did not run because of it; then let it go on.

    An action that was cancelled in flight and must not repeat itself becomes unknown first. One
    that failed, must not repeat itself and was covered is asked about again: an approval is good
    for one start.
    """
    if turn.state.ended is not RunStatus.FAILED:
        turn.late("only a failed run can be tried again")
        return
    paths, gates = _to_reset(turn), turn.graph.gates
    if fact.from_path is not None and gates.get(fact.from_path, fact.from_path) not in paths:
        turn.late(f"step {fact.from_path!r} is not among those that failed the run")
        return
    _revive(turn)
    paths |= _spent_approvals(turn, paths)
    ordered = sorted(paths, key=turn.graph.order.__getitem__)
    lost = [path for path in ordered if _may_have_happened(turn.state.steps[path])]
    for path in ordered:
        _reset(turn, path)
    for path in ordered:
        _unsettle_owner(turn, turn.graph.nodes[path])
    for path in lost:
        step = turn.state.steps[path]
        step.begun = True
        mark_unknown(turn, path, step, "it was cancelled in flight and may have happened")
    ended = {path for path, step in turn.state.steps.items() if is_settled(step)}
    for path in ordered:  # what ends from here on tells its dependants itself
        _recount(turn, turn.graph.nodes[path], ended)
    for path in ordered:
        consider(turn, turn.graph.nodes[path], turn.state.steps[path])


def _revive(turn: Turn) -> None:
    state = turn.state
    state.ended = state.ended_at = state.error = state.error_path = None
    state.outputs = state.note = None
    state.closing = False
    turn.scope.refresh("running")
    if turn.plan.timeout is not None:
        turn.set_timer("run", turn.after(turn.plan.timeout))


def _to_reset(turn: Turn) -> set[str]:
    """Return what failed unhandled, what the end cut off, and what was not taken because of either."""
    steps, nodes = turn.state.steps, turn.graph.nodes
    found = {path for path, step in steps.items() if path in nodes and _cut_short(step)}
    todo = sorted(found)
    while todo:
        node = nodes[todo.pop()]
        for path in (*(path for path, _ in node.dependants), *node.guarded):
            if path not in found and steps[path].status is NOT_TAKEN:
                found.add(path)
                todo.append(path)
    return found


def _cut_short(step: StepState) -> bool:
    if step.unreached:
        return True
    open_failure = not step.handled and not step.handling
    refused = step.status is NOT_TAKEN and step.error is not None
    return open_failure and (step.status is FAILED or refused)


def _spent_approvals(turn: Turn, paths: set[str]) -> set[str]:
    """Return the approvals whose one start is used up, and forget what they held on to."""
    spent: set[str] = set()
    for path in sorted(paths):
        step, pin = turn.state.steps[path], turn.state.pins.get(path)
        if pin is not None and _started_for_good(step):
            spent.update(gate for gate in pin.gates if gate in turn.graph.nodes)
            del turn.state.pins[path]
    return spent


def _started_for_good(step: StepState) -> bool:
    failed = step.status is FAILED and step.attempts > 0 and not step.repeatable
    return failed and step.error is not None and step.error.class_ != "not_started"


def _may_have_happened(step: StepState) -> bool:
    cancelled = step.status is CANCELLED and step.error is not None
    return cancelled and step.error is not None and step.error.class_ == "unknown"


def _reset(turn: Turn, path: str) -> None:
    step = turn.state.steps[path]
    if step.attempts:
        step.redo += 1
    turn.mark(path, step, PENDING)
    step.failures = step.held = step.missed = step.cleared = 0
    step.blocked = step.begun = step.settled = False
    step.handled = step.handling = step.unreached = False
    step.output = step.error = step.decided = step.asked = None
    step.started_at = step.ended_at = step.due_at = None


def _unsettle_owner(turn: Turn, node: Node) -> None:
    """Let the steps whose failure *node* helps to handle count as not ended: their handlers go on."""
    while node.owner is not None:
        turn.state.steps[node.owner].settled = False
        node = turn.graph.nodes[node.owner]


def _recount(turn: Turn, node: Node, ended: set[str]) -> None:
    step, steps = turn.state.steps[node.path], turn.state.steps
    for index, edge in enumerate(node.step.needs):
        path = node.scope + edge.step
        if path in ended and step.status is PENDING:
            count_edge(turn, node, step, index, steps[path])
    for gate in node.guards:
        if gate in ended:
            count_guard(step, steps[gate])

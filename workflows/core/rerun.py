"""A failed run tried again: what failed begins anew, what completed stays as it is."""

from workflows.core.attempts import CUT_OFF, mark_unknown
from workflows.core.edges import consider, count_edge, count_guard, is_settled
from workflows.core.ending import unpin
from workflows.core.facts import RetryRequested, SkipRequested
from workflows.core.frames import handlers, may_have_happened, renew
from workflows.core.loops import resume_loop
from workflows.core.plan import Node, Parallel, Repeat
from workflows.core.state import (
    FAILED,
    PENDING,
    RUNNING,
    WORK,
    Progress,
    RunStatus,
    StepState,
)
from workflows.core.steering import leave_out, why_not_skipped
from workflows.core.survey import Again, bodies_of, cut_short, entered, paths_in, prune, survey
from workflows.core.turn import Turn


def rerun(turn: Turn, fact: RetryRequested) -> None:
    """Reset what failed the run and what did not run because of it; then let it go on.

    A step that completed may be named too: it runs again with all that depends on it. So does what
    was taken back. An action that was cancelled in flight and must not repeat itself becomes
    unknown first. One that ended, must not repeat itself and was covered is asked about again: an
    approval is good for one start.
    """
    if turn.state.ended is not RunStatus.FAILED:
        turn.late("only a failed run can be tried again")
        return
    again = survey(turn, fact.from_path)
    if again is None:
        turn.late(f"step {fact.from_path!r} is not among those that can run again")
        return
    _run_again(turn, again, None)


def skip_and_revive(turn: Turn, fact: SkipRequested) -> None:
    """Leave out the step that failed the run, and let the run go on without it."""
    if turn.state.ended is not RunStatus.FAILED:
        turn.late(f"the run has ended as {turn.state.ended}")
        return
    path = turn.gated(fact.path) or fact.path
    problem = why_not_skipped(turn.nodes.get(path))
    again = survey(turn, None)
    if problem is None and (again is None or not _failed_it(turn, path, again)):
        problem = f"step {fact.path!r} is not among those that failed the run"
    if problem is not None or again is None:
        turn.late(problem or "")
        return
    again.paths.add(path)
    prune(turn, again)
    _run_again(turn, again, path)


def _failed_it(turn: Turn, path: str, again: Again) -> bool:
    step = turn.state.steps[path]
    found = path in again.paths or path in again.revived
    return found and not step.unreached and (step.status is FAILED or cut_short(step))


def _run_again(turn: Turn, again: Again, skipped: str | None) -> None:
    _revive(turn)
    again.paths |= _spent_approvals(turn, again)
    ordered = sorted(again.paths, key=turn.order)
    lost = [path for path in ordered if may_have_happened(turn.state.steps[path])]
    for path in ordered:
        _reset(turn, path)
    _reopen(turn, again)
    if skipped is not None:
        leave_out(turn, skipped, turn.state.steps[skipped])
    for path in lost:
        if path != skipped:
            step = turn.state.steps[path]
            step.begun = True
            mark_unknown(turn, path, step, CUT_OFF)
    ended = {path for path, step in turn.state.steps.items() if is_settled(step)}
    ended.discard(skipped or "")
    for path in ordered:  # what ends from here on tells its dependants itself
        _recount(turn, turn.nodes[path], ended)
    for path in ordered:
        consider(turn, turn.nodes[path], turn.state.steps[path])
    for path in sorted(again.revived, key=turn.order):
        resume_loop(turn, turn.nodes[path], turn.state.steps[path])


def _revive(turn: Turn) -> None:
    state = turn.state
    state.ended = state.ended_at = state.error = state.error_path = None
    state.outputs = state.note = None
    state.closing = False
    for prefix, frame in state.frames.items():
        if frame.owner is None:
            _let_go(turn, prefix)
    state.phase = WORK
    state.undo += reversed(state.not_undone)
    state.not_undone = []
    turn.scope.refresh("running")
    if turn.plan.timeout is not None:
        turn.set_timer("run", turn.after(turn.plan.timeout))


def _spent_approvals(turn: Turn, again: Again) -> set[str]:
    """Return the approvals whose one start is used up, and forget what they held on to."""
    spent: set[str] = set()
    for path in sorted(again.redone):
        unpin(turn, path)
    for path in sorted(again.paths):
        step, pin = turn.state.steps[path], turn.state.pins.get(path)
        if pin is not None and (path in again.redone or _started_for_good(step)):
            spent.update(gate for gate in pin.gates if gate in turn.nodes)
            del turn.state.pins[path]
    return spent


def _started_for_good(step: StepState) -> bool:
    failed = step.status is FAILED and step.attempts > 0 and not step.repeatable
    return failed and step.error is not None and step.error.class_ != "not_started"


def _reset(turn: Turn, path: str) -> None:
    for prefix in entered(turn, turn.nodes[path]):
        _let_go(turn, prefix)
    renew(turn, path, turn.state.steps[path])


def _let_go(turn: Turn, prefix: str) -> None:
    """Forget what a body did: it is entered again, or its steps are never taken."""
    turn.state.frames[prefix].over = "closed"
    turn.scope.forget(prefix)
    for path in paths_in(turn, prefix):
        turn.state.pins.pop(path, None)
        _reset(turn, path)


def _reopen(turn: Turn, again: Again) -> None:
    """Let the bodies that were cut off, and the steps around them, go on where they stood."""
    for path in sorted(again.revived, key=turn.order):
        node, step = turn.nodes[path], turn.state.steps[path]
        step.settled = step.handled = False
        if handlers(path) in again.frames:
            step.handling = True
        elif step.progress is not None:
            if handlers(path) in turn.state.frames:
                _let_go(turn, handlers(path))
            step.handling = False
            _reopen_container(turn, node, step, step.progress, again)
    for prefix in sorted(again.frames):
        frame = turn.state.frames[prefix]
        frame.over, frame.closing, frame.error, frame.error_path = None, False, None, None
        frame.left = sum(not turn.state.steps[path].settled for path in paths_in(turn, prefix))
        if frame.left == 0:
            turn.over.append(prefix)


def _reopen_container(
    turn: Turn, node: Node, step: StepState, progress: Progress, again: Again
) -> None:
    path, frames = node.path, turn.state.frames
    if isinstance(node.step.verb, Repeat):
        _drop_later_turns(turn, node, progress, again)
    opened = [prefix for prefix in bodies_of(node, progress) if prefix in again.frames]
    progress.done -= sum(frames[prefix].over == "done" for prefix in opened)
    progress.failed = 0
    progress.open = {prefix: frames[prefix].index for prefix in opened}
    if isinstance(node.step.verb, Parallel) and not progress.done:
        progress.first = None
    step.output = step.error = step.ended_at = step.due_at = None
    step.unreached = False
    turn.mark(path, step, PENDING)
    turn.mark(path, step, RUNNING)
    if node.step.timeout is not None:
        turn.set_timer(f"timeout:{path}", turn.after(node.step.timeout))


def _drop_later_turns(turn: Turn, node: Node, progress: Progress, again: Again) -> None:
    """Of a `repeat`, let go of the turns after the one that is run again."""
    turns = bodies_of(node, progress)
    first = min((n for n, prefix in enumerate(turns) if prefix in again.frames), default=None)
    if first is None:
        return
    for prefix in turns[first + 1 :]:
        again.frames.discard(prefix)
        if turn.state.frames[prefix].over == "done":
            progress.done -= 1
        _let_go(turn, prefix)
    progress.begun = first + 1


def _recount(turn: Turn, node: Node, ended: set[str]) -> None:
    step, steps = turn.state.steps[node.path], turn.state.steps
    for index, edge in enumerate(node.step.needs):
        path = node.scope + edge.step
        if path in ended and step.status is PENDING:
            count_edge(turn, node, step, index, steps[path])
    for gate in node.guards:
        if gate in ended:
            count_guard(step, steps[gate])

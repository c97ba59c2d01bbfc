"""What would run again if somebody tried a failed run anew: found without changing anything."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from workflows.core.frames import handlers
from workflows.core.layout import ERROR, UNDO
from workflows.core.loops import turn_prefix
from workflows.core.plan import ForEach, Node, Parallel, Repeat
from workflows.core.state import COMPENSATED, COMPLETED, FAILED, NOT_TAKEN, Progress, StepState
from workflows.core.turn import Turn

_ENDED = frozenset({COMPLETED, COMPENSATED, FAILED})


@dataclass(slots=True)
class Again:
    """*paths* begin anew, with all that is in them; *revived* go on where they stood, in *frames*."""

    paths: set[str] = field(default_factory=set)
    redone: set[str] = field(default_factory=set)  # of those, the ones that had nothing wrong
    revived: set[str] = field(default_factory=set)
    frames: set[str] = field(default_factory=set)


def survey(turn: Turn, from_path: str | None) -> Again | None:
    """Find what failed the run, what its end cut off, and what depends on what must be done again.

    None: *from_path* is no step that can be run again.
    """
    again = Again()
    _look_into(turn, "", again)
    taken_back = [path for path, s in turn.state.steps.items() if s.status is COMPENSATED]
    named = [] if from_path is None else [turn.gated(from_path) or from_path]
    for path in named:
        if path not in again.paths and not _ran(turn, path, again):
            return None
    for path in (*taken_back, *named):
        if path not in again.paths and path not in again.revived and _stands(turn, path, again):
            _redo(turn, path, again)
    prune(turn, again)
    return again


def _ran(turn: Turn, path: str, again: Again) -> bool:
    """Whether the step at *path* has something to run again, in a body that is not gone."""
    node, step = turn.nodes.get(path), turn.state.steps.get(path)
    if node is None or step is None or node.scope == UNDO or step.status not in _ENDED:
        return False
    return _stands(turn, path, again)


def _stands(turn: Turn, path: str, again: Again) -> bool:
    """Whether all bodies around the step are part of the present life of the run."""
    node = turn.nodes[path]
    while node.scope:
        frame = turn.state.frames[node.scope]
        if frame.owner is None or node.scope not in entered(turn, turn.nodes[frame.owner]):
            return False
        if frame.over != "done" and node.scope not in again.frames:
            return False
        node = turn.nodes[frame.owner]
    return True


def prune(turn: Turn, again: Again) -> None:
    """Leave to a step that begins anew what is inside it; a body that goes on needs no handling."""
    frames = turn.state.frames
    void = tuple(
        handlers(frames[prefix].owner or "")
        for prefix in again.frames
        if frames[prefix].body != ERROR
    )
    for found in (again.paths, again.redone, again.revived):
        found -= {path for path in found if _inside(turn, turn.nodes[path], again.paths)}
        found -= {path for path in found if path.startswith(void)}
    again.revived -= again.paths
    again.frames = {
        prefix
        for prefix in again.frames
        if frames[prefix].owner in again.revived and not prefix.startswith(void)
    }


def _inside(turn: Turn, node: Node, around: set[str]) -> bool:
    while node.owner is not None:
        if node.owner in around:
            return True
        node = turn.nodes[node.owner]
    return False


def _look_into(turn: Turn, prefix: str, again: Again) -> None:
    """Gather what was cut short in the frame *prefix*."""
    for path in paths_in(turn, prefix):
        step = turn.state.steps[path]
        if _handlers_failed(turn, path, step):
            _look_into(turn, handlers(path), again)
            again.revived.add(path)
            again.frames.add(handlers(path))
        elif cut_short(step) and not _goes_on(turn, turn.nodes[path], step, again):
            again.paths.add(path)
    _add_untaken(turn, prefix, again)


def _handlers_failed(turn: Turn, path: str, step: StepState) -> bool:
    """Whether the steps that handle a failure were cut off, or failed themselves."""
    if step.handling:
        return True
    return step.handled and step.status is FAILED and _has_error(turn, handlers(path))


def _has_error(turn: Turn, prefix: str) -> bool:
    frame = turn.state.frames.get(prefix)
    return frame is not None and frame.error is not None


def _goes_on(turn: Turn, node: Node, step: StepState, again: Again) -> bool:
    """Whether a step with bodies was cut off inside one: then only that is taken up again."""
    if step.progress is None:
        return False
    found = Again()
    for prefix in entered(turn, node):
        if turn.state.frames[prefix].over != "done":
            _look_into(turn, prefix, found)
            found.frames.add(prefix)
    if not found.frames and step.status is FAILED:
        return False  # it failed on its own account
    again.paths |= found.paths
    again.revived |= found.revived | {node.path}
    again.frames |= found.frames
    return True


def _add_untaken(turn: Turn, prefix: str, again: Again) -> None:
    """Add what was not taken because of a step that is tried again."""
    inside = set(paths_in(turn, prefix))
    going_on = {path for path in again.revived & inside if not turn.state.steps[path].handling}
    todo = sorted(again.paths & inside | going_on)
    while todo:
        node = turn.nodes[todo.pop()]
        for path in (*(path for path, _ in node.dependants), *node.guarded):
            if path not in again.paths and turn.state.steps[path].status is NOT_TAKEN:
                again.paths.add(path)
                todo.append(path)


def _redo(turn: Turn, path: str, again: Again) -> None:
    """Add a step that ended, all that depends on it, and whatever depends on the body it is in."""
    node = turn.nodes[path]
    redone = {path, *downstream(turn, node)}
    while node.scope:
        frame = turn.state.frames[node.scope]
        owner = turn.nodes[frame.owner or ""]
        if frame.body != ERROR:
            _goes_on(turn, owner, turn.state.steps[owner.path], again)
        again.frames.add(node.scope)
        again.revived.add(owner.path)
        redone |= downstream(turn, owner)
        node = owner
    again.paths |= redone
    again.redone |= redone


def downstream(turn: Turn, node: Node) -> set[str]:
    """Return the steps that wait for *node*, directly or not, in its scope."""
    found: set[str] = set()
    todo = [node]
    while todo:
        standing = todo.pop()
        for path in (*(path for path, _ in standing.dependants), *standing.guarded):
            if path not in found:
                found.add(path)
                todo.append(turn.nodes[path])
    return found


def cut_short(step: StepState) -> bool:
    """Whether the step failed the run, or the end of the run kept it from its own end."""
    if step.unreached:
        return True
    open_failure = not step.handled and not step.handling
    refused = step.status is NOT_TAKEN and step.error is not None
    return open_failure and (step.status is FAILED or refused)


def paths_in(turn: Turn, prefix: str) -> Iterable[str]:
    if not prefix:
        return turn.graph.scopes[None]
    return [prefix + node.path for node in turn.body(turn.state.frames[prefix]).nodes]


def entered(turn: Turn, node: Node) -> list[str]:
    """Return the frames of a step that were entered in its present life, in order."""
    step = turn.state.steps[node.path]
    found = [] if step.progress is None else bodies_of(node, step.progress)
    if step.handling or step.handled:
        found.append(handlers(node.path))
    return [prefix for prefix in found if prefix in turn.state.frames]


def bodies_of(node: Node, progress: Progress) -> list[str]:
    """Return the prefixes of the bodies that a step has entered."""
    verb, path = node.step.verb, node.path
    if isinstance(verb, ForEach):
        return [turn_prefix(path, progress, number) for number in range(progress.begun)]
    if isinstance(verb, Repeat):
        return [f"{path}#{number}." for number in range(1, progress.begun + 1)]
    if isinstance(verb, Parallel):
        return [f"{path}.{name}." for name, _ in verb.branches]
    return [f"{path}.{progress.first}."]

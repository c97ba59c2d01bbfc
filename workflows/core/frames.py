"""Frames: a body that is entered gives its steps a place, a state and names of their own."""

from workflows.core.facts import StepError
from workflows.core.layout import ERROR, place_body
from workflows.core.plan import Json, Node
from workflows.core.state import CANCELLED, COMPLETED, FAILED, PENDING, Frame, StepState
from workflows.core.turn import Turn

DEEPEST = 32  # frames inside one another


def enter(turn: Turn, owner: Node, body: str, prefix: str, index: int = 0) -> None:
    """Begin the body *body* of *owner*: its steps stand under *prefix*."""
    _enter(turn, prefix, Frame(owner.path, body, index, depth=depth_of(turn, owner) + 1))


def enter_phase(turn: Turn, name: str) -> None:
    """Begin one of the lists that follow the work."""
    _enter(turn, f"{name}.", Frame(None, name))


def _enter(turn: Turn, prefix: str, frame: Frame) -> None:
    body, steps = turn.body(frame), turn.state.steps
    frame.left = len(body.nodes)
    turn.state.frames[prefix] = frame
    turn.scope.forget(prefix)
    place_body(turn.nodes, body, prefix, frame.owner)
    changed = turn.changed
    for node in body.nodes:
        path = prefix + node.path
        if path not in steps:
            steps[path] = StepState()
        else:  # it was entered before somebody tried the run again
            renew(turn, path, steps[path])
        changed.add(path)
    turn.ready += [prefix + name for name in body.roots]
    if not frame.left:
        turn.over.append(prefix)


def depth_of(turn: Turn, node: Node) -> int:
    """Return how many frames stand around *node*."""
    return turn.state.frames[node.scope].depth if node.scope in turn.state.frames else 0


def too_deep(turn: Turn, node: Node) -> StepError | None:
    """Return the error of a step that would open one frame too many inside one another."""
    if depth_of(turn, node) < DEEPEST:
        return None
    return StepError("limit", f"steps stand more than {DEEPEST} bodies deep", "not_started")


def standing(turn: Turn, node: Node) -> str:
    """Return the body that *node* stands or falls with: what handles failures belongs to its owner's."""
    scope, frames = node.scope, turn.state.frames
    while scope and frames[scope].body == ERROR:
        scope = turn.nodes[frames[scope].owner or ""].scope
    return scope


def renew(turn: Turn, path: str, step: StepState) -> None:
    """Let the step begin anew: what it gave is forgotten, what it was asked and tried is counted on."""
    if step.status is not PENDING:
        step.doubtful = step.doubtful or may_have_happened(step)
        if step.attempts:
            step.redo += 1
        turn.mark(path, step, PENDING)
    step.failures = step.held = step.missed = step.cleared = 0
    step.blocked = step.begun = step.settled = False
    step.handled = step.handling = step.unreached = step.left_out = False
    step.output = step.error = step.decided = step.asked = step.progress = None
    step.started_at = step.ended_at = step.due_at = None


def may_have_happened(step: StepState) -> bool:
    """Whether the step was cut off in the middle of what must not be repeated."""
    return step.status is CANCELLED and step.error is not None and step.error.class_ == "unknown"


def last_output(turn: Turn, prefix: str) -> Json:
    """Return what the last step of the frame gave, in the order of the file; null if it did not."""
    nodes = turn.body(turn.state.frames[prefix]).nodes
    if not nodes:
        return None
    step = turn.state.steps[prefix + nodes[-1].path]
    return step.output if step.status is COMPLETED else None


def last_ran(turn: Turn, prefix: str) -> Json:
    """Return what the last step that completed gave; steps that were left out do not count."""
    for node in reversed(turn.body(turn.state.frames[prefix]).nodes):
        step = turn.state.steps[prefix + node.path]
        if step.status is COMPLETED:
            return step.output
    return None


def has_failed(turn: Turn, prefix: str) -> bool:
    """Whether a step of the frame failed, though somebody handled it."""
    nodes = turn.body(turn.state.frames[prefix]).nodes
    return any(turn.state.steps[prefix + node.path].status is FAILED for node in nodes)


def handlers(path: str) -> str:
    """Return the prefix of the steps that handle a failure of the step at *path*."""
    return f"{path}{ERROR}."

"""Waits for events: opened, answered by the one that fits, or over because nothing came in time."""

from workflows.core.commands import CloseWait, OpenWait
from workflows.core.facts import EventDelivered, StepError, StepFailed
from workflows.core.failures import fail_step
from workflows.core.plan import Json, Node, WaitFor
from workflows.core.state import WAITING, StepState
from workflows.core.turn import Turn
from workflows.core.wording import length


def wait_for(turn: Turn, node: Node, step: StepState, verb: WaitFor) -> None:
    """Open the wait of the step.

    Raises:
        EvaluationFailed: what the event must hold, or a value that `where` needs, cannot be had.
    """
    path, names = node.path, turn.scope.of(node)
    correlate: list[Json] = turn.evaluate(f"correlate:{path}", verb.correlate, names)
    known = {} if verb.names is None else turn.evaluate(f"where:{path}", verb.names, names)
    expires_at = None if verb.timeout is None else turn.after(verb.timeout)
    step.input = {"event": verb.event, "correlate": correlate}
    if verb.where is not None:
        step.input["where"] = verb.where
    turn.mark(path, step, WAITING)
    step.due_at = expires_at
    turn.hold(path, "event")
    turn.commands.append(
        OpenWait(
            path=path,
            attempt=step.attempts,
            event=verb.event,
            correlate=tuple((tuple(place), text) for place, text in correlate),
            where=verb.where,
            names=known,
            since=verb.since,
            expires_at=expires_at,
        )
    )
    if expires_at is not None:
        turn.set_timer(f"event:{path}", expires_at)


def delivered(turn: Turn, fact: EventDelivered) -> None:
    """Complete the step with the event that it waited for."""
    step = _open(turn, fact.path, fact.attempt)
    if step is not None:
        turn.clear_timer(f"event:{fact.path}")
        turn.complete(turn.nodes[fact.path], step, dict(fact.event))


def refused(turn: Turn, fact: StepFailed) -> None:
    """Fail the step whose wait the host did not take."""
    step = _open(turn, fact.path, fact.attempt)
    if step is not None:
        turn.clear_timer(f"event:{fact.path}")
        turn.commands.append(CloseWait(fact.path, fact.attempt))
        fail_step(turn, turn.nodes[fact.path], step, fact.error)


def timed_out(turn: Turn, path: str) -> None:
    """End the wait: as a failure, or with null where the step goes on without the event."""
    node, step = turn.nodes[path], turn.state.steps[path]
    verb = node.step.verb
    turn.commands.append(CloseWait(path, step.attempts))
    if isinstance(verb, WaitFor) and verb.on_timeout == "continue":
        turn.complete(node, step, None)
        return
    waited = verb.timeout if isinstance(verb, WaitFor) else None
    name = verb.event if isinstance(verb, WaitFor) else "event"
    fail_step(turn, node, step, StepError("timeout", f"no `{name}` came within {length(waited)}"))


def _open(turn: Turn, path: str, attempt: int) -> StepState | None:
    """Return the step at *path* if *attempt* of its wait is the one that stands open."""
    if turn.state.open.get(path) != "event":
        turn.late(f"step {path!r} waits for no event")
        return None
    step = turn.state.steps[path]
    if step.attempts != attempt:
        turn.late(f"wait {attempt} of step {path!r} is not the one that stands open")
        return None
    return step

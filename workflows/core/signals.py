"""Signals: what somebody sends to a run; a step takes the oldest of its name, early ones too."""

from datetime import timedelta

from workflows.core.facts import SignalReceived, StepError
from workflows.core.failures import fail_step
from workflows.core.plan import Json, Node, WaitForSignal
from workflows.core.state import WAITING, StepState
from workflows.core.turn import Turn
from workflows.core.wording import length

MOST_KEPT = 10_000  # signals that nobody took yet


def wait_for_signal(turn: Turn, node: Node, step: StepState, verb: WaitForSignal) -> None:
    """Take the oldest signal of that name that is there, or wait for the next."""
    path, kept = node.path, turn.state.signals.get(verb.signal)
    step.input = {"signal": verb.signal}
    if kept:
        first = kept.pop(0)
        if not kept:
            del turn.state.signals[verb.signal]
        turn.complete(node, step, first)
        return
    if verb.signal in turn.state.flooded:
        text = f"more than {MOST_KEPT:,} signals came before anybody took them"
        fail_step(turn, node, step, StepError("limit", text))
        return
    turn.mark(path, step, WAITING)
    turn.hold(path, "signal")
    if verb.timeout is not None:
        step.due_at = turn.after(verb.timeout)
        turn.set_timer(f"event:{path}", step.due_at)


def received(turn: Turn, fact: SignalReceived) -> None:
    """Hand the signal to the step that waits longest for it, or keep it."""
    signal = {
        "name": fact.name,
        "payload": fact.payload,
        "by": fact.by,
        "at": fact.at.isoformat(),
    }
    waiting = _longest(turn, fact.name)
    if waiting is not None:
        turn.clear_timer(f"event:{waiting}")
        turn.complete(turn.nodes[waiting], turn.state.steps[waiting], signal)
    elif sum(map(len, turn.state.signals.values())) < MOST_KEPT:
        turn.state.signals.setdefault(fact.name, []).append(signal)
    elif fact.name in turn.state.flooded:
        turn.late(f"the run keeps {MOST_KEPT:,} signals already")
    else:
        turn.state.flooded.append(fact.name)


def _longest(turn: Turn, name: str) -> str | None:
    """Return the step that has waited longest for a signal of this name; of two, the first."""
    found = [
        path
        for path, kind in turn.state.open.items()
        if kind == "signal" and _awaits(turn.nodes[path], name)
    ]
    steps = turn.state.steps
    return min(found, key=lambda path: (steps[path].since, turn.order(path)), default=None)


def _awaits(node: Node, name: str) -> bool:
    return isinstance(node.step.verb, WaitForSignal) and node.step.verb.signal == name


def timed_out(turn: Turn, path: str) -> None:
    """End the wait: as a failure, or with null where the step goes on without the signal."""
    node, step = turn.nodes[path], turn.state.steps[path]
    verb: Json = node.step.verb
    if verb.on_timeout == "continue":
        turn.complete(node, step, None)
    else:
        waited: timedelta = verb.timeout
        text = f"no signal `{verb.signal}` came within {length(waited)}"
        fail_step(turn, node, step, StepError("timeout", text))

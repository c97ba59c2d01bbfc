"""Which rule of the bus decided what an event did, and the sentence for it. Pure."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from baton.events import Event, Status
from coordination.attempts import Placed, Standing
from coordination.processes import Effect, Fold

Reason: TypeAlias = tuple[str, str]  # the rule, as F1 or D5, and a sentence

# The sentences of most events: beside an event only the rule is kept, so no sentence here ever changes.
_USUAL: Mapping[str, str] = {
    "new": "nobody had heard of the process",
    "F1": "the process ends",
    "F3": "the newest news by order is shown",
}

HEARTBEAT: Reason = ("lease", "a heartbeat renews the lease and says nothing else")
ARCHIVED: Reason = ("D23", "the thread is archived, and this begins nothing new")


def shortened(reason: Reason) -> tuple[str, ...]:
    """Return what is kept of a reason."""
    rule, sentence = reason
    return (rule,) if _USUAL.get(rule) == sentence else reason


def read(written: Sequence[str]) -> Reason:
    """Read back what `shortened` gave, and the whole reasons of earlier versions."""
    rule = written[0]
    return rule, written[1] if len(written) > 1 else _USUAL[rule]


def past(standing: Standing, placed: Placed) -> Reason:
    """Say what became of news of an attempt that is over."""
    return "D11", f"attempt {placed.attempt} is over; attempt {standing.attempt} is shown"


def superseded(attempt: int) -> str:
    """Say why an attempt without an end is cancelled."""
    return f"superseded by attempt {attempt}"


def reason(
    standing: Standing | None, placed: Placed, before: Fold | None, event: Event, effect: Effect
) -> Reason:
    """Say which rule applied to an event of the shown attempt, or of a new one.

    Args:
        standing: how the process stood.
        placed: the attempt of the event.
        before: the fold of that attempt before it; None for its first event.
        event: what was reported.
        effect: what it did.
    """
    if before is None:
        return _begun(standing, placed, event)
    status = event.status or Status.QUEUED
    if status.terminal:
        return _ending(before, event, effect)
    if before.ended:
        return _after_the_end(event, status)
    return _working(before, event, status, effect)


def conflict(before: Fold | None, after: Fold, event: Event, effect: Effect) -> str | None:
    """Return what the reporting tool is told of an end that contradicts the one before."""
    if before is None or event.status is None or not event.status.terminal or effect != "late":
        return None
    shown = after.status
    return None if event.status is shown else f"conflicting end: the process is {shown} already"


def _begun(standing: Standing | None, placed: Placed, event: Event) -> Reason:
    if standing is not None and not standing.fold.ended:
        return "D12", f"attempt {standing.attempt} had no end: {superseded(placed.attempt)}"
    if standing is not None and event.attempt_key is None and event.status in _STARTS:
        return "D7", f"a start after the end begins attempt {placed.attempt}"
    if standing is not None:
        return "new", f"attempt {placed.attempt} begins"
    if event.status in _STARTS:
        return "new", _USUAL["new"]
    return "D9", "nobody had heard of the process; when it started is not known"


_STARTS = (Status.QUEUED, Status.STARTED)


def _ending(before: Fold, event: Event, effect: Effect) -> Reason:
    if not before.ended:
        return "F1", _USUAL["F1"]
    if event.correction and effect == "updated":
        return "D6", "its own source corrects the end"
    if event.status is before.status:
        return "D5", "the same end again"
    return "D5", "conflicting end: the first one stays"


def _working(before: Fold, event: Event, status: Status, effect: Effect) -> Reason:
    if event.heartbeat:
        return HEARTBEAT
    if effect == "late":
        lower = status.rank < before.status.rank
        return (
            ("D2", "it is behind already") if lower else ("D3", "newer news were there before it")
        )
    if status is Status.STARTED and before.status is Status.STARTED:
        return "D8", "a second start is progress"
    return "F3", _USUAL["F3"]


def _after_the_end(event: Event, status: Status) -> Reason:
    if status in _STARTS and not event.heartbeat:
        return "D2", "a start that was delayed on its way"
    return "D4", "news after the end are history"

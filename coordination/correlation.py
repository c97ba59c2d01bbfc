"""Which thread an event belongs to: the first kind of evidence that is known decides. Pure.

Evidence that comes later adds keys to a thread; nothing ever moves from one thread to another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from baton.events import Event

LIVES = timedelta(days=30)  # of a strong key after it was last seen


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of the evidence in one event; threads by their keys."""

    run: int | None = None  # thread of the run or thread that `run_id` names
    process: int | None = None
    parent: int | None = None
    keys: Mapping[str, int] | None = None  # thread of each key that is known


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of evidence and what came of it: for `explain`."""

    evidence: str
    value: str | None
    outcome: str  # matched, no match, not given, not tried


@dataclass(frozen=True, slots=True)
class Correlation:
    """The thread that was found, or None for a new one, and how."""

    thread_key: int | None
    steps: tuple[Step, ...]


def keys_of(event: Event) -> tuple[str, ...]:
    """Return the typed strings that tie *event* to others, strongest first."""
    keys = []
    if event.correlation_id:
        keys.append(f"corr:{event.namespace}:{event.correlation_id}")
    if event.thread_ts and event.channel:
        keys.append(slack_key(event.channel, event.thread_ts))
    return tuple(keys)


def slack_key(channel: str, ts: str) -> str:
    """Return the key of a Slack thread; *ts* is that of its root."""
    return f"slack:{channel}:{ts}"


def correlate(event: Event, known: Known, *, begun: bool = False) -> Correlation:
    """Find the thread of *event*.

    An explicit run or thread outranks everything, then the process itself, its parent, and keys. A
    `run_id` that nobody knows yet names the thread to be opened, so nothing after it is tried.

    Args:
        event: what was reported.
        known: what the store knows of the evidence in it.
        begun: the attempt it belongs to has begun; that stays in the thread where it is.
    """
    first = ("run_id", event.run_id, known.run)
    second = ("process", event.process_id, known.process)
    evidence: list[tuple[str, str | None, int | None]] = [
        *((second, first) if begun else (first, second)),
        ("parent", event.parent.process_id if event.parent else None, known.parent),
        *((key.split(":")[0], key, (known.keys or {}).get(key)) for key in keys_of(event)),
    ]
    thread: int | None = None
    settled = False
    steps = []
    for name, value, found in evidence:
        outcome = _outcome(value, found, settled=settled)
        steps.append(Step(name, value, outcome))
        if outcome == "matched":
            thread = found
        settled = settled or outcome == "matched" or (name == "run_id" and value is not None)
    return Correlation(thread, tuple(steps))


def _outcome(value: str | None, found: int | None, *, settled: bool) -> str:
    if value is None:
        return "not given"
    if settled:
        return "not tried"
    return "no match" if found is None else "matched"

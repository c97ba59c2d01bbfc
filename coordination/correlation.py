"""Which thread an event belongs to: the first kind of evidence that is known decides. Pure.

Evidence that comes later adds keys to a thread; nothing ever moves from one thread to another.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from baton.events import Event
from coordination.keys import keys_of, slack_key

__all__ = ["Correlation", "Known", "Step", "correlate", "keys_of", "slack_key"]


class Known(NamedTuple):
    """What the store knows of the evidence in one event; threads by their keys.

    *keys* holds the threads to which each key leads: of a strong one the one that owns it, of a
    weak one those that are open.
    """

    run: int | None = None  # thread of the run or thread that `run_id` names
    process: int | None = None
    parent: int | None = None
    keys: Mapping[str, tuple[int, ...]] = MappingProxyType({})


class Step(NamedTuple):
    """One kind of evidence and what came of it: for `explain`."""

    evidence: str
    value: str | None
    outcome: str  # matched, no match, ambiguous (n threads), not given, not tried


class Correlation(NamedTuple):
    """The thread that was found, or None for a new one, and how."""

    thread_key: int | None
    steps: tuple[Step, ...]

    @property
    def by(self) -> Step | None:
        """The evidence that decided, if any did."""
        return next((step for step in self.steps if step.outcome == "matched"), None)


def correlate(
    event: Event, known: Known, *, begun: bool = False, names: Sequence[str] | None = None
) -> Correlation:
    """Find the thread of *event*.

    An explicit run or thread outranks everything, then the process itself, its parent, and keys. A
    `run_id` that nobody knows yet names the thread to be opened, so nothing after it is tried. A
    weak key in several open threads leads to none of them; the next one is tried.

    Args:
        event: what was reported.
        known: what the store knows of the evidence in it.
        begun: the attempt it belongs to has begun; that stays in the thread where it is.
        names: its keys, where they are known.
    """
    names = keys_of(event) if names is None else names
    thread: int | None = None
    settled = False
    steps = []
    for name, value, found in _evidence(event, known, names, begun=begun):
        outcome = _outcome(value, found, settled=settled)
        steps.append(Step(name, value, outcome))
        if outcome == "matched":
            thread = found[0]
        settled = settled or outcome == "matched" or (name == "run_id" and value is not None)
    return Correlation(thread, tuple(steps))


def _evidence(
    event: Event, known: Known, names: Sequence[str], *, begun: bool
) -> Iterator[tuple[str, str | None, tuple[int, ...]]]:
    run = ("run_id", event.run_id, _one(known.run))
    process = ("process", event.process_id, _one(known.process))
    yield from (process, run) if begun else (run, process)
    yield "parent", event.parent.process_id if event.parent else None, _one(known.parent)
    for key in names:
        yield key.partition(":")[0], key, known.keys.get(key, ())


def _one(thread: int | None) -> tuple[int, ...]:
    return () if thread is None else (thread,)


def _outcome(value: str | None, found: tuple[int, ...], *, settled: bool) -> str:
    if value is None:
        return "not given"
    if settled:
        return "not tried"
    if not found:
        return "no match"
    return "matched" if len(found) == 1 else f"ambiguous ({len(found)} threads)"

"""Threads inside a unit: opened, found by what an event says, and tied to keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from baton.events import Event
from coordination.correlation import Known
from coordination.database import Row, Transaction
from coordination.keys import Sight, keys_of, kind_of, run_key
from coordination.store import keys, processes, threads
from coordination.world import Ids

__all__ = [
    "Evidence",
    "Tied",
    "attach",
    "evidence",
    "forget_keys",
    "head",
    "open_thread",
    "reopen",
    "tie",
    "touch",
]

_QUIET = timedelta(days=30)  # the longest life of a key after its thread was last heard of
_RENEW = timedelta(hours=6)  # a key that is seen again is written again only if it gains so much


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found of an event's evidence, beyond the threads that it leads to.

    *sights* holds for each key the threads to which it still leads, and for a weak one those that
    are not open too.
    """

    known: Known
    run_key: int | None = None  # of the run that it names, or that its parent shows
    run_id: str | None = None
    parent_key: int | None = None
    sights: Mapping[str, tuple[Sight, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tied:
    """What came of one key: the thread that has it now, and whether that is another one.

    *thread_id* is None for a key that leads nowhere, or that stands in several threads.
    """

    key: str
    thread_id: str | None
    note: str  # "", "elsewhere", "unused", "in n threads"
    elsewhere: int | None = None  # key of the other thread


def open_thread(
    tx: Transaction,
    *,
    title: str,
    channel: str | None,
    now: datetime,
    ids: Ids,
    external_id: str | None = None,
) -> int:
    """Open a thread and return its key; its card is posted with the first notice.

    Args:
        tx: the unit.
        title: what it is about.
        channel: where it is to be posted, as a name or an id; None means nowhere.
        now: the wall time.
        ids: makes its id.
        external_id: the id under which a tool will report more of it.
    """
    thread_id = ids.new("th")
    values = {
        "id": thread_id,
        "external_id": external_id,
        "title": title,
        "channel": channel,
        "created_at": now,
        "updated_at": now,
    }
    key = threads.add(tx, values)
    tx.touch("thread", thread_id, thread_id=thread_id)
    return key


head = threads.head


def touch(tx: Transaction, thread_key: int, thread_id: str, *, now: datetime) -> None:
    """Note that something happened in a thread."""
    threads.change(tx, thread_key, {"updated_at": now})
    tx.touch("thread", thread_id, thread_id=thread_id)


def reopen(tx: Transaction, thread_key: int) -> None:
    """Take a thread out of the archive: work begins in it anew."""
    threads.change(tx, thread_key, {"archived_at": None})


def evidence(
    tx: Transaction, event: Event, process_thread: int | None, *, now: datetime
) -> Evidence:
    """Look up what *event* may be known by."""
    run = threads.run(tx, event.run_id) if event.run_id else None
    parent = _parent(tx, event)
    sights = {name: _sights(tx, name, now) for name in keys_of(event)}
    known = Known(
        run=run.thread_key if run is not None else _named(tx, event.run_id, now=now),
        process=process_thread,
        parent=parent.thread_key if parent is not None else None,
        keys={name: _leads(name, seen, now) for name, seen in sights.items()},
    )
    return Evidence(
        known,
        run_key=run.key if run is not None else parent.run_key if parent is not None else None,
        run_id=run.id if run is not None else None,
        parent_key=parent.key if parent is not None else None,
        sights=sights,
    )


def tie(
    tx: Transaction, thread_key: int, event: Event, found: Evidence, *, opened: bool, now: datetime
) -> tuple[Tied, ...]:
    """Attach the event's keys to its thread, but for those that lead to another one.

    A trace is attached only where its event opened the thread: a long-lived agent keeps one trace
    for all that it does.
    """
    tied = [_tie(tx, thread_key, name, seen, opened, now) for name, seen in found.sights.items()]
    if event.run_id and found.known.run is None and not opened:
        attach(tx, thread_key, [run_key(event.run_id)], now=now)
    return tuple(tied)


def attach(tx: Transaction, thread_key: int, names: Iterable[str], *, now: datetime) -> None:
    """Let keys lead to a thread; strong ones to no other from now on."""
    for name in names:
        kind = kind_of(name)
        keys.keep(tx, name, thread_key, strong=kind.strong, until=now + kind.life)


def forget_keys(tx: Transaction, *, now: datetime) -> int:
    """Drop keys that lead nowhere any more, and count them."""
    return keys.forget(tx, now=now, quiet=now - _QUIET)


def _tie(
    tx: Transaction,
    thread_key: int,
    name: str,
    seen: tuple[Sight, ...],
    opened: bool,  # noqa: FBT001  # of `tie`
    now: datetime,
) -> Tied:
    kind = kind_of(name)
    mine = next((each for each in seen if each.thread_key == thread_key), None)
    others = [each for each in seen if each.thread_key != thread_key]
    if kind.strong and others:
        return Tied(name, others[0].thread_id, "elsewhere", others[0].thread_key)
    if name.startswith("trace:") and mine is None and not opened:
        return Tied(name, None, "unused")
    if mine is None or (kind.seen and _renews(mine, now + kind.life)):
        attach(tx, thread_key, [name], now=now)
    if others:
        return Tied(name, None, f"in {len(others) + 1} threads")
    return Tied(name, mine.thread_id if mine is not None else None, "")


def _renews(mine: Sight, until: datetime) -> bool:
    return mine.seen_until is None or until - mine.seen_until > _RENEW


def _sights(tx: Transaction, name: str, now: datetime) -> tuple[Sight, ...]:
    kind = kind_of(name)
    return tuple(each for each in keys.sights(tx, name) if each.alive(kind, now))


def _leads(name: str, seen: tuple[Sight, ...], now: datetime) -> tuple[int, ...]:
    kind = kind_of(name)
    return tuple(each.thread_key for each in seen if kind.strong or each.open(kind, now))


def _parent(tx: Transaction, event: Event) -> Row | None:
    if event.parent is None:
        return None
    namespace = event.parent.namespace or event.namespace
    return processes.by_id(tx, namespace, event.parent.process_id)


def _named(tx: Transaction, ref: str | None, *, now: datetime) -> int | None:
    """Find the thread that a tool or a person names by *ref*."""
    if ref is None:
        return None
    row = threads.by_ref(tx, ref)
    if row is not None:
        return int(row.key)
    learned = _sights(tx, run_key(ref), now)
    return learned[0].thread_key if learned else None

"""Threads inside a unit: opened, found by what an event says, and tied to keys."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from baton.events import Event
from coordination.correlation import Known
from coordination.database import Row, Transaction
from coordination.keys import Sight, kind_of, run_key
from coordination.store import keys, processes, threads
from coordination.world import Ids

__all__ = [
    "Evidence",
    "Head",
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


class Head(NamedTuple):
    """A thread as an answer names it; *url* is that of its card, once there is one."""

    key: int
    id: str
    url: str | None = None
    archived: bool = False


class Evidence(NamedTuple):
    """What was found of an event's evidence, beyond the threads that it leads to.

    *sights* holds for each key all threads that have it, those to which it leads no more as well.
    """

    known: Known
    run_key: int | None = None  # of the run that it names, or that its parent shows
    run_id: str | None = None
    parent_key: int | None = None
    sights: Mapping[str, tuple[Sight, ...]] = MappingProxyType({})


class Tied(NamedTuple):
    """What came of one key: the thread that has it now, and whether that is another one.

    *thread_id* is None for a key that leads nowhere, or that stands in several threads.
    """

    key: str
    thread_id: str | None
    note: str  # "", "elsewhere", "unused", "in n threads"
    elsewhere: int | None = None  # key of the other thread
    attach: bool = False  # it is written down for this thread, anew or again


def open_thread(
    tx: Transaction,
    *,
    title: str,
    channel: str | None,
    now: datetime,
    ids: Ids,
    external_id: str | None = None,
) -> Head:
    """Open a thread; its card is posted with the first notice.

    Args:
        tx: the unit.
        title: what it is about.
        channel: where it is to be posted, as a name or an id; None means nowhere.
        now: the wall time.
        ids: makes its id.
        external_id: the id under which a tool will report more of it.
    """
    thread_id = ids.new("th")
    key = threads.add(tx, thread_id, external_id, title, channel, now=now)
    tx.touch("thread", thread_id, thread_id=thread_id)
    return Head(key, thread_id)


def head(tx: Transaction, thread_key: int) -> Head:
    """Return what an answer says of a thread."""
    return _head(thread_key, threads.head(tx, thread_key))


def touch(tx: Transaction, thread_key: int, *, now: datetime) -> Head:
    """Note that something was heard of a thread, and return what an answer says of it."""
    found = _head(thread_key, threads.touch(tx, thread_key, now=now))
    tx.touch("thread", found.id, thread_id=found.id)
    return found


def _head(key: int, row: Row) -> Head:
    return Head(key, row.id, row.permalink, row.archived_at is not None)


def reopen(tx: Transaction, thread_key: int) -> None:
    """Take a thread out of the archive: work begins in it anew."""
    threads.change(tx, thread_key, {"archived_at": None})


def evidence(
    tx: Transaction,
    event: Event,
    process_thread: int | None,
    names: Iterable[str],
    *,
    now: datetime,
) -> Evidence:
    """Look up what *event* may be known by: of its keys only *names*."""
    run = threads.run(tx, event.run_id) if event.run_id else None
    parent = _parent(tx, event)
    sights = {name: tuple(keys.sights(tx, name)) for name in names}
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
    tied = []
    for name, seen in found.sights.items():
        each = _judge(thread_key, name, seen, opened=opened, now=now)
        if each.attach:
            kind = kind_of(name)
            if kind.strong and seen:
                keys.lose(tx, name)
            keys.keep(tx, name, thread_key, strong=kind.strong, until=now + kind.life)
        tied.append(each)
    if event.run_id and found.known.run is None and not opened:
        attach(tx, thread_key, [run_key(event.run_id)], now=now)
    return tuple(tied)


def attach(tx: Transaction, thread_key: int, names: Iterable[str], *, now: datetime) -> None:
    """Let keys lead to a thread; strong ones to no other from now on."""
    for name in names:
        kind = kind_of(name)
        if kind.strong:
            keys.lose(tx, name)
        keys.keep(tx, name, thread_key, strong=kind.strong, until=now + kind.life)


def forget_keys(tx: Transaction, *, now: datetime) -> int:
    """Drop keys that lead nowhere any more, and count them."""
    return keys.forget(tx, now=now, quiet=now - _QUIET)


def _judge(
    thread_key: int, name: str, seen: Sequence[Sight], *, opened: bool, now: datetime
) -> Tied:
    """Say what is to come of a key of an event that is in this thread."""
    kind = kind_of(name)
    mine = next((each for each in seen if each.thread_key == thread_key), None)
    others = [each for each in seen if each.thread_key != thread_key and each.alive(kind, now)]
    if kind.strong and others:
        return Tied(name, others[0].thread_id, "elsewhere", others[0].thread_key)
    if name.startswith("trace:") and mine is None and not opened:
        return Tied(name, None, "unused")
    fresh = mine is None or (kind.seen and _renews(mine, now + kind.life))
    if others:
        return Tied(name, None, f"in {len(others) + 1} threads", attach=fresh)
    return Tied(name, mine.thread_id if mine is not None else None, "", attach=fresh)


def _renews(mine: Sight, until: datetime) -> bool:
    return mine.seen_until is None or until - mine.seen_until > _RENEW


def _leads(name: str, seen: Sequence[Sight], now: datetime) -> tuple[int, ...]:
    kind = kind_of(name)
    return tuple(
        each.thread_key for each in seen if (each.alive if kind.strong else each.open)(kind, now)
    )


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
    learned = _leads(run_key(ref), keys.sights(tx, run_key(ref)), now)
    return learned[0] if learned else None

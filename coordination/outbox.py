"""What is to be told to Slack, in our words: ids of what happened, never Block Kit.

A notice belongs to a thread and to a slot of it; a slot is one message, drawn from the newest facts
whenever it is drawn. Notices are leased, not popped: one that was taken and not reported back comes
round again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from coordination import threads
from coordination.correlation import slack_key
from coordination.database import Reader, Row, Transaction
from coordination.store import outbox as store

ROOT = "root"
FIRST_FLUSH = timedelta(seconds=1)  # a card that just came up is about to change again
FLUSH_EVERY = timedelta(seconds=3)
FOR_EVER = timedelta(days=3650)


class Lane(IntEnum):
    """How urgent a notice is; a lower lane leaves first."""

    DECISION = 1
    RESULT = 2
    FAILURE = 3
    PROGRESS = 4


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell a thread. *body* holds ids; what they stand for is read at delivery."""

    thread_key: int
    slot: str
    lane: int
    kind: str  # thread, approval, unknown, reply, failure, output
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leased:
    """A notice in flight. *attempt* counts from 1 and tells this lease from later ones."""

    key: int
    id: str
    notice: Notice
    attempt: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """The message that stands for a slot in Slack, and the hash of what it showed last."""

    thread_key: int
    slot: str
    channel_id: str
    ts: str
    hash: str
    permalink: str | None = None
    version: int | None = None
    updated_at: datetime | None = None


def add(tx: Transaction, notice: Notice, *, id: str, now: datetime) -> int:  # noqa: A002  # the row's id
    """Queue *notice* and return its key; what it makes needless in its slot is superseded.

    Decisions are never superseded. Progress waits a little, so that the next edit can join it.
    """
    held = store.held(tx, notice.thread_key)
    older = [row for row in held if _gives_way(row, notice)]
    store.supersede(tx, [row.key for row in older])
    tried = [row.created_at for row in older if row.attempts]
    key = store.add(
        tx,
        {
            "id": id,
            "thread_key": notice.thread_key,
            "lane": int(notice.lane),
            "slot": notice.slot,
            "kind": notice.kind,
            "body": dict(notice.body),
            "state": "parked" if any(row.state == "parked" for row in held) else "queued",
            "attempts": max((row.attempts for row in older), default=0),
            "due_at": max(_due(tx, notice, older, now), _blocked_until(held, now)),
            "created_at": min(tried, default=now),  # a message that arrived is as old as this
        },
    )
    tx.touch("outbox", id)
    return key


def claim(
    tx: Transaction, *, now: datetime, lease: timedelta, limit: int, low_first: bool = False
) -> list[Leased]:
    """Lease up to *limit* notices, at most one of a thread, the most urgent threads first.

    Args:
        tx: the unit.
        now: the wall time.
        lease: after this time a notice that nobody reported back is handed out again.
        limit: how many, at most.
        low_first: the other way round, so that progress is not starved for ever.
    """
    store.free(tx, now=now)
    leased: list[Leased] = []
    for thread_key in store.threads(tx, now=now, limit=limit, low_first=low_first):
        rows = [row for row in store.held(tx, thread_key) if row.state == "queued"]
        posted = {row.slot for row in store.slots_of(tx, thread_key)}
        chosen = choose(rows, posted, now=now)
        if chosen is not None:
            leased.append(_leased(store.lease(tx, chosen.key, now + lease)))
    return leased


def take_back(tx: Transaction, *, now: datetime) -> int:
    """At a start: queue again what an earlier life of the process had in flight, and count it."""
    return store.free(tx, now=now + FOR_EVER)


def choose(rows: Sequence[Row], posted: Collection[str], *, now: datetime) -> Row | None:
    """Pick what a thread says next. Pure.

    The root comes before everything, due or not, since replies need it. Replies leave in the order
    in which they came up, whatever their lane; an edit of a message that is there may pass them.

    Args:
        rows: the queued notices of one thread, oldest first.
        posted: slots that have a message already.
        now: the wall time.
    """
    due = [row for row in rows if row.due_at <= now]
    if not due:
        return None
    roots = [row for row in rows if row.slot == ROOT]
    if ROOT not in posted and roots:
        # One that was tried may have arrived: only it, being tried again, is looked for first.
        return max(roots, key=lambda row: (row.attempts, row.key))
    best = min(due, key=lambda row: (row.lane, row.key))
    if best.slot in posted:
        return best
    return next(row for row in rows if row.slot not in posted)


def sent(tx: Transaction, leased: Leased, *, now: datetime) -> bool:
    """Note that Slack took it; False when the lease had run out meanwhile."""
    return store.end(tx, leased.key, leased.attempt, state="sent", sent_at=now)


def needless(tx: Transaction, leased: Leased) -> bool:
    """Note that the message shows this already, so that nothing was sent."""
    return store.end(tx, leased.key, leased.attempt, state="superseded")


def retry(
    tx: Transaction, leased: Leased, *, due_at: datetime, error: str, counted: bool = True
) -> bool:
    """Try again at *due_at*; until then the whole thread waits, and no other one does.

    Args:
        tx: the unit.
        leased: the notice as it was claimed.
        due_at: when.
        error: what went wrong, for the doctor.
        counted: false when Slack only asked to slow down: that was no attempt.
    """
    attempts = leased.attempt if counted else leased.attempt - 1
    values = {"state": "queued", "due_at": due_at, "error": error, "attempts": attempts}
    if not store.end(tx, leased.key, leased.attempt, **values):
        return False
    store.delay(tx, leased.notice.thread_key, due_at)
    tx.touch("outbox", leased.id)
    return True


def postpone(tx: Transaction, leased: Leased, *, due_at: datetime, error: str) -> bool:
    """Put an edit off to *due_at*; it was no attempt, and the rest of its thread need not wait."""
    values = {"state": "queued", "due_at": due_at, "error": error, "attempts": leased.attempt - 1}
    return store.end(tx, leased.key, leased.attempt, **values)


def fail(tx: Transaction, leased: Leased, *, error: str) -> bool:
    """Give up on it for good; the thread goes on with what comes next."""
    return store.end(tx, leased.key, leased.attempt, state="failed", error=error)


def park(tx: Transaction, leased: Leased, *, error: str) -> bool:
    """Put it aside with all that its thread has to say, until `unpark`."""
    if not store.end(tx, leased.key, leased.attempt, state="parked", error=error):
        return False
    store.park(tx, leased.notice.thread_key, error)
    return True


def unpark(tx: Transaction, thread_key: int, *, now: datetime) -> int:
    """Say after all what was put aside; count the notices."""
    count = store.unpark(tx, thread_key, now=now)
    if count:
        tx.touch("outbox", f"thread:{thread_key}")
    return count


async def parked(reader: Reader) -> tuple[tuple[int, str, int], ...]:
    """Return the threads that cannot say what they have to: key, the reason, and how much it is."""
    rows = await store.parked(reader)
    return tuple((row.thread_key, str(row.error), int(row.count)) for row in rows)


async def next_due(reader: Reader) -> datetime | None:
    """Say when to look again: the next notice is due then, or the next lease runs out."""
    moments = [moment for moment in await store.next_due(reader) if moment is not None]
    return min(moments, default=None)


def slot(tx: Transaction, thread_key: int, name: str) -> Slot | None:
    """Return the message of a slot, if there is one."""
    row = store.slot(tx, thread_key, name)
    return _slot(row) if row is not None else None


async def slots(reader: Reader, thread_key: int) -> tuple[Slot, ...]:
    """Return the messages of a thread."""
    return tuple(_slot(row) for row in await store.read_slots(reader, thread_key))


def put_slot(tx: Transaction, slot: Slot, *, now: datetime) -> None:
    """Note which message stands for a slot and what it shows.

    With its root a thread can be found by what people and tools say of the Slack thread.
    """
    if slot.slot == ROOT:
        threads.attach(tx, slot.thread_key, [slack_key(slot.channel_id, slot.ts)], now=now)
    store.put_slot(
        tx,
        {
            "thread_key": slot.thread_key,
            "slot": slot.slot,
            "channel_id": slot.channel_id,
            "ts": slot.ts,
            "permalink": slot.permalink,
            "hash": slot.hash,
            "version": slot.version,
            "updated_at": now,
        },
    )


def drop_slot(tx: Transaction, thread_key: int, name: str) -> None:
    """Forget a message that somebody deleted; the next notice of the slot posts it anew."""
    store.drop_slot(tx, thread_key, name)


def _gives_way(row: Row, notice: Notice) -> bool:
    same = row.slot == notice.slot and row.state != "leased"
    return bool(same and row.lane >= notice.lane and row.lane != Lane.DECISION)


def _due(tx: Transaction, notice: Notice, older: Sequence[Row], now: datetime) -> datetime:
    if notice.lane != Lane.PROGRESS:
        return now
    turns: list[datetime] = [row.due_at for row in older]
    if turns:  # it keeps its turn, or steady progress would put it off for ever
        return max(now, min(turns))
    shown = slot(tx, notice.thread_key, notice.slot)
    if shown is None or shown.updated_at is None:
        return now + FIRST_FLUSH
    return max(now, shown.updated_at + FLUSH_EVERY)


def _blocked_until(held: Sequence[Row], now: datetime) -> datetime:
    """A notice that is to be tried again holds up all of its thread."""
    retried = (row.due_at for row in held if row.state == "queued" and row.attempts)
    return max(retried, default=now)


def _leased(row: Row) -> Leased:
    notice = Notice(row.thread_key, row.slot, row.lane, row.kind, row.body)
    return Leased(row.key, row.id, notice, row.attempts, row.created_at)


def _slot(row: Row) -> Slot:
    return Slot(
        thread_key=row.thread_key,
        slot=row.slot,
        channel_id=row.channel_id,
        ts=row.ts,
        hash=row.hash,
        permalink=row.permalink,
        version=row.version,
        updated_at=row.updated_at,
    )

"""The rows of the outbox, and of the messages that its notices became."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    delete,
    func,
    insert,
    outbox,
    select,
    slots,
    update,
    upsert,
)

# Written out, so that SQLite sees that the partial index fits.
_OPEN = outbox.c.state.in_(
    bindparam(None, ["queued", "leased"], expanding=True, literal_execute=True)
)
_HELD = outbox.c.state.in_(("queued", "leased", "parked"))
_MINE = (
    outbox.c.key == bindparam("notice"),
    outbox.c.state == "leased",
    outbox.c.attempts == bindparam("attempt"),
)
_THREAD = outbox.c.thread_key == bindparam("thread")

_ADD = insert(outbox)
_OF_THREAD = select(outbox).where(_THREAD, _HELD).order_by(outbox.c.key)
_SUPERSEDE = update(outbox).where(outbox.c.key == bindparam("notice")).values(state="superseded")
_FREE = (
    update(outbox)
    .where(_OPEN, outbox.c.state == "leased", outbox.c.lease_until <= bindparam("now"))
    .values(state="queued", lease_until=None)
)
_BUSY = select(outbox.c.thread_key).where(_OPEN, outbox.c.state == "leased")
_URGENCY = func.min(outbox.c.lane)
_THREADS = (
    select(outbox.c.thread_key)
    .where(
        _OPEN,
        outbox.c.state == "queued",
        outbox.c.due_at <= bindparam("now"),
        outbox.c.thread_key.not_in(_BUSY),
    )
    .group_by(outbox.c.thread_key)
    .limit(bindparam("limit"))
)
_URGENT_FIRST = _THREADS.order_by(_URGENCY, func.min(outbox.c.key))
_REST_FIRST = _THREADS.order_by(_URGENCY.desc(), func.min(outbox.c.key))
_LEASE = (
    update(outbox)
    .where(outbox.c.key == bindparam("notice"), outbox.c.state == "queued")
    .values(state="leased", attempts=outbox.c.attempts + 1, lease_until=bindparam("until"))
    .returning(outbox)
)
_END = update(outbox).where(*_MINE).values(lease_until=None)
_DELAY = (
    update(outbox)
    .where(_THREAD, _OPEN, outbox.c.state == "queued", outbox.c.due_at < bindparam("until"))
    .values(due_at=bindparam("until"))
)
_PARK = (
    update(outbox)
    .where(_THREAD, _OPEN, outbox.c.state == "queued")
    .values(state="parked", error=bindparam("why"))
)
_UNPARK = (
    update(outbox)
    .where(_THREAD, outbox.c.state == "parked")
    .values(state="queued", due_at=bindparam("now"), error=None)
)
_NEXT = select(
    func.min(outbox.c.due_at, type_=outbox.c.due_at.type).label("due_at"),
    func.min(outbox.c.lease_until, type_=outbox.c.due_at.type).label("lease_until"),
).where(_OPEN)
_PARKED = (
    select(
        outbox.c.thread_key, func.min(outbox.c.error).label("error"), func.count().label("count")
    )
    .where(outbox.c.state == "parked")
    .group_by(outbox.c.thread_key)
    .order_by(outbox.c.thread_key)
)
_SLOT = select(slots).where(slots.c.thread_key == bindparam("thread"))
_ONE_SLOT = _SLOT.where(slots.c.slot == bindparam("name"))
_PUT_SLOT = upsert(
    slots,
    key=("thread_key", "slot"),
    update=("channel_id", "ts", "permalink", "hash", "version", "updated_at"),
)
_DROP_SLOT = delete(slots).where(
    slots.c.thread_key == bindparam("thread"), slots.c.slot == bindparam("name")
)


def add(tx: Transaction, values: dict[str, Any]) -> int:
    """Insert a notice and return its key."""
    return tx.insert(_ADD, **values)


def held(tx: Transaction, thread_key: int) -> list[Row]:
    """Return what a thread still has to say, in the order in which it came up."""
    return tx.fetch_all(_OF_THREAD, thread=thread_key)


def supersede(tx: Transaction, keys: Collection[int]) -> None:
    """Mark notices whose place a newer one takes."""
    for key in keys:
        tx.execute(_SUPERSEDE, notice=key)


def free(tx: Transaction, *, now: datetime) -> int:
    """Take back the leases that ran out."""
    return tx.execute(_FREE, now=now)


def threads(tx: Transaction, *, now: datetime, limit: int, low_first: bool) -> list[int]:
    """Return threads that have something due and nothing in flight, by their highest lane."""
    statement = _REST_FIRST if low_first else _URGENT_FIRST
    return [row.thread_key for row in tx.fetch_all(statement, now=now, limit=limit)]


def lease(tx: Transaction, key: int, until: datetime) -> Row:
    """Hand out a queued notice until *until*."""
    (row,) = tx.fetch_all(_LEASE, notice=key, until=until)
    return row


def end(tx: Transaction, key: int, attempt: int, **values: Any) -> bool:
    """Give a lease back with what became of it; False when it had run out."""
    return tx.execute(_END, notice=key, attempt=attempt, **values) == 1


def delay(tx: Transaction, thread_key: int, until: datetime) -> None:
    """Hold back everything queued of a thread."""
    tx.execute(_DELAY, thread=thread_key, until=until)


def park(tx: Transaction, thread_key: int, why: str) -> None:
    """Put everything queued of a thread aside."""
    tx.execute(_PARK, thread=thread_key, why=why)


def unpark(tx: Transaction, thread_key: int, *, now: datetime) -> int:
    """Queue again what was put aside, and count it."""
    return tx.execute(_UNPARK, thread=thread_key, now=now)


async def next_due(reader: Reader) -> tuple[datetime | None, datetime | None]:
    """Say when the next notice is due, and when the next lease runs out."""
    row = await reader.fetch_one(_NEXT)
    return (row.due_at, row.lease_until) if row is not None else (None, None)


async def parked(reader: Reader) -> list[Row]:
    """Return the threads that cannot say what they have to, with the reason and how much."""
    return await reader.fetch_all(_PARKED)


def slot(tx: Transaction, thread_key: int, name: str) -> Row | None:
    return tx.fetch_one(_ONE_SLOT, thread=thread_key, name=name)


def slots_of(tx: Transaction, thread_key: int) -> list[Row]:
    return tx.fetch_all(_SLOT, thread=thread_key)


async def read_slots(reader: Reader, thread_key: int) -> list[Row]:
    return await reader.fetch_all(_SLOT, thread=thread_key)


def put_slot(tx: Transaction, values: dict[str, Any]) -> None:
    tx.execute(_PUT_SLOT, **values)


def drop_slot(tx: Transaction, thread_key: int, name: str) -> None:
    tx.execute(_DROP_SLOT, thread=thread_key, name=name)

"""The rows of the outbox, and of the messages that its notices became."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from coordination.database import (
    Ordered,
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    canonical,
    case,
    delete,
    exists,
    func,
    insert,
    insert_if_absent,
    moment,
    outbox,
    processes,
    select,
    slots,
    threads,
    update,
    upsert,
)

# Written out, so that SQLite sees that the partial index fits.
_HELD = outbox.c.state.in_(
    bindparam(None, ["queued", "leased", "parked"], expanding=True, literal_execute=True)
)
_QUEUED = outbox.c.state == bindparam(None, "queued", literal_execute=True)
_LEASED = outbox.c.state == bindparam(None, "leased", literal_execute=True)
_ROLLED = outbox.c.state == bindparam(None, "rolled", literal_execute=True)
_PARKED_NOW = outbox.c.state == bindparam(None, "parked", literal_execute=True)
_MINE = (
    outbox.c.key == bindparam("notice"),
    outbox.c.state == "leased",
    outbox.c.attempts == bindparam("attempt"),
)
_THREAD = outbox.c.thread_key == bindparam("thread")
_PART = (  # what is said in a thread, or beside it to one recipient
    _THREAD,
    _HELD,
    outbox.c.recipient.is_not_distinct_from(bindparam("to")),
)

_ADD = Ordered(
    insert(outbox),
    (
        *("id", "thread_key", "lane", "slot", "recipient", "kind", "body"),
        *("state", "attempts", "due_at", "error", "created_at"),
    ),
)
_ADD_ONCE = insert_if_absent(outbox)
_OF_THREAD = select(outbox).where(_THREAD, _HELD).order_by(outbox.c.key)
_CHANGE = update(outbox).where(outbox.c.key == bindparam("notice"))
_SUPERSEDE = _CHANGE.values(state="superseded")
_RENEW = _CHANGE.values(
    body=bindparam("said"), due_at=bindparam("due"), created_at=bindparam("now")
)
_ROLL = _CHANGE.values(state="rolled", sent_at=bindparam("now"))
_RAN_OUT = select(outbox.c.key).where(_LEASED, outbox.c.lease_until <= bindparam("now"))
_FREE_ONE = _CHANGE.values(state="queued", lease_until=None)
_TURNS = (
    select(outbox.c.thread_key, outbox.c.recipient)
    .where(
        _QUEUED,
        outbox.c.lane == bindparam("lane"),
        outbox.c.due_at <= bindparam("now"),
        outbox.c.thread_key.not_in(select(outbox.c.thread_key).where(_LEASED)),
    )
    .order_by(outbox.c.due_at, outbox.c.key)
    .limit(bindparam("limit"))
)
_LEASE = (
    update(outbox)
    .where(outbox.c.key == bindparam("notice"), outbox.c.state == "queued")
    .values(state="leased", attempts=outbox.c.attempts + 1, lease_until=bindparam("until"))
    .returning(outbox)
)
_END = update(outbox).where(*_MINE).values(lease_until=None)
_NOTE = update(outbox).where(*_MINE)
_DELAY = (
    update(outbox)
    .where(*_PART, outbox.c.state == "queued", outbox.c.due_at < bindparam("until"))
    .values(due_at=bindparam("until"))
)
_PUT_OFF = (
    update(outbox)
    .where(outbox.c.key == bindparam("notice"), outbox.c.state == "queued")
    .values(due_at=bindparam("until"))
)
_PARK = (
    update(outbox)
    .where(*_PART, outbox.c.state == "queued")
    .values(state="parked", error=bindparam("why"))
)
_UNPARK = (
    update(outbox)
    .where(_THREAD, _PARKED_NOW)
    .values(
        state="queued",
        error=None,
        due_at=case((outbox.c.due_at > bindparam("now"), outbox.c.due_at), else_=bindparam("now")),
    )
)
LEASES = 5  # behind the four lanes
_NEXT_OF = [
    select(outbox.c.due_at)
    .where(_QUEUED, outbox.c.lane == lane)
    .order_by(outbox.c.due_at)
    .limit(1)
    .scalar_subquery()
    .label(f"lane_{lane}")
    for lane in (1, 2, 3, 4)
]
_NEXT = select(
    *_NEXT_OF,
    select(outbox.c.lease_until)
    .where(_LEASED)
    .order_by(outbox.c.lease_until)
    .limit(1)
    .scalar_subquery()
    .label("lease"),
)
_PARKED = (
    select(
        outbox.c.thread_key, func.min(outbox.c.error).label("error"), func.count().label("count")
    )
    .where(_PARKED_NOW)
    .group_by(outbox.c.thread_key)
    .order_by(outbox.c.thread_key)
)
_PARKED_URGENT = (
    select(outbox)
    .where(
        _PARKED_NOW,
        outbox.c.lane <= bindparam("lane"),
        outbox.c.recipient.is_(None),
        outbox.c.key > bindparam("after"),
    )
    .order_by(outbox.c.key)
)
_SLOT = select(slots).where(slots.c.thread_key == bindparam("thread"))
_ONE_SLOT = _SLOT.where(slots.c.slot == bindparam("name"))
_AT = select(slots).where(slots.c.channel_id == bindparam("channel"), slots.c.ts == bindparam("ts"))
_PUT_SLOT = upsert(
    slots,
    key=("thread_key", "slot"),
    update=("channel_id", "ts", "permalink", "hash", "version", "notified", "turns", "updated_at"),
)
_DROP_SLOT = delete(slots).where(
    slots.c.thread_key == bindparam("thread"), slots.c.slot == bindparam("name")
)
_FORGET = (
    update(slots)
    .where(slots.c.thread_key == bindparam("thread"), slots.c.slot == bindparam("name"))
    .values(hash="")
)
_THREAD_ROW = select(threads.c.id, threads.c.channel).where(threads.c.key == bindparam("thread"))
_BEHIND = (
    select(threads.c.key)
    .join(slots, and_(slots.c.thread_key == threads.c.key, slots.c.slot == "root"))
    .where(
        threads.c.updated_at > bindparam("since"),
        threads.c.updated_at > slots.c.updated_at,
        ~exists().where(outbox.c.thread_key == threads.c.key, _HELD),
    )
    .order_by(threads.c.updated_at.desc())
    .limit(bindparam("limit"))
)
_GOES_ON = (
    select(processes.c.key).where(
        processes.c.thread_key == bindparam("thread"), processes.c.ended_at.is_(None)
    )
).limit(1)
_ROOTS = select(slots.c.thread_key).where(slots.c.slot == "root").order_by(slots.c.thread_key)
_LIKELY_ID = (
    select(slots.c.channel_id)
    .join(threads, threads.c.key == slots.c.thread_key)
    .where(slots.c.slot == "root", threads.c.channel == bindparam("name"))
    .order_by(threads.c.key.desc())
    .limit(1)
)
_ROLLED_IN = (
    select(outbox.c.thread_key, outbox.c.kind, func.count().label("count"))
    .join(slots, and_(slots.c.thread_key == outbox.c.thread_key, slots.c.slot == "root"))
    .where(
        _ROLLED,
        outbox.c.sent_at > bindparam("since"),
        outbox.c.sent_at <= bindparam("until"),
        slots.c.channel_id == bindparam("channel"),
    )
    .group_by(outbox.c.thread_key, outbox.c.kind)
    .order_by(outbox.c.thread_key.desc())
)
_ROLLED_OF = (
    select(func.count().label("count"))
    .select_from(outbox)
    .where(_THREAD, _ROLLED, outbox.c.recipient.is_(None))
)


def add(tx: Transaction, values: dict[str, Any]) -> int:
    """Insert a notice and return its key."""
    due = moment(values["due_at"])
    at_once = values["created_at"] is values["due_at"]
    row = (
        values["id"],
        values["thread_key"],
        values["lane"],
        values["slot"],
        values["recipient"],
        values["kind"],
        canonical(values["body"]),
        values["state"],
        values["attempts"],
        due,
        values.get("error"),
        due if at_once else moment(values["created_at"]),
    )
    return tx.append(_ADD, row)


def add_once(tx: Transaction, values: dict[str, Any]) -> bool:
    """Insert a notice unless one of its id is there; say whether it was new."""
    return tx.execute(_ADD_ONCE, **values) == 1


def held(tx: Transaction, thread_key: int) -> list[Row]:
    """Return what a thread still has to say, in the order in which it came up."""
    return tx.fetch_all(_OF_THREAD, thread=thread_key)


def supersede(tx: Transaction, keys: Collection[int]) -> None:
    """Mark notices whose place a newer one takes."""
    for key in keys:
        tx.execute(_SUPERSEDE, notice=key)


def renew(
    tx: Transaction, key: int, *, body: Mapping[str, Any], due_at: datetime, now: datetime
) -> None:
    """Let a queued notice stand for what happens now."""
    tx.execute(_RENEW, notice=key, said=dict(body), due=due_at, now=now)


def roll(tx: Transaction, keys: Collection[int], *, now: datetime) -> None:
    """Mark notices that only the card, and a digest, tell of."""
    for key in keys:
        tx.execute(_ROLL, notice=key, now=now)


def free(tx: Transaction, *, now: datetime, but: Collection[int] = ()) -> int:
    """Take back the leases that ran out, *but* those of these notices."""
    found = [row.key for row in tx.fetch_all(_RAN_OUT, now=now) if row.key not in but]
    return sum(tx.execute(_FREE_ONE, notice=key) for key in found)


def turns(tx: Transaction, lane: int, *, now: datetime, limit: int) -> list[tuple[int, str | None]]:
    """Return who has something due in *lane* and nothing in flight: thread and recipient, once each."""
    rows = tx.fetch_all(_TURNS, lane=lane, now=now, limit=limit)
    return list({(row.thread_key, row.recipient): None for row in rows})


def lease(tx: Transaction, key: int, until: datetime) -> Row:
    """Hand out a queued notice until *until*."""
    (row,) = tx.fetch_all(_LEASE, notice=key, until=until)
    return row


def end(tx: Transaction, key: int, attempt: int, **values: Any) -> bool:
    """Give a lease back with what became of it; False when it had run out."""
    return tx.execute(_END, notice=key, attempt=attempt, **values) == 1


def note(tx: Transaction, key: int, attempt: int, body: Any) -> bool:
    """Keep with a notice in flight how far it is; False when its lease had run out."""
    return tx.execute(_NOTE, notice=key, attempt=attempt, body=body) == 1


def delay(tx: Transaction, thread_key: int, recipient: str | None, until: datetime) -> None:
    """Hold back everything queued of a thread, or of what it says to one recipient."""
    tx.execute(_DELAY, thread=thread_key, to=recipient, until=until)


def put_off(tx: Transaction, key: int, until: datetime) -> None:
    """Let one queued notice wait."""
    tx.execute(_PUT_OFF, notice=key, until=until)


def park(tx: Transaction, thread_key: int, recipient: str | None, why: str) -> None:
    """Put everything queued aside: of a thread, or of what it says to one recipient."""
    tx.execute(_PARK, thread=thread_key, to=recipient, why=why)


def unpark(tx: Transaction, thread_key: int, *, now: datetime) -> int:
    """Queue again what was put aside, and count it."""
    return tx.execute(_UNPARK, thread=thread_key, now=now)


async def soonest(reader: Reader) -> dict[int, datetime]:
    """Say when the next notice of each lane is due, and under `LEASES` when the next lease runs out."""
    row = await reader.fetch_one(_NEXT)
    return {lane: due for lane, due in enumerate(row or (), 1) if due is not None}


async def next_due(reader: Reader) -> datetime | None:
    """Say when the next notice is due, or the next lease runs out."""
    return min((await soonest(reader)).values(), default=None)


async def parked(reader: Reader) -> list[Row]:
    """Return the threads that cannot say what they have to, with the reason and how much."""
    return await reader.fetch_all(_PARKED)


async def parked_urgent(reader: Reader, lane: int, *, after: int) -> list[Row]:
    """Return what was put aside of *lane* and the more urgent ones, after a key."""
    return await reader.fetch_all(_PARKED_URGENT, lane=lane, after=after)


def thread(tx: Transaction, thread_key: int) -> Row:
    """Return id and channel of a thread."""
    (row,) = tx.fetch_all(_THREAD_ROW, thread=thread_key)
    return row


def slot(tx: Transaction, thread_key: int, name: str) -> Row | None:
    return tx.fetch_one(_ONE_SLOT, thread=thread_key, name=name)


def slots_of(tx: Transaction, thread_key: int) -> list[Row]:
    return tx.fetch_all(_SLOT, thread=thread_key)


def slots_at(tx: Transaction, channel_id: str, ts: str) -> list[Row]:
    """Return the slots for which one message of Slack stands."""
    return tx.fetch_all(_AT, channel=channel_id, ts=ts)


async def read_slots(reader: Reader, thread_key: int) -> list[Row]:
    return await reader.fetch_all(_SLOT, thread=thread_key)


def put_slot(tx: Transaction, values: dict[str, Any]) -> None:
    tx.execute(_PUT_SLOT, **values)


def drop_slot(tx: Transaction, thread_key: int, name: str) -> None:
    tx.execute(_DROP_SLOT, thread=thread_key, name=name)


def forget(tx: Transaction, thread_key: int, name: str) -> None:
    """Forget what the message of a slot shows, so that it is drawn whatever it is."""
    tx.execute(_FORGET, thread=thread_key, name=name)


async def behind(reader: Reader, *, since: datetime, limit: int) -> list[int]:
    """Return threads in which something happened after *since* and after their card was drawn."""
    return [row.key for row in await reader.fetch_all(_BEHIND, since=since, limit=limit)]


def goes_on(tx: Transaction, thread_key: int) -> bool:
    """Say whether something in a thread has not ended."""
    return tx.fetch_one(_GOES_ON, thread=thread_key) is not None


async def with_card(reader: Reader) -> list[int]:
    """Return all threads that have a card."""
    return [row.thread_key for row in await reader.fetch_all(_ROOTS)]


async def known_id(reader: Reader, name: str) -> str | None:
    """Return the id of the channel that went by *name* when a thread was last posted there."""
    row = await reader.fetch_one(_LIKELY_ID, name=name)
    return row.channel_id if row is not None else None


async def channel_of(reader: Reader, thread_key: int) -> str | None:
    """Return the channel that a thread was given."""
    row = await reader.fetch_one(_THREAD_ROW, thread=thread_key)
    return row.channel if row is not None else None


async def rolled_in(
    reader: Reader, channel_id: str, *, since: datetime, until: datetime
) -> list[Row]:
    """Return what no message took, of the threads of a channel: thread, kind, how many."""
    return await reader.fetch_all(_ROLLED_IN, channel=channel_id, since=since, until=until)


async def rolled_of(reader: Reader, thread_key: int) -> int:
    """Count what the card of a thread stands for, since no message of its own did."""
    row = await reader.fetch_one(_ROLLED_OF, thread=thread_key)
    return int(row.count) if row is not None else 0

"""The rows of the timers."""

from collections.abc import Sequence
from datetime import datetime

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    delete,
    func,
    select,
    timers,
    upsert,
)

_OWNED = (
    timers.c.owner_kind == bindparam("kind"),
    timers.c.owner_key == bindparam("owner"),
)
_SET = upsert(timers, key=("owner_kind", "owner_key", "slot"), update=("due_at",))
_CLEAR_ALL = delete(timers).where(*_OWNED)
_CLEAR = _CLEAR_ALL.where(timers.c.slot == bindparam("name"))
_TAKE = _CLEAR.where(timers.c.due_at == bindparam("due"))
_DUE = (
    select(timers)
    .where(timers.c.due_at <= bindparam("now"))
    .order_by(timers.c.due_at, timers.c.owner_kind, timers.c.owner_key, timers.c.slot)
    .limit(bindparam("limit"))
)
_BETWEEN = select(timers).where(
    timers.c.due_at > bindparam("now"), timers.c.due_at <= bindparam("until")
)
_OF_KIND = select(timers).where(timers.c.owner_kind == bindparam("kind"))
_EARLIEST = select(func.min(timers.c.due_at, type_=timers.c.due_at.type).label("due_at"))


def put(tx: Transaction, owner: tuple[str, int], slot: str, due_at: datetime) -> None:
    """Set a timer, or move the one that is there."""
    tx.execute(_SET, owner_kind=owner[0], owner_key=owner[1], slot=slot, due_at=due_at)


def drop(tx: Transaction, owner: tuple[str, int], slot: str | None) -> int:
    """Delete the timer *slot* of an owner, or all that they have; count them."""
    if slot is None:
        return tx.execute(_CLEAR_ALL, kind=owner[0], owner=owner[1])
    return tx.execute(_CLEAR, kind=owner[0], owner=owner[1], name=slot)


def take(tx: Transaction, owner: tuple[str, int], slot: str, due_at: datetime) -> bool:
    """Delete exactly this timer; False if it was moved, cleared or fired meanwhile."""
    return tx.execute(_TAKE, kind=owner[0], owner=owner[1], name=slot, due=due_at) == 1


async def due(reader: Reader, *, now: datetime, limit: int) -> Sequence[Row]:
    """Return what is due, earliest first."""
    return await reader.fetch_all(_DUE, now=now, limit=limit)


async def between(
    reader: Reader, beginnings: tuple[str, ...], now: datetime, until: datetime
) -> Sequence[Row]:
    """Return what is due after *now* and up to *until*, of slots that begin so."""
    rows = await reader.fetch_all(_BETWEEN, now=now, until=until)
    return [row for row in rows if row.slot.startswith(beginnings)]


async def earliest(reader: Reader) -> datetime | None:
    """Say when the next timer is due."""
    row = await reader.fetch_one(_EARLIEST)
    return row.due_at if row is not None else None


async def of_kind(reader: Reader, owner_kind: str) -> list[Row]:
    """Return all timers of owners of one kind."""
    return await reader.fetch_all(_OF_KIND, kind=owner_kind)

"""Runs of a workflow that count together, and how many of it there were of late."""

from datetime import datetime

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    definitions,
    func,
    runs,
    select,
    update,
)

AT_WORK = ("queued", "running", "waiting", "paused", "compensating", "unknown")
_OPEN = (
    select(
        runs.c.key,
        runs.c.id,
        runs.c.number,
        runs.c.status,
        runs.c.held_since,
        definitions.c.body.label("definition"),
    )
    .join(definitions, definitions.c.hash == runs.c.hash)
    .where(
        runs.c.workflow == bindparam("of"),
        runs.c.concurrency_key == bindparam("together"),
        runs.c.status.in_(AT_WORK),
    )
    .order_by(runs.c.key)
)
_CHANGE = update(runs).where(runs.c.key == bindparam("run"))
_OF_LATE = select(
    func.count().label("number"),
    func.min(runs.c.created_at, type_=runs.c.created_at.type).label("first"),
).where(runs.c.workflow == bindparam("of"), runs.c.created_at > bindparam("since"))


def open_of(tx: Transaction, workflow: str, key: str) -> list[Row]:
    """Return the runs that have not ended of those that count together, in the order of starts."""
    return tx.fetch_all(_OPEN, of=workflow, together=key)


async def read_open_of(reader: Reader, workflow: str, key: str) -> list[Row]:
    return await reader.fetch_all(_OPEN, of=workflow, together=key)


def mark(
    tx: Transaction, run: int, *, key: str | None, held_since: datetime | None, priority: str | None
) -> None:
    """Say with which runs a new one counts, and whether it has to wait for a place."""
    tx.execute(_CHANGE, run=run, concurrency_key=key, held_since=held_since, priority=priority)


def admit(tx: Transaction, run: int) -> None:
    """Give a held run its place."""
    tx.execute(_CHANGE, run=run, held_since=None)


def of_late(tx: Transaction, workflow: str, since: datetime) -> tuple[int, datetime | None]:
    """Count the runs of a workflow that were started after *since*; say when the first was."""
    row = tx.fetch_one(_OF_LATE, of=workflow, since=since)
    return (0, None) if row is None else (int(row.number), row.first)

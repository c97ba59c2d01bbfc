"""How much is left to do, and for how long it has been: read by whoever watches over Baton."""

from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    bindparam,
    events,
    func,
    meta,
    outbox,
    runs,
    select,
    wakeups,
)
from coordination.store.runs import OPEN


def _literal(state: str) -> Any:
    """Write a state out, so that SQLite sees that a partial index fits."""
    return bindparam(None, state, literal_execute=True)


_COUNT = func.count().label("count")
_UNDISPATCHED = select(_COUNT, func.min(events.c.received_at).label("oldest")).where(
    events.c.dispatched_at.is_(None)
)
_WAKEUPS = select(_COUNT, func.min(wakeups.c.created_at).label("oldest")).where(
    wakeups.c.done_at.is_(None)
)
_NOTICES = {
    state: select(_COUNT, func.min(outbox.c.due_at).label("oldest")).where(
        outbox.c.state == _literal(state)
    )
    for state in ("queued", "leased", "parked")
}
_RUNS = select(runs.c.status, _COUNT).where(runs.c.status.in_(OPEN)).group_by(runs.c.status)
_GENERATION = select(meta.c.value).where(meta.c.name == "generation")


async def queues(reader: Reader) -> dict[str, tuple[int, datetime | None]]:
    """Return how much waits in each queue, and since when the oldest of it, or is due."""
    found: dict[str, tuple[int, datetime | None]] = {}
    for name, statement in (
        ("events", _UNDISPATCHED),
        ("wakeups", _WAKEUPS),
        *((f"notices_{state}", each) for state, each in _NOTICES.items()),
    ):
        (row,) = await reader.fetch_all(statement)
        found[name] = (int(row.count), row.oldest)
    return found


async def open_runs(reader: Reader) -> dict[str, int]:
    """Count the runs that have not ended, by status."""
    rows = {row.status: int(row.count) for row in await reader.fetch_all(_RUNS)}
    return {status: rows.get(status, 0) for status in OPEN}


async def generation(reader: Reader) -> int:
    """Return how often the database was restored, from 1."""
    row = await reader.fetch_one(_GENERATION)
    return 1 if row is None else int(row.value)

"""The rows around a run: its parent, its children and who paused it."""

from coordination.database import Reader, Row, bindparam, runs, select, wakeups
from coordination.store.runs import OPEN

_LINK = select(
    runs.c.key,
    runs.c.id,
    runs.c.number,
    runs.c.workflow,
    runs.c.status,
    runs.c.parent_key,
    runs.c.parent_path,
)
_BY_KEY = _LINK.where(runs.c.key == bindparam("run"))
_CHILDREN = (
    _LINK.where(runs.c.parent_key == bindparam("run"))
    .order_by(runs.c.key.desc())
    .limit(bindparam("limit"))
)
_OPEN_CHILDREN = _LINK.where(
    runs.c.parent_key >= bindparam("first"),
    runs.c.parent_key <= bindparam("last"),
    runs.c.status.in_(OPEN),
).order_by(runs.c.key)
_LAST_PAUSE = (
    select(wakeups)
    .where(wakeups.c.run_key == bindparam("run"), wakeups.c.kind == "pause")
    .order_by(wakeups.c.key.desc())
    .limit(1)
)


async def by_key(reader: Reader, key: int) -> Row | None:
    return await reader.fetch_one(_BY_KEY, run=key)


async def children(reader: Reader, key: int, *, most: int) -> list[Row]:
    """Return the newest children of a run, oldest first."""
    return (await reader.fetch_all(_CHILDREN, run=key, limit=most))[::-1]


async def open_children(reader: Reader, first: int, last: int) -> list[Row]:
    """Return the children that go on of runs with keys from *first* to *last*."""
    return await reader.fetch_all(_OPEN_CHILDREN, first=first, last=last)


async def last_pause(reader: Reader, key: int) -> Row | None:
    """Return the wake-up that paused a run last."""
    return await reader.fetch_one(_LAST_PAUSE, run=key)

"""The rows of waits for events: found by shape and key, answered once."""

from collections.abc import Mapping
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    delete,
    events,
    func,
    insert,
    json_text,
    or_,
    processes,
    runs,
    select,
    threads,
    update,
    waits,
    wakeups,
)
from coordination.store.event_bodies import COLUMNS, filled

STATUSES = 10  # of a process; a look back asks for that many at most

_IS_EVENT = waits.c.kind == "event"
_WAIT = select(waits, runs.c.id.label("run_id")).join(runs, runs.c.key == waits.c.run_key)
_BY_KEY = _WAIT.where(waits.c.key == bindparam("wait"))
_NEWEST_AT = (
    select(waits)
    .where(waits.c.run_key == bindparam("run"), waits.c.path == bindparam("place"), _IS_EVENT)
    .order_by(waits.c.key.desc())
    .limit(1)
)
_OPEN = insert(waits)
_MOVE = update(waits).where(waits.c.key == bindparam("wait"), waits.c.state == bindparam("was"))
_NOTE = update(waits).where(waits.c.key == bindparam("wait"))
_COUNT = select(func.count().label("number")).where(waits.c.wait_on == bindparam("wanted"))
_CANDIDATES = _WAIT.where(waits.c.wait_on == bindparam("wanted")).order_by(waits.c.key)
_LOOKING = _WAIT.where(waits.c.state == "looking").order_by(waits.c.key).limit(bindparam("limit"))
_STANDING = select(waits).where(
    waits.c.run_key == bindparam("run"), _IS_EVENT, waits.c.state.in_(("open", "looking"))
)
_HAD = select(wakeups.c.key).where(
    wakeups.c.run_key == bindparam("run"), wakeups.c.delivery_id == bindparam("delivery")
)

_LEAST = select(func.min(waits.c.shape).label("shape")).where(waits.c.shape.is_not(None))
SHAPES = _LEAST.cte("shapes", recursive=True)
SHAPES = SHAPES.union_all(
    select(
        select(func.min(waits.c.shape)).where(waits.c.shape > SHAPES.c.shape).scalar_subquery()
    ).where(SHAPES.c.shape.is_not(None))
)
_DISTINCT = select(SHAPES.c.shape).where(SHAPES.c.shape.is_not(None))

_HEAD = select(func.max(events.c.seq).label("seq"))
_FIRST = (
    select(func.min(events.c.seq).label("seq"))
    .join(processes, processes.c.key == events.c.process_key)
    .where(processes.c.run_key == bindparam("run"))
)
_STARTED_BY = (
    select(events.c.seq)
    .select_from(runs.join(events, events.c.id == json_text(runs.c.trigger, "event_id")))
    .where(runs.c.key == bindparam("run"))
)
_EVENT = (
    select(
        events.c.seq,
        *COLUMNS,
        threads.c.id.label("thread_id"),
        processes.c.name,
    )
    .outerjoin(threads, threads.c.key == events.c.thread_key)
    .outerjoin(processes, processes.c.key == events.c.process_key)
)
_EVENT_BY_ID = _EVENT.where(events.c.id == bindparam("called"))
_LIKELY = or_(
    events.c.status.in_([bindparam(f"status_{number}") for number in range(STATUSES)]),
    and_(events.c.status.is_(None), events.c.type.like(bindparam("like"), escape="\\")),
)
_WINDOW = _EVENT.where(
    events.c.seq >= bindparam("first"),
    events.c.seq <= bindparam("last"),
    events.c.applied.is_(True),
    _LIKELY,
).order_by(events.c.seq)
_OF_THREAD = _WINDOW.where(threads.c.id == bindparam("thread")).limit(bindparam("limit"))
_SEQ = select(events.c.seq).where(events.c.id == bindparam("called"))

_FORGET = delete(wakeups).where(
    wakeups.c.run_key == bindparam("run"),
    wakeups.c.delivery_id == bindparam("delivery"),
    wakeups.c.done_at.is_(None),
)


def add(tx: Transaction, values: Mapping[str, Any]) -> int:
    """Store a wait for an event."""
    return tx.insert(_OPEN, kind="event", **values)


def by_key(tx: Transaction, key: int) -> Row | None:
    """Return a wait, with the id of its run."""
    return tx.fetch_one(_BY_KEY, wait=key)


def newest_at(tx: Transaction, run_key: int, path: str) -> Row | None:
    """Return what the step at *path* waits for, or waited for last."""
    return tx.fetch_one(_NEWEST_AT, run=run_key, place=path)


def move(tx: Transaction, row: Row, values: Mapping[str, Any]) -> bool:
    """Change a wait if it still stands as *row* says; False means that it does not."""
    return tx.execute(_MOVE, wait=row.key, was=row.state, **values) == 1


def note(tx: Transaction, key: int, values: Mapping[str, Any]) -> None:
    """Change what is kept beside a wait."""
    tx.execute(_NOTE, wait=key, **values)


def count(tx: Transaction, wait_on: str) -> int:
    row = tx.fetch_one(_COUNT, wanted=wait_on)
    return 0 if row is None else int(row.number)


def head(tx: Transaction) -> int:
    """Return the place of the newest event, or 0."""
    row = tx.fetch_one(_HEAD)
    return 0 if row is None or row.seq is None else int(row.seq)


def first_of_run(tx: Transaction, run_key: int) -> int | None:
    """Return the place of the event that started the run, else of the one that says it was queued.

    Between the two others may have come: where the Dispatcher is late, all that came meanwhile.
    """
    row = tx.fetch_one(_STARTED_BY, run=run_key) or tx.fetch_one(_FIRST, run=run_key)
    return None if row is None or row.seq is None else int(row.seq)


def event(tx: Transaction, event_id: str) -> Row | None:
    """Return an event, with its thread and the name of its process."""
    row = tx.fetch_one(_EVENT_BY_ID, called=event_id)
    return None if row is None else filled(row)


def seq_of(tx: Transaction, event_id: str) -> int:
    row = tx.fetch_one(_SEQ, called=event_id)
    return 0 if row is None else int(row.seq)


def forget(tx: Transaction, run_key: int, delivery_id: str) -> bool:
    """Delete a wake-up that its run has not heard of, and will not."""
    return tx.execute(_FORGET, run=run_key, delivery=delivery_id) == 1


async def shapes(reader: Reader) -> list[str]:
    """Return the different shapes of all that waits; one look at the index for each."""
    return [row.shape for row in await reader.fetch_all(_DISTINCT)]


async def candidates(reader: Reader, wait_on: str) -> list[Row]:
    """Return what waits for exactly this, oldest first."""
    return await reader.fetch_all(_CANDIDATES, wanted=wait_on)


async def looking(reader: Reader, *, limit: int) -> list[Row]:
    """Return the waits that have not seen all that was stored before them."""
    return await reader.fetch_all(_LOOKING, limit=limit)


async def standing(reader: Reader, run_key: int) -> list[Row]:
    """Return what a run waits for now."""
    return await reader.fetch_all(_STANDING, run=run_key)


async def had(reader: Reader, run_key: int, delivery_id: str) -> bool:
    """Say whether a run was told of something under this name before."""
    return await reader.fetch_one(_HAD, run=run_key, delivery=delivery_id) is not None


async def window(reader: Reader, span: tuple[int, int], likely: Mapping[str, str]) -> list[Row]:
    """Return the events of a span that may fit, oldest first.

    Args:
        reader: the database.
        span: places of the first and the last one.
        likely: ``status_0`` to ``status_9``, and as ``like`` a pattern of types without a status.
    """
    rows = await reader.fetch_all(_WINDOW, first=span[0], last=span[1], **likely)
    return [filled(row) for row in rows]


async def window_of_thread(
    reader: Reader, span: tuple[int, int], likely: Mapping[str, str], thread: str, *, limit: int
) -> list[Row]:
    """Return the first *limit* of them that are of one thread."""
    first, last = span
    rows = await reader.fetch_all(
        _OF_THREAD, first=first, last=last, thread=thread, limit=limit, **likely
    )
    return [filled(row) for row in rows]

"""Looking for events: conditions on their rows, and how much of the table one look may read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from baton.status import Status
from coordination.database import (
    Reader,
    Row,
    bindparam,
    events,
    func,
    json_text,
    or_,
    processes,
    select,
    threads,
)
from coordination.store.event_bodies import filled

_EVENT = select(events, threads.c.id.label("thread_id")).outerjoin(
    threads, threads.c.key == events.c.thread_key
)
_ALL = (
    _EVENT.where(events.c.seq > bindparam("after"), events.c.seq <= bindparam("upto"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_ENDS = (
    _EVENT.where(events.c.seq > bindparam("after"), events.c.seq <= bindparam("upto"))
    .order_by(events.c.seq.desc())
    .limit(bindparam("limit"))
)
_NEWEST = select(events.c.seq).order_by(events.c.seq.desc()).limit(1)
_NEXT = (
    select(events.c.seq, events.c.received_at)
    .where(events.c.seq >= bindparam("place"))
    .order_by(events.c.seq)
    .limit(1)
)
_CATEGORY = func.coalesce(
    json_text(events.c.body, "category"),
    select(processes.c.category).where(processes.c.key == events.c.process_key).scalar_subquery(),
)
_TERMINAL = tuple(status.value for status in Status if status.terminal)


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for, with the store's own keys; what is not given does not matter."""

    thread_key: int | None = None
    run_key: int | None = None
    namespace: str | None = None
    source: str | None = None
    type: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    @property
    def wide(self) -> bool:
        """Say whether there is something to look for, and no index to find it by."""
        narrow = self.thread_key is not None or self.run_key is not None
        return not narrow and self != Search()


async def page(
    reader: Reader, wanted: Search, span: tuple[int, int], limit: int, *, newest: bool = False
) -> list[Row]:
    """Return events after ``span[0]`` up to ``span[1]``, the oldest first or the newest first."""
    statement = _ENDS if newest else _ALL
    for condition in _conditions(wanted):
        statement = statement.where(condition)
    rows = await reader.fetch_all(statement, after=span[0], upto=span[1], limit=limit)
    return [filled(row) for row in rows]


async def newest(reader: Reader) -> int:
    """Return the place of the newest event; 0 where there is none."""
    row = await reader.fetch_one(_NEWEST)
    return 0 if row is None else int(row.seq)


async def first_since(reader: Reader, moment: datetime, top: int) -> int:
    """Return a place at or before the first event that arrived at *moment* or later.

    Places follow the time of arrival closely, so this halves the table again and again.
    """
    low, high = 0, top
    while low < high:
        middle = (low + high) // 2
        row = await reader.fetch_one(_NEXT, place=middle)
        if row is not None and row.received_at < moment:
            low = row.seq + 1
        else:
            high = middle
    return low


def _conditions(wanted: Search) -> Iterator[Any]:
    columns = {"thread_key": wanted.thread_key, "namespace": wanted.namespace}
    columns |= {"source": wanted.source, "status": wanted.status}
    yield from (events.c[name] == value for name, value in columns.items() if value is not None)
    if wanted.run_key is not None:
        own = select(processes.c.key).where(processes.c.run_key == wanted.run_key)
        yield or_(events.c.caused_by_run == wanted.run_key, events.c.process_key.in_(own))
    if wanted.type is not None:
        yield or_(*_names(wanted.type))
    if wanted.since is not None:
        yield events.c.received_at >= wanted.since
    if wanted.until is not None:
        yield events.c.received_at < wanted.until
    if wanted.text:
        said = _like(wanted.text, around="%")
        yield or_(*(_member(name).ilike(said, escape="\\") for name in ("name", "message")))


def _names(pattern: str) -> Iterator[Any]:
    """A type is the one on the wire, or the name that triggers use: ``test.completed``."""
    yield events.c.type.like(_like(pattern), escape="\\")
    stem, dot, word = pattern.rpartition(".")
    if not dot or "." in stem:
        return
    statuses = _TERMINAL if word == "ended" else tuple(Status) if word == "*" else (word,)
    status = events.c.status.in_(statuses)
    yield status if stem in ("process", "*") else status & _CATEGORY.in_((stem,))


def _member(name: str) -> Any:
    return json_text(events.c.body, name)


def _like(text: str, *, around: str = "") -> str:
    """Write a glob, or words to be found, as a pattern of the database."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{around}{plain}{around}" if around else plain.replace("*", "%")

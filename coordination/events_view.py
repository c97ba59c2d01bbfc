"""Events as people look for them: one by its id, or those that fit, each with what it did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from coordination import run_views
from coordination.database import Reader, Row
from coordination.errors import NotFound
from coordination.store import events as event_store
from coordination.store import searches as store
from coordination.store import threads as thread_store
from coordination.store.searches import Search

WINDOW = 10_000  # rows that one query reads where no index helps
WINDOWS = 5  # queries of one look; what it did not reach is looked for from its cursor on
SKEW = timedelta(minutes=1)  # by which places and times of arrival may disagree


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list; what is not given does not matter.

    Args:
        thread: its id, or the ``run_id`` that a tool chose for it.
        run: ``R-3`` or ``run_…``: what it reports, and what names it.
        namespace: of the process.
        type: the one on the wire or the one in triggers; ``*`` stands for anything.
        source: who reported it.
        status: of a process event.
        since: it arrived then or later.
        until: it arrived before.
        text: stands in its name or message, whatever the case.
    """

    thread: str | None = None
    run: str | None = None
    namespace: str | None = None
    type: str | None = None
    source: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """A stored event: its canonical body, and what it did. *seq* is its place in the store."""

    seq: int
    id: str
    thread_id: str | None
    effect: str
    applied: bool
    body: Mapping[str, Any]
    explain: Any
    received_at: datetime
    dispatched_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """The events of one look, and the place up to which it has looked: where the next one begins."""

    events: tuple[EventView, ...]
    cursor: int


async def event(reader: Reader, event_id: str) -> EventView:
    """Return one event. Raises: NotFound."""
    row = await event_store.read(reader, event_id)
    if row is None:
        raise NotFound("event", event_id)
    return _event(row)


async def events(reader: Reader, wanted: EventFilter, *, after: int, limit: int) -> Found:
    """Return events in the order in which they came, after the seq *after*.

    A look reads only so much of a long history: one that found less than *limit* may find more from
    its cursor on.

    Raises:
        NotFound: *wanted* names a thread or a run that is not there.
    """
    search = await _search(reader, wanted)
    top = await store.newest(reader)
    low = await _from(reader, wanted, after, top)
    rows: list[Row] = []
    for start, end in _windows(low, top, wide=search.wide):
        rows += await store.page(reader, search, (start, end), limit - len(rows))
        low = end
        if len(rows) >= limit:
            break
    full = len(rows) >= limit
    cursor = rows[-1].seq if full else max(low, after)
    return Found(tuple(_event(row) for row in rows), cursor)


async def latest(reader: Reader, wanted: EventFilter, *, limit: int) -> Found:
    """Return the newest events in their order; the cursor is the place of the newest of all.

    Raises:
        NotFound: *wanted* names a thread or a run that is not there.
    """
    search = await _search(reader, wanted)
    top = await store.newest(reader)
    rows: list[Row] = []
    spans = _windows(0, top, wide=False) if not search.wide else _windows_back(top)
    for span in spans:
        rows += await store.page(reader, search, span, limit - len(rows), newest=True)
        if len(rows) >= limit:
            break
    return Found(tuple(_event(row) for row in reversed(rows)), top)


async def _search(reader: Reader, wanted: EventFilter) -> Search:
    run = await run_views.row_of(reader, wanted.run) if wanted.run is not None else None
    return Search(
        thread_key=await _thread_key(reader, wanted.thread),
        run_key=int(run.key) if run is not None else None,
        namespace=wanted.namespace,
        source=wanted.source,
        type=wanted.type,
        status=wanted.status,
        since=wanted.since,
        until=wanted.until,
        text=wanted.text,
    )


async def _from(reader: Reader, wanted: EventFilter, after: int, top: int) -> int:
    if wanted.since is None:
        return after
    first = await store.first_since(reader, wanted.since - SKEW, top)
    return max(after, first - 1)


def _windows(low: int, top: int, *, wide: bool) -> list[tuple[int, int]]:
    """Divide what is to be read, the oldest first; where an index helps it is read at once."""
    if not wide:
        return [(low, top)]
    most = min(top, low + WINDOW * WINDOWS)
    return [(start, min(start + WINDOW, top)) for start in range(low, most, WINDOW)]


def _windows_back(top: int) -> list[tuple[int, int]]:
    last = max(0, top - WINDOW * WINDOWS)
    return [(max(0, end - WINDOW), end) for end in range(top, last, -WINDOW)]


async def _thread_key(reader: Reader, ref: str | None) -> int | None:
    if ref is None:
        return None
    row = await thread_store.read(reader, ref)
    if row is None:
        raise NotFound("thread", ref)
    return int(row.key)


def _event(row: Row) -> EventView:
    return EventView(
        seq=row.seq,
        id=row.id,
        thread_id=row.thread_id,
        effect=row.effect,
        applied=row.applied,
        body=row.body,
        explain=row.explain,
        received_at=row.received_at,
        dispatched_at=row.dispatched_at,
    )

"""The rows of events: the durable inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from baton.events import Event
from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    events,
    insert,
    processes,
    raw_bodies,
    runs,
    select,
    threads,
    update,
)

_EVENT = select(events, threads.c.id.label("thread_id")).outerjoin(
    threads, threads.c.key == events.c.thread_key
)
_ADD = insert(events)
_CHANGE = update(events).where(events.c.seq == bindparam("place"))
_OF_ATTEMPT = (
    select(events.c.body)
    .where(
        events.c.process_key == bindparam("process"),
        events.c.attempt == bindparam("number"),
        events.c.effect != "stored",
    )
    .order_by(events.c.seq)
)
_READ_ATTEMPT = (
    _EVENT.where(
        events.c.process_key == bindparam("process"),
        events.c.attempt == bindparam("number"),
        events.c.status.is_not(None),
        events.c.effect != "stored",
    )
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_LAST_HEARD = (
    select(events.c.received_at)
    .where(events.c.process_key == bindparam("process"), events.c.attempt == bindparam("number"))
    .order_by(events.c.seq.desc())
    .limit(1)
)
_WHOLE = (
    select(
        events,
        threads.c.id.label("thread_id"),
        processes.c.name,
        processes.c.owner,
        runs.c.depth,
        runs.c.workflow.label("cause"),
    )
    .outerjoin(threads, threads.c.key == events.c.thread_key)
    .outerjoin(processes, processes.c.key == events.c.process_key)
    .outerjoin(runs, runs.c.key == events.c.caused_by_run)
)
_UNDISPATCHED = (
    _WHOLE.where(events.c.dispatched_at.is_(None), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_PLACES = (
    select(events.c.seq, events.c.id, events.c.effect)
    .where(events.c.dispatched_at.is_(None), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_PASS_OVER = (
    update(events)
    .where(
        events.c.seq >= bindparam("first"),
        events.c.seq <= bindparam("last"),
        events.c.dispatched_at.is_(None),
    )
    .values(dispatched_at=bindparam("now"))
)
_DISPATCH = (
    update(events)
    .where(events.c.seq == bindparam("place"), events.c.dispatched_at.is_(None))
    .values(dispatched_at=bindparam("now"), explain=bindparam("why", type_=events.c.explain.type))
)
_WHOLE_BY_ID = _WHOLE.where(events.c.id == bindparam("called"))
_BY_ID = _EVENT.where(events.c.id == bindparam("called"))
_RAW = (
    select(raw_bodies, events.c.source, events.c.id)
    .join(events, events.c.seq == raw_bodies.c.seq)
    .where(events.c.id == bindparam("called"))
)
_ADD_RAW = insert(raw_bodies)


@dataclass(frozen=True, slots=True)
class Raw:
    """What came for one event, with its secrets masked.

    Args:
        body: the bytes. Of a list, those of the item; of a CloudEvent in headers, its JSON form.
        headers: content type and user agent, and no others.
        said: what a body of JSON says, where it has been read already.
    """

    body: bytes
    headers: Mapping[str, str]
    said: object = None


def columns_of(event: Event, attempt: int | None) -> dict[str, Any]:
    """Return what the row of an event holds of the event itself, as one of that attempt."""
    body = event.to_json()
    if attempt is not None:
        body["attempt"] = attempt
    return {
        "id": event.event_id,
        "kind": event.kind,
        "type": event.type,
        "source": event.source,
        "namespace": event.namespace,
        "process_id": event.process_id,
        "status": event.status and str(event.status),
        "attempt": attempt,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "body": body,
    }


def add(tx: Transaction, values: Mapping[str, Any]) -> int:
    """Insert an event and return its place in the store."""
    return tx.insert(_ADD, **values)


def change(tx: Transaction, seq: int, values: Mapping[str, Any]) -> None:
    """Complete an event that was stored as it came."""
    tx.execute(_CHANGE, place=seq, **values)


def by_id(tx: Transaction, event_id: str) -> Row | None:
    return tx.fetch_one(_BY_ID, called=event_id)


def of_attempt(tx: Transaction, process_key: int, attempt: int) -> list[Mapping[str, Any]]:
    """Return the bodies of an attempt's events, as they arrived."""
    rows = tx.fetch_all(_OF_ATTEMPT, process=process_key, number=attempt)
    return [row.body for row in rows]


def last_heard(tx: Transaction, process_key: int, attempt: int) -> datetime | None:
    """Say when the newest event of an attempt arrived."""
    row = tx.fetch_one(_LAST_HEARD, process=process_key, number=attempt)
    return None if row is None else row.received_at


def keep_raw(tx: Transaction, seq: int, raw: Raw, expires_at: datetime) -> None:
    """Keep what came for an event until *expires_at*."""
    headers = dict(raw.headers)
    tx.execute(_ADD_RAW, seq=seq, body=raw.body, expires_at=expires_at, headers=headers)


async def read_raw(reader: Reader, event_id: str) -> Row | None:
    """Return what came for an event, and of which source; None where nothing is kept any more."""
    return await reader.fetch_one(_RAW, called=event_id)


def dispatched(tx: Transaction, seq: int, explain: Mapping[str, Any], *, now: datetime) -> bool:
    """Mark an event as acted upon; False if that was done before."""
    return tx.execute(_DISPATCH, place=seq, now=now, why=dict(explain)) == 1


def passed_over(tx: Transaction, span: tuple[int, int], *, now: datetime) -> int:
    """Mark the events from the first to the last place of *span* as acted upon; count them."""
    return tx.execute(_PASS_OVER, first=span[0], last=span[1], now=now)


async def undispatched_places(reader: Reader, *, after: int, limit: int) -> list[Row]:
    """Return place, id and effect of events that nothing was done about yet, oldest first."""
    return await reader.fetch_all(_PLACES, after=after, limit=limit)


async def undispatched(reader: Reader, *, after: int, limit: int) -> list[Row]:
    """Return events that nothing was done about yet, oldest first, with what that takes."""
    return await reader.fetch_all(_UNDISPATCHED, after=after, limit=limit)


async def whole(reader: Reader, event_id: str) -> Row | None:
    """Return one event as `undispatched` returns them."""
    return await reader.fetch_one(_WHOLE_BY_ID, called=event_id)


async def read_attempt(reader: Reader, process_key: int, attempt: int, *, limit: int) -> list[Row]:
    """Return the events of an attempt as they arrived, with the thread of each."""
    return await reader.fetch_all(_READ_ATTEMPT, process=process_key, number=attempt, limit=limit)


async def read(reader: Reader, event_id: str) -> Row | None:
    return await reader.fetch_one(_BY_ID, called=event_id)

"""The rows of events: the durable inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from baton.events import Event
from coordination.database import (
    Ordered,
    Reader,
    Row,
    Transaction,
    bindparam,
    canonical,
    events,
    insert,
    moment,
    processes,
    raw_bodies,
    runs,
    select,
    threads,
    to_moment,
    to_span,
    update,
)
from coordination.store.event_bodies import COLUMNS, filled, shortened

_EVENT = select(events, threads.c.id.label("thread_id")).outerjoin(
    threads, threads.c.key == events.c.thread_key
)
_ADD = Ordered(
    insert(events),
    (
        *("id", "kind", "type", "source", "namespace", "process_id", "attempt", "status"),
        *("process_key", "thread_key", "effect", "applied", "caused_by_run", "body", "explain"),
        *("occurred_at", "received_at", "dispatched_at"),
    ),
)
_CHANGE = update(events).where(events.c.seq == bindparam("place"))
_OF_ATTEMPT = (
    select(*COLUMNS)
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
_OLDER = (
    select(events.c.seq)
    .where(events.c.dispatched_at.is_(None), events.c.seq < bindparam("place"))
    .limit(1)
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
_ADD_RAW = Ordered(insert(raw_bodies), ("seq", "body", "expires_at", "headers"))


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


class Outcome(NamedTuple):
    """What the row of an event holds beside the event: what it led to, and why."""

    process_key: int | None
    thread_key: int | None
    effect: str
    applied: bool
    caused_by_run: int | None
    explain: Mapping[str, Any]
    dispatched_at: datetime | None = None


def add(tx: Transaction, event: Event, attempt: int | None, outcome: Outcome) -> int:
    """Insert an event, as one of that attempt, and return its place in the store."""
    status, received = event.status, moment(event.received_at)
    same = event.occurred_at is event.received_at
    values = (
        event.event_id,
        event.kind,
        event.type,
        event.source,
        event.namespace,
        event.process_id,
        attempt,
        None if status is None else status.value,
        outcome.process_key,
        outcome.thread_key,
        outcome.effect,
        int(outcome.applied),
        outcome.caused_by_run,
        canonical(shortened(event, attempt)),
        canonical(outcome.explain),
        received if same else moment(event.occurred_at),
        received,
        to_moment(outcome.dispatched_at),
    )
    return tx.append(_ADD, values)


def change(tx: Transaction, seq: int, values: Mapping[str, Any]) -> None:
    """Set some columns of an event."""
    tx.execute(_CHANGE, place=seq, **values)


def complete(
    tx: Transaction, seq: int, event: Event, attempt: int | None, outcome: Outcome
) -> None:
    """Complete an event that was stored as it came; whether it was acted upon stays as it is."""
    values = outcome._asdict()
    del values["dispatched_at"]
    change(tx, seq, {**values, "attempt": attempt, "body": shortened(event, attempt)})


def by_id(tx: Transaction, event_id: str) -> Row | None:
    row = tx.fetch_one(_BY_ID, called=event_id)
    return None if row is None else filled(row)


def of_attempt(tx: Transaction, process_key: int, attempt: int) -> list[Mapping[str, Any]]:
    """Return the bodies of an attempt's events, as they arrived."""
    rows = tx.fetch_all(_OF_ATTEMPT, process=process_key, number=attempt)
    return [filled(row).body for row in rows]


def last_heard(tx: Transaction, process_key: int, attempt: int) -> datetime | None:
    """Say when the newest event of an attempt arrived."""
    row = tx.fetch_one(_LAST_HEARD, process=process_key, number=attempt)
    return None if row is None else row.received_at


def keep_raw(tx: Transaction, seq: int, raw: Raw, *, now: datetime, kept: timedelta) -> None:
    """Keep what came for an event for so long."""
    until = moment(now) + to_span(kept)
    tx.run(_ADD_RAW, (seq, raw.body, until, canonical(raw.headers)))


async def read_raw(reader: Reader, event_id: str) -> Row | None:
    """Return what came for an event, and of which source; None where nothing is kept any more."""
    return await reader.fetch_one(_RAW, called=event_id)


def dispatched(tx: Transaction, seq: int, explain: Mapping[str, Any], *, now: datetime) -> bool:
    """Mark an event as acted upon; False if that was done before."""
    return tx.execute(_DISPATCH, place=seq, now=now, why=dict(explain)) == 1


def passed_over(tx: Transaction, span: tuple[int, int], *, now: datetime) -> int:
    """Mark the events from the first to the last place of *span* as acted upon; count them."""
    return tx.execute(_PASS_OVER, first=span[0], last=span[1], now=now)


def waits_behind(tx: Transaction, seq: int) -> bool:
    """Say whether something is still to be done about an older event."""
    return tx.fetch_one(_OLDER, place=seq) is not None


async def undispatched_places(reader: Reader, *, after: int, limit: int) -> list[Row]:
    """Return place, id and effect of events that nothing was done about yet, oldest first."""
    return await reader.fetch_all(_PLACES, after=after, limit=limit)


async def undispatched(reader: Reader, *, after: int, limit: int) -> list[Row]:
    """Return events that nothing was done about yet, oldest first, with what that takes."""
    rows = await reader.fetch_all(_UNDISPATCHED, after=after, limit=limit)
    return [filled(row) for row in rows]


async def whole(reader: Reader, event_id: str) -> Row | None:
    """Return one event as `undispatched` returns them."""
    row = await reader.fetch_one(_WHOLE_BY_ID, called=event_id)
    return None if row is None else filled(row)


async def read_attempt(reader: Reader, process_key: int, attempt: int, *, limit: int) -> list[Row]:
    """Return the events of an attempt as they arrived, with the thread of each."""
    rows = await reader.fetch_all(_READ_ATTEMPT, process=process_key, number=attempt, limit=limit)
    return [filled(row) for row in rows]


async def read(reader: Reader, event_id: str) -> Row | None:
    row = await reader.fetch_one(_BY_ID, called=event_id)
    return None if row is None else filled(row)

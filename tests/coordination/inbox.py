"""A real database that events are reported to, with a clock that stands still until it is moved."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from baton.events import WIRE_PREFIX, Event, Status
from coordination import accept, identities
from coordination.accept import Accepted, Incoming
from coordination.changes import Changes
from coordination.database import Door, InlineDoor, Reader, Row, select
from coordination.database import events as events_table
from coordination.database import outbox as outbox_table
from coordination.database import processes as processes_table
from coordination.database import threads as threads_table
from coordination.store.event_bodies import filled
from tests.coordination.twice import TwiceDoor

T0 = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class CountingIds:
    """Ids that say in which order they were made."""

    def __init__(self) -> None:
        self.made = 0

    def new(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made:026d}"

    def token(self) -> str:
        self.made += 1
        return f"{self.made:043d}"


class StillClock:
    """Time passes when a test says so; whoever sleeps is woken by that."""

    def __init__(self, now: datetime = T0) -> None:
        self._now = now
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []
        self.skew = timedelta()  # by which the wall was set, and no sleeper hears of that

    def now(self) -> datetime:
        return self._now + self.skew

    def monotonic(self) -> float:
        return (self._now - T0).total_seconds()

    async def sleep(self, duration: timedelta) -> None:
        bell = asyncio.Event()
        self._sleepers.append((self._now + duration, bell))
        await bell.wait()

    def advance(self, duration: timedelta) -> None:
        self._now += duration
        for until, bell in self._sleepers:
            if until <= self._now:
                bell.set()


class SmallWorld:
    """As much of the World as coordination's own loops use."""

    def __init__(self, clock: StillClock, ids: CountingIds) -> None:
        self.clock = clock
        self.ids = ids


def event(
    process_id: str | None, status: str | None, at: float = 0, *, ids: CountingIds, **more: Any
) -> Event:
    """Make an event that occurred, and arrived, *at* seconds after T0, if nothing else is said."""
    event_id = ids.new("ev")
    occurred = T0 + timedelta(seconds=at)
    received = more.pop("received_at", occurred)
    return Event(
        event_id=event_id,
        id=more.pop("id", event_id),
        kind="process" if process_id is not None else "event",
        type=more.pop("type", WIRE_PREFIX + (status or "")),
        source=more.pop("source", "ci"),
        namespace=more.pop("namespace", "ci"),
        occurred_at=occurred,
        received_at=received,
        process_id=process_id,
        status=Status(status) if status is not None else None,
        **more,
    )


@dataclass
class Inbox:
    """Short words for reporting events and looking at what became of them."""

    door: InlineDoor
    ids: CountingIds = field(default_factory=CountingIds)
    clock: StillClock = field(default_factory=StillClock)

    @property
    def world(self) -> Any:
        return SmallWorld(self.clock, self.ids)

    async def report(
        self, process_id: str | None, status: str | None = None, at: float = 0, **more: Any
    ) -> Accepted:
        return await self.accept(event(process_id, status, at, ids=self.ids, **more))

    async def accept(self, told: Event, *, trusted: bool = False) -> Accepted:
        """Report an event as it is."""
        known = identities.identity_of(told)
        return await self.take(Incoming(event=told, identity=known, trusted=trusted))

    async def take(self, incoming: Incoming) -> Accepted:
        now = incoming.event.received_at
        recorded = await self.door.write(
            lambda tx: accept.record(tx, incoming, now=now, ids=self.ids)
        )
        return recorded.accepted

    async def write(self, unit: Callable[..., Any]) -> Any:
        return await self.door.write(unit)

    async def rows(self, table: Any) -> list[Row]:
        return await rows_of(self.door, table)

    async def process(self, process_id: str) -> Row:
        (found,) = [row for row in await self.rows(processes_table) if row.process_id == process_id]
        return found

    async def event(self, event_id: str) -> Row:
        (found,) = [row for row in await self.rows(events_table) if row.id == event_id]
        return found

    async def threads(self) -> list[Row]:
        return await self.rows(threads_table)

    async def queued(self) -> list[tuple[str, int]]:
        """Slot and lane of every notice that waits to be told."""
        return [
            (row.slot, row.lane) for row in await self.rows(outbox_table) if row.state == "queued"
        ]


async def rows_of(door: Door, table: Any) -> list[Row]:
    """Return all of a table, of events with all that they say as their body."""

    async def query(reader: Reader) -> list[Row]:
        return await reader.fetch_all(select(table))

    found = await door.read(query)
    return [filled(row) for row in found] if table is events_table else found


def open_inbox(path: Path) -> Inbox:
    return Inbox(TwiceDoor(path, changes=Changes("test"), durable=False))


async def settle(*work: Coroutine[Any, Any, Any]) -> None:
    """Let tasks that are ready run for a while."""
    for each in work:
        await each
    for _ in range(20):
        await asyncio.sleep(0)


def make_database(folder: Path) -> Path:
    """Make a database with today's tables and nothing in them."""
    path = folder / "made.db"
    InlineDoor(path, changes=Changes("make"))._session.close()
    return path

"""Points in time that were promised, as rows, and the one loop that keeps the promises."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from coordination.database import Door, Transaction
from coordination.store import timers as store
from coordination.world import Ids, World

SWEEP = timedelta(minutes=1)  # the wall clock may have been set; then sleeping was for nothing
PAUSE = timedelta(minutes=1)  # before a timer is tried again that could not be fired
BATCH = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A timer whose time has come. *owner_kind* is run, approval or process."""

    owner_kind: str
    owner_key: int
    slot: str
    due_at: datetime


Fire: TypeAlias = Callable[[Transaction, Due, datetime, Ids], None]


def set(  # noqa: A001  # read as timers.set
    tx: Transaction, owner_kind: str, owner_key: int, slot: str, due_at: datetime
) -> None:
    """Promise to fire *slot* of its owner at *due_at*; a second promise moves the first."""
    store.put(tx, (owner_kind, owner_key), slot, due_at)
    tx.touch("timer", f"{owner_kind}:{owner_key}")


def clear(tx: Transaction, owner_kind: str, owner_key: int, slot: str | None = None) -> int:
    """Take back *slot*, or everything that was promised to the owner; count what was."""
    return store.drop(tx, (owner_kind, owner_key), slot)


class Timers:
    """The one timer loop: sleeps until the earliest is due and fires each in a unit of its own.

    Args:
        door: the database.
        world: its clock and ids.
        fire: for each kind of owner what to do, in the unit that removes the timer. A timer and a
            click race inside the writer: the first commit wins, and the other finds nothing to do.
    """

    def __init__(self, door: Door, world: World, fire: Mapping[str, Fire]) -> None:
        self._door = door
        self._world = world
        self._fire = fire
        self._paused: dict[Due, datetime] = {}

    async def run(self) -> None:
        """Keep firing until cancelled."""
        clock = self._world.clock
        with self._door.changes.subscribe("timer") as changes:
            while True:
                await self.fire_due()
                await changes.wait_on(clock, await self._pause())

    async def fire_due(self) -> int:
        """Fire everything that is due now and count it."""
        now = self._world.clock.now()
        rows = await self._door.read(lambda reader: store.due(reader, now=now, limit=BATCH))
        self._paused = {due: until for due, until in self._paused.items() if until > now}
        fired = 0
        for row in rows:
            due = Due(row.owner_kind, row.owner_key, row.slot, row.due_at)
            if due not in self._paused:
                fired += await self._fire_one(due, now)
        return fired

    async def _fire_one(self, due: Due, now: datetime) -> bool:
        fire = self._fire[due.owner_kind]
        ids = self._world.ids

        def unit(tx: Transaction) -> bool:
            if not store.take(tx, (due.owner_kind, due.owner_key), due.slot, due.due_at):
                return False
            fire(tx, due, now, ids)
            return True

        try:
            return await self._door.write(unit)
        except Exception as error:  # one bad timer must not stop the others
            log.exception("timer_failed", timer=due, error=str(error))
            self._paused[due] = now + PAUSE
            return False

    async def _pause(self) -> timedelta:
        """Say how long nothing is due."""
        earliest = await self._door.read(store.earliest)
        if earliest is None:
            return SWEEP
        wait = earliest - self._world.clock.now()
        if wait <= timedelta(0) and self._paused:
            return timedelta(seconds=1)
        return min(max(wait, timedelta(0)), SWEEP)

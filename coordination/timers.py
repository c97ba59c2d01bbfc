"""Points in time that were promised, as rows, and the one loop that keeps the promises."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from coordination.database import Door, Row, Transaction, Unavailable
from coordination.setbacks import Setback
from coordination.store import newest
from coordination.store import timers as store
from coordination.world import Ids, World

SWEEP = timedelta(minutes=1)  # the wall clock may have been set; then sleeping was for nothing
PAUSE = 60.0  # s, before a timer is tried again that could not be fired
SOON = 1.0  # s, where that was no fault of it: the store could not be written
BATCH = 100
AGAIN = (
    "retry:",
    "turn:",
)  # how slots begin that are no promise: a run only rests before it goes on

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
        self._paused: dict[Due, float] = {}  # until when, on the monotonic clock
        self._setback = Setback(world.clock)

    async def run(self) -> None:
        """Keep firing until cancelled."""
        self._setback.since(await self._door.read(newest.wakeup))
        clock = self._world.clock
        with self._door.changes.subscribe("timer") as changes:
            while True:
                await self.fire_due()
                await changes.wait_on(clock, await self._pause())

    async def fire_due(self) -> int:
        """Fire everything that is due now and count it."""
        now, steady = self._world.clock.now(), self._world.clock.monotonic()
        self._paused = {due: until for due, until in self._paused.items() if until > steady}
        fired = await self._fire_put_off(now)
        rows = await self._door.read(lambda reader: store.due(reader, now=now, limit=BATCH))
        return fired + await self._fire_all(rows, now)

    async def _fire_put_off(self, now: datetime) -> int:
        """Where the wall clock was set back: fire what a run only rests for, if that is nearer than its time.

        So no rest is more than doubled. The timer keeps its time, by which its run knows it; and what
        is promised to people comes when the clock says so.
        """
        back = self._setback.look()
        if not back:
            return 0
        until = now + 2 * back
        rows = await self._door.read(lambda reader: store.between(reader, AGAIN, now, until))
        fired = await self._fire_all(rows, now)
        self._setback.made_good(back)
        return fired

    async def _fire_all(self, rows: Sequence[Row], now: datetime) -> int:
        dues = [Due(row.owner_kind, row.owner_key, row.slot, row.due_at) for row in rows]
        return sum([await self._fire_one(due, now) for due in dues if due not in self._paused])

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
            pause = SOON if isinstance(error, Unavailable) else PAUSE
            self._paused[due] = self._world.clock.monotonic() + pause
            return False

    async def _pause(self) -> timedelta:
        """Say how long nothing is due."""
        earliest = await self._door.read(store.earliest)
        if earliest is None:
            return SWEEP
        wait = earliest - self._world.clock.now()
        if wait <= timedelta(0) and self._paused:
            return timedelta(seconds=SOON)
        return min(max(wait, timedelta(0)), SWEEP)

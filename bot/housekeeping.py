"""What Baton does for itself now and then: forget what has served its time."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from coordination import threads
from coordination.database import Door, Transaction
from coordination.store import events, identities
from coordination.world import World

log = structlog.get_logger()

EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Runs until it is cancelled; the first round comes an hour after the start."""

    door: Door
    world: World

    async def run(self) -> None:
        while True:
            await self.world.clock.sleep(EVERY)
            await self.round()

    async def round(self) -> None:
        """Drop raw bodies, identities and keys whose time is over."""
        now = self.world.clock.now()

        def unit(tx: Transaction) -> tuple[int, int, int]:
            dropped = events.drop_raw(tx, now=now), identities.drop(tx, now=now)
            return *dropped, threads.forget_keys(tx, now=now)

        bodies, known, keys = await self.door.write(unit)
        log.info("housekeeping", raw_bodies=bodies, identities=known, keys=keys)

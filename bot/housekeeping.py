"""What Baton does for itself now and then: forget what has served its time."""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from coordination import run_secrets, threads
from coordination.database import Door, Transaction
from coordination.store import events, identities, outbox
from coordination.store import run_secrets as secret_store
from coordination.world import World

log = structlog.get_logger()

EVERY = timedelta(hours=1)
SUPERSEDED = timedelta(days=1)  # notices whose place a newer one took
TOLD = timedelta(days=30)  # notices that were said, or left to a card
AT_ONCE = 2_000  # notices that one unit deletes


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
        """Drop raw bodies, identities, keys, secret inputs and notices whose time is over."""
        now = self.world.clock.now()

        def unit(tx: Transaction) -> tuple[int, int, int]:
            secret_store.forget_old(tx, before=now - run_secrets.KEPT)
            dropped = events.drop_raw(tx, now=now), identities.drop(tx, now=now)
            return *dropped, threads.forget_keys(tx, now=now)

        bodies, known, keys = await self.door.write(unit)
        notices = await self._drop_notices()
        log.info("housekeeping", raw_bodies=bodies, identities=known, keys=keys, notices=notices)

    async def _drop_notices(self) -> int:
        """Drop notices that are over, some at a time, so that nobody has to wait for it."""
        now, total = self.world.clock.now(), 0

        def unit(tx: Transaction) -> int:
            return outbox.drop_old(tx, superseded=now - SUPERSEDED, ended=now - TOLD, limit=AT_ONCE)

        while True:
            count = await self.door.write(unit)
            total += count
            if count < AT_ONCE:
                return total

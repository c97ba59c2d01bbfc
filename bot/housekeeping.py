"""What Baton does for itself now and then: forget what has served its time."""

from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.settings import Settings
from coordination import run_secrets, threads
from coordination.database import Door, Transaction
from coordination.retention import Keeping, Purge, Purged
from coordination.store import identities
from coordination.store import run_secrets as secret_store
from coordination.world import World
from workflows.language.durations import parse_duration

log = structlog.get_logger()

FIRST = timedelta(minutes=5)  # after the start, so that what an earlier life left undone goes on
EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Runs until it is cancelled."""

    door: Door
    world: World
    keeping: Keeping = field(default_factory=lambda: Keeping(parse_duration))

    async def run(self) -> None:
        await self.world.clock.sleep(FIRST)
        while True:
            try:
                await self.round()
            except Exception:  # the edge of a loop: recorded, and the next round goes on
                log.exception("housekeeping_failed")
            await self.world.clock.sleep(EVERY)

    async def round(self) -> None:
        """Drop identities, keys, secret inputs, and all whose time is over."""
        now = self.world.clock.now()

        def unit(tx: Transaction) -> tuple[int, int]:
            secret_store.forget_old(tx, before=now - run_secrets.KEPT)
            return identities.drop(tx, now=now), threads.forget_keys(tx, now=now)

        known, keys = await self.door.write(unit)
        purged = await self.purge()
        log.info("housekeeping", identities=known, keys=keys, **purged.rows)

    async def purge(self, *, dry: bool = False, within: timedelta | None = None) -> Purged:
        """Forget what the rules of retention say; *dry* only counts it."""
        clock = self.world.clock
        until = None if within is None else clock.monotonic() + within.total_seconds()
        return await Purge(self.door, clock, self.keeping, dry=dry, until=until).round()


def keeping_of(settings: Settings) -> Keeping:
    """Return how long this instance keeps what is over."""
    return Keeping(
        parse_duration,
        runs=settings.run_retention,
        events=settings.event_retention,
        raw_bodies=settings.raw_body_retention,
        notices=settings.notice_retention,
        audit=settings.audit_retention,
    )

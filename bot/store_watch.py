"""Whether the store can be written: asked by writing to it, and the end where it must not be any more."""

import asyncio
import os
import sys
from collections.abc import Callable

import structlog

from coordination.database import Door, Transaction, Unavailable
from coordination.store import blobs
from coordination.world import Clock

log = structlog.get_logger()

APART = 0.5  # s between two tries, however often somebody asks
ANSWER = 1.0  # s in which a try has to be stored
PROBE = b"Is there room? " * 1024  # takes a few pages, as any event may
FAILED = 1


class StoreWatch:
    """Says whether the store takes writes. Who asks at the same time shares the answer."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked: float | None = None
        self._problem: str | None = None

    async def problem(self) -> str | None:
        """Return what is wrong, in a word or a sentence; None where it can be written."""
        if self._door.broken is not None:
            return "not writable"
        async with self._asking:
            now = self._clock.monotonic()
            if self._asked is None or now - self._asked >= APART:
                self._problem = await self._try()
                self._asked = self._clock.monotonic()
        return self._problem

    async def _try(self) -> str | None:
        try:
            async with asyncio.timeout(ANSWER):
                await self._door.write(_come_and_gone)
        except TimeoutError:
            return f"not writable: it did not answer within {ANSWER:g} s"
        except Unavailable as error:
            log.warning("store_not_writable", error=str(error))
            return "not writable"
        return None


def _come_and_gone(tx: Transaction) -> None:
    blobs.drop(tx, blobs.put(tx, PROBE))


async def end_where_broken(door: Door, end: Callable[[int], object] = os._exit) -> None:
    """End this process as soon as a sync failed: the next life reads what the disk really holds."""
    await door.until_broken()
    end_if_broken(door, end)


def end_if_broken(door: Door, end: Callable[[int], object] = os._exit) -> None:
    """End this process at once if a sync failed. Nothing is closed: that would write again."""
    if door.broken is None:
        return
    try:
        log.critical("store_broken", error=door.broken)
        sys.stderr.write(f"Baton ends here: {door.broken}.\n")
        sys.stderr.flush()
    finally:  # also where nothing can be said any more
        end(FAILED)

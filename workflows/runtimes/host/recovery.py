"""Brings back the runs that have something to do and that nobody drives, some of them at a time.

A life that begins finds those that the last one left, which may be thousands. To read each by itself
takes longer than all else that it needs; to read all at once would hold whatever comes meanwhile up.
"""

from collections import deque
from collections.abc import Collection, Coroutine
from itertools import islice
from typing import Any

import structlog

from coordination.database import Unavailable
from workflows import store
from workflows.runs import Found
from workflows.runtimes.host.live import Live
from workflows.runtimes.host.lives import Lives
from workflows.runtimes.host.parts import Parts

__all__ = ["Recovery"]

ROWS = 2_000  # of journals that are held at a time

log = structlog.get_logger(__name__)


class Recovery:
    """Looks for such runs at the begin of a life, and now and then, since a hint may be lost.

    Args:
        parts: of this life.
        lives: the runs in memory.
    """

    def __init__(self, parts: Parts, lives: Lives) -> None:
        self._parts = parts
        self._lives = lives
        self.caught_up = False  # whether all that the last life left was brought back

    async def run(self) -> None:
        """Look until the end of this life."""
        parts = self._parts
        while not parts.stopping:
            if await self._done(self._sweep()) and not self.caught_up:
                self.caught_up = await self._done(self._half())
            await parts.world.clock.sleep(parts.settings.sweep)

    async def _done(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do a piece of the loop; False while the store is away: the rows wait for the next time."""
        try:
            await work
        except Unavailable as error:
            log.warning("host_waits_for_store", error=str(error))
            return False
        return True

    async def _sweep(self) -> None:
        """Bring back what is at work, was never begun, or was told something nobody took in."""
        interrupted = await self._parts.door.read(store.interrupted)
        woken = await self._parts.door.read(store.waiting_for_us)
        for key in woken:
            if key in self._lives:
                self._lives.hint(key)
        await self._bring_back({*interrupted, *woken})

    async def _half(self) -> None:
        """Bring back what stands as unknown or paused while an action of it is at work.

        A life looks for these once, at its begin: later ones are in memory.
        """
        await self._bring_back(await self._parts.door.read(store.half_at_work))

    async def _bring_back(self, keys: Collection[int]) -> None:
        """Have these runs go on; some are read while those before them go on."""
        left, ahead = deque(sorted(keys)), list[Live]()
        while left and not self._parts.stopping:
            found = await self._read(left)
            for live in ahead:
                await live.opened.event.wait()
            woken = [self._lives.wake(each) for each in found]
            ahead = [live for live in woken if live is not None]

    async def _read(self, left: deque[int]) -> list[Found]:
        """Read the first of *left* that nobody drives, as many as are read at once, and take them away."""
        most = self._parts.settings.runs_at_once
        keys = [key for key in islice(left, most) if key not in self._lives]
        self._lives.expect(keys)
        found: list[Found] = []
        if keys:
            read = self._parts.door.read
            found = await read(lambda reader: store.found_of(reader, keys, rows=ROWS))
        last = found[-1].run.key if found else left[min(most, len(left)) - 1]
        while left and left[0] <= last:
            left.popleft()
        return found

"""Requests that are held open until something changes. At a stop all of them are let go at once."""

import asyncio
from collections import Counter

from coordination.changes import Change, Subscription

STREAMS = 20  # of one source at a time


class Holding:
    """Waits on behalf of long polls and streams; `close` ends every wait."""

    def __init__(self) -> None:
        self.closed = False
        self._waiting: set[asyncio.Timeout] = set()
        self._streams: Counter[str] = Counter()

    @property
    def held(self) -> int:
        """How many are held now."""
        return len(self._waiting)

    async def wait(self, changed: Subscription, seconds: float) -> tuple[Change, ...]:
        """Return what changed; nothing after *seconds*, or at the stop."""
        if self.closed:
            return ()
        try:
            async with asyncio.timeout(seconds) as limit:
                self._waiting.add(limit)
                try:
                    return await changed.wait()
                finally:
                    self._waiting.discard(limit)
        except TimeoutError:
            return ()

    async def rest(self, seconds: float) -> None:
        """Return after *seconds*, or at the stop."""
        await self.wait(Subscription(frozenset({"timer"})), seconds)

    def take_stream(self, who: str) -> bool:
        """Count one more stream of *who*; False where they have as many as they may have."""
        if self._streams[who] >= STREAMS:
            return False
        self._streams[who] += 1
        return True

    def leave_stream(self, who: str) -> None:
        """Count one stream of *who* less."""
        self._streams[who] -= 1
        if not self._streams[who]:
            del self._streams[who]

    def close(self) -> None:
        """Let everybody go, and hold nobody from now on."""
        self.closed = True
        now = asyncio.get_running_loop().time()
        for limit in tuple(self._waiting):
            limit.reschedule(now)

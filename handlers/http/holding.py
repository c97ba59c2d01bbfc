"""Requests that are held open until something changes. At a stop all of them are let go at once."""

import asyncio

from coordination.changes import Subscription


class Holding:
    """Waits on behalf of long polls and streams; `close` ends every wait."""

    def __init__(self) -> None:
        self.closed = False
        self._waiting: set[asyncio.Timeout] = set()

    @property
    def held(self) -> int:
        """How many are held now."""
        return len(self._waiting)

    async def wait(self, changed: Subscription, seconds: float) -> None:
        """Return when something changed, after *seconds*, or at the stop."""
        if self.closed:
            return
        try:
            async with asyncio.timeout(seconds) as limit:
                self._waiting.add(limit)
                try:
                    await changed.wait()
                finally:
                    self._waiting.discard(limit)
        except TimeoutError:
            return

    def close(self) -> None:
        """Let everybody go, and hold nobody from now on."""
        self.closed = True
        now = asyncio.get_running_loop().time()
        for limit in tuple(self._waiting):
            limit.reschedule(now)

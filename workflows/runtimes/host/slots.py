"""The places in which actions are performed: so many at once, the most urgent run first."""

import asyncio
from collections.abc import Mapping
from heapq import heappop, heappush
from itertools import count
from typing import Final

__all__ = ["Slots"]

RANKS: Final[Mapping[str | None, int]] = {"high": 0, "low": 2}
NORMAL: Final = 1


class Slots:
    """As many places as actions may be performed at one time.

    Who waits gets a place by the priority of the run, and among equals in the order of asking. What
    has a place keeps it: nothing is interrupted for something that is more urgent.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._asked = count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    async def take(self, priority: str | None) -> None:
        """Take a place, as soon as there is one; *priority* is high or low, or None for all between."""
        if not self.take_now():
            await self._wait(RANKS.get(priority, NORMAL))

    def take_now(self) -> bool:
        """Take a place that is free, and say whether there was one."""
        if self._free:
            self._free -= 1
            return True
        return False

    def give_back(self) -> None:
        """Give a place to whoever is next, or keep it free."""
        while self._waiting:
            _, _, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def _wait(self, rank: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (rank, next(self._asked), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()  # it was given a place, and does not come for it
            raise

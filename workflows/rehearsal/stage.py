"""Where a rehearsal takes place: a clock that jumps, and what is to happen, in order."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from coordination.refusals import Refused

__all__ = ["MOST", "Stage", "TooLong"]

MOST = 200_000  # things that happen in one rehearsal


class TooLong(Refused):
    """A rehearsal does not come to its end."""

    code = "invalid-event"
    status = 422


class Stage:
    """A virtual clock and its agenda. Of two things at one time, answers come before timers."""

    def __init__(self, start: datetime) -> None:
        self.start = self.now = start
        self._agenda: list[tuple[datetime, int, int, Callable[[], None]]] = []
        self._numbers = count()

    def soon(self, do: Callable[[], None], *, after: timedelta = timedelta(0)) -> None:
        """Have something happen *after* so long, behind all that is planned for the same time."""
        heapq.heappush(self._agenda, (self.now + after, 0, next(self._numbers), do))

    def on_time(self, at: datetime, do: Callable[[], None]) -> None:
        """Have a timer fire *at* its time, after everything else of that time."""
        heapq.heappush(self._agenda, (max(at, self.now), 1, next(self._numbers), do))

    def play(self, *, most: int = MOST) -> None:
        """Let everything happen until nothing is left, *most* things at most.

        Raises:
            TooLong: it never ends.
        """
        played = 0
        while self._agenda:
            self.now, _, _, do = heapq.heappop(self._agenda)
            do()
            played += 1
            if played >= most:
                raise TooLong(
                    f"The rehearsal was stopped after {most:,} facts, at {self.now - self.start}"
                    " of its own time. Give it fewer items or turns."
                )

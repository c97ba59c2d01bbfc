"""Time, real or virtual: everything in devslack that expires or falls due asks this clock."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Literal

Mode = Literal["real", "virtual"]

# Where a virtual clock begins, so that a golden test sees the same ts every time: 2025-11-20T12:00:00Z.
VIRTUAL_START = 1_763_640_000.0


class Timer:
    """Something that falls due; ``cancel()`` makes it never happen."""

    __slots__ = ("act", "when")

    def __init__(self, when: float, act: Callable[[], None]) -> None:
        self.when = when
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        """Forget what was to be done."""
        self.act = None


class Clock:
    """Unix seconds. A virtual clock stands still until it is moved."""

    def __init__(self, mode: Mode = "real", start: float = VIRTUAL_START) -> None:
        self.mode: Mode = mode
        self._start = start
        self._virtual_now = start
        self._due: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time() if self.mode == "real" else self._virtual_now

    def call_in(self, seconds: float, act: Callable[[], None]) -> Timer:
        """Do *act* so many seconds from now, unless the timer is cancelled before."""
        timer = Timer(self.now() + seconds, act)
        heapq.heappush(self._due, (timer.when, next(self._order), timer))
        self._arm()
        return timer

    def switch(self, mode: Mode) -> None:
        """Become real or virtual; a clock that becomes virtual stops at the present moment."""
        if mode == "virtual" and self.mode == "real":
            self._virtual_now = time.time()
        self.mode = mode
        self._arm()

    def advance(self, seconds: float) -> None:
        """Move a virtual clock forward and do what falls due on the way, in order."""
        target = self._virtual_now + seconds
        while self._due and self._due[0][0] <= target:
            self._virtual_now = max(self._virtual_now, self._due[0][0])
            self._fire()
        self._virtual_now = target

    def next_due(self) -> float | None:
        """Return when the next thing falls due, if anything does."""
        return next((when for when, _, timer in sorted(self._due) if timer.act is not None), None)

    def restart(self) -> None:
        """Put a virtual clock back to where it began."""
        self._virtual_now = self._start

    def clear(self) -> None:
        """Forget everything that was to fall due."""
        self._due.clear()
        self._arm()

    def _fire(self) -> None:
        _, _, timer = heapq.heappop(self._due)
        if timer.act is not None:
            timer.act()

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self.mode == "real" and self._due:
            delay = max(0.0, self._due[0][0] - time.time())
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        while self._due and self._due[0][0] <= time.time():
            self._fire()
        self._arm()

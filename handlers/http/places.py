"""How many reports are taken in at the same time, of all sources together.

What waits for the disk is answered late, and everything after it later still. So no more may wait
than can be stored within `WAIT`; how much that is shows in how long those before them took. Whoever
finds no place is refused before anything of the report is read, and loses no time.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from coordination.world import Clock
from handlers.http.problems import Problem

AT_WORK = 1_000  # reports that are read and stored at the same time
WAIT = 0.4  # s in which what waits is to be stored
LEAST = 16  # events that may always wait, however long that takes
SPAN = 0.25  # s over which it is measured how long they take

FULL = "Baton has more to take in than it can. Send this again shortly."


class Overloaded(Problem):
    """There is no place for a report: 503, at once."""

    def __init__(self) -> None:
        super().__init__(503, FULL)


class Places:
    """The places for reports: each holds one inside a ``with`` block.

    Raises:
        Overloaded: there is none.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.taken = 0
        self.most = AT_WORK  # events that may wait to be stored
        self.waiting = 0
        self._since: dict[object, float] = {}  # when those that wait began to, oldest first
        self._begun = 0.0  # of the span that is measured
        self._peak = 0  # events that waited in it at the same time
        self._longest = 0.0  # s that one of them took

    def __enter__(self) -> None:
        if self.taken >= AT_WORK or self._too_much_waits():
            raise Overloaded
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.taken -= 1

    @contextmanager
    def storing(self, count: int) -> Iterator[None]:
        """Let so many events wait to be stored inside the block."""
        begun, key = self._clock.monotonic(), object()
        if not self.waiting:
            self._span_from(begun)
        self.waiting += count
        self._peak = max(self._peak, self.waiting)
        self._since[key] = begun
        try:
            yield
        finally:
            self.waiting -= count
            del self._since[key]
            self._measure(begun)

    def _too_much_waits(self) -> bool:
        """Say whether what came now would wait too long, or what came before does already."""
        if self.waiting < LEAST:
            return False
        oldest = next(iter(self._since.values()))
        return self.waiting >= self.most or self._clock.monotonic() - oldest > WAIT

    def _measure(self, begun: float) -> None:
        """Let as many wait as would have been in time, and more again once all are quick."""
        now = self._clock.monotonic()
        self._longest = max(self._longest, now - begun)
        if now - self._begun < SPAN and self.waiting:
            return
        if self._longest < WAIT / 2:
            self.most = min(AT_WORK, 2 * self.most)
        else:
            self.most = min(AT_WORK, max(LEAST, int(self._peak * WAIT / self._longest)))
        self._span_from(now)

    def _span_from(self, at: float) -> None:
        self._begun, self._peak, self._longest = at, self.waiting, 0.0

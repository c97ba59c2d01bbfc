"""A wall clock that is set back: what was merely put off is pulled in, so that nothing is silent for hours.

What waits, waits by the stored time. That is right for schedules and for the deadlines of people, which
follow the clock on the wall. But a try that was put off by seconds would wait for as long as the clock
was set back. So each loop that lets tries wait looks here, and pulls them in.
"""

from datetime import datetime, timedelta

from coordination.world import Clock

__all__ = ["LEAST", "Setback"]

LEAST = timedelta(seconds=5)  # less is how clocks are kept right
NONE = timedelta(0)


class Setback:
    """Sees by how much the wall clock was set back, and keeps that in mind until it was made good.

    Args:
        clock: both of its times are compared, of which only the wall's can be set.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: tuple[datetime, float] | None = None
        self._open = NONE

    def since(self, written: datetime | None) -> None:
        """Compare the clock with what an earlier life has *written* last: it may be ahead of us."""
        if written is not None:
            self._note(written - self._clock.now())

    def look(self) -> timedelta:
        """Return by how much the clock was set back and that was not made good yet; mostly nothing."""
        wall, steady = self._clock.now(), self._clock.monotonic()
        if self._seen is not None:
            passed = timedelta(seconds=steady - self._seen[1])
            self._note(self._seen[0] + passed - wall)
        self._seen = wall, steady
        return self._open

    def made_good(self, back: timedelta) -> None:
        """Note that what waited was pulled in by *back*, which `look` returned."""
        self._open -= back

    def _note(self, back: timedelta) -> None:
        if back >= LEAST:
            self._open += back

"""Whether each slot of a schedule is accounted for: it fired once, or its catch-up rule passed it over."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.prove.simulation.plans import TICK
from tests.prove.simulation.world import START

Span = tuple[float, float]
AT_LEAST = 15.0  # s that a life has to last, for a slot that it finds due to have fired
ROUNDED = 1e-5  # s, by which a time of the loop may lie beside the same time as a slot
LAG = 5.0  # s between the moment in which a slot is taken and the last row of it
RULES = ("latest", "all", "none")


@dataclass
class Slots:
    """What a history knows of its schedule. All times are seconds of the loop.

    Args:
        catch_up: the rule, for slots that passed while nobody was there.
        used_at: when the schedule was first known to be in use.
        until: when it was paused.
        lives: when Baton was there.
    """

    catch_up: str
    used_at: float | None = None
    until: float = float("inf")
    lives: list[Span] = field(default_factory=list)

    def check(self, fired: Iterable[str], reached: Counter[str]) -> None:
        """Raise AssertionError where a slot is missing, or fired that should not have."""
        times = sorted(_seconds(each) for each in fired)
        for at in times:
            assert self._may_fire(at), f"P11: a slot of {at:.0f} s fired, and nobody was there"
            reached["a slot that was missed was made up for"] += not _within(at, self.lives)
        missing = [at for at in self._slots(times) if at not in times and self._is_owed(at)]
        assert not missing, f"P11: slots that never fired: {missing}; {times} did"
        reached["a slot was accounted for"] += len(times)

    def _slots(self, times: Sequence[float]) -> list[float]:
        """Return the slots until the pause. Before one has fired, the latest time for the first."""
        if self.used_at is None:
            return []
        first = times[0] if times else self.used_at + TICK
        while first - TICK > self.used_at + ROUNDED:
            first -= TICK
        found = []
        while first < self.until:
            found.append(first)
            first = round(first + TICK, 6)
        return found

    def _is_owed(self, at: float) -> bool:
        """Say whether a life was there for long enough while *at* was to be fired."""
        last = self.until if self.catch_up == "all" else min(at + TICK, self.until)
        return any(min(end, last) - max(begin, at) >= AT_LEAST for begin, end in self.lives)

    def _may_fire(self, at: float) -> bool:
        """Say whether a life was there while *at* was the newest slot, or each one is made up for."""
        if self.catch_up == "all":
            return True
        return any(begin < at + TICK + LAG and end >= at for begin, end in self.lives)


def _within(at: float, lives: Iterable[Span]) -> bool:
    return any(begin <= at <= end for begin, end in lives)


def _seconds(moment: str) -> float:
    return round((datetime.fromisoformat(moment) - START).total_seconds(), 6)


__all__ = ["RULES", "Slots"]

"""How much each source has sent and asked: what goes beyond is refused.

Events, reads and decisions have a lane each, so a flood of one never delays another.
"""

from typing import Literal, TypeAlias

from coordination.coordinator import Rules
from coordination.rates import APPROVE, DEFAULT, READ, Bucket, Rate, charged, full, refilled, take
from coordination.world import World
from handlers.http.places import Places
from handlers.http.problems import Problem

Lane: TypeAlias = Literal["events", "reads", "decisions"]
SPREAD = 3  # s, over which clients that were told to come back are spread


class Limits:
    """Counts for one life of the program; it begins with full buckets.

    Args:
        world: its monotonic clock, and chance for spreading the returns.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._buckets: dict[tuple[Lane, str], Bucket] = {}
        self.places = Places(world.clock)

    def take(self, rules: Rules, lane: Lane, source: str, cost: int = 1) -> None:
        """Count *cost* for a source.

        Raises:
            Problem: 429, with when to come back.
        """
        rate = rate_of(rules, lane, source)
        if rate is None:
            return
        at = self._world.clock.monotonic()
        bucket = self._bucket(lane, source, rate, at)
        self._buckets[lane, source], wait = take(rate, bucket, cost, at=at)
        if wait > 0:
            raise self._too_many(lane, source, rate, wait)

    def look(self, rules: Rules, source: str) -> None:
        """Return if a source may send one event more, and count nothing yet.

        Raises:
            Problem: 429.
        """
        rate = rate_of(rules, "events", source)
        if rate is None:
            return
        at = self._world.clock.monotonic()
        _, wait = take(rate, self._bucket("events", source, rate, at), 1, at=at)
        if wait > 0:
            raise self._too_many("events", source, rate, wait)

    def owe(self, rules: Rules, source: str, cost: int) -> None:
        """Count events that were let in already; what is too much is waited for later."""
        rate = rate_of(rules, "events", source)
        if rate is None:
            return
        at = self._world.clock.monotonic()
        bucket = self._bucket("events", source, rate, at)
        self._buckets["events", source] = charged(refilled(rate, bucket, at=at), cost)

    def _bucket(self, lane: Lane, source: str, rate: Rate, at: float) -> Bucket:
        return self._buckets.get((lane, source)) or full(rate, at=at)

    def _too_many(self, lane: Lane, source: str, rate: Rate, wait: float) -> Problem:
        seconds = 1 + int(wait + SPREAD * self._world.rng.random())
        return Problem(
            429,
            f"The source {source!r} may have {rate.per_second:g} {lane} a second, and {rate.burst} "
            f"at once. Wait {seconds} s. `rate` in baton.yaml changes how many events it may send.",
            headers={"Retry-After": str(seconds)},
        )


def rate_of(rules: Rules, lane: Lane, source: str) -> Rate | None:
    """Return how much a source may use of a lane; None: as much as it likes.

    A source without a limit for its events has none for its reads; decisions always have one.
    """
    if lane == "decisions":
        return APPROVE
    own = rules.rates.get(source, DEFAULT)
    return READ if lane == "reads" and own is not None else own

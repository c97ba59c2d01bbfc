"""How much may be sent: pure counting over a clock that is passed in, so that nothing has to sleep."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Promises:
    """Spreads those who have to wait, so that they do not all come back at the same moment."""

    apart: float  # s between two of them
    _last: float = 0.0

    def next_after(self, earliest: float) -> float:
        """Return when the next who waits would be to come back, not before *earliest*."""
        return max(earliest, self._last + self.apart)

    def after(self, earliest: float) -> float:
        """Promise the next who waits when to come back, not before *earliest*."""
        self._last = self.next_after(earliest)
        return self._last


@dataclass(slots=True)
class Bucket:
    """A token bucket that is full at first.

    Args:
        capacity: tokens that it holds.
        per_second: tokens that come back.
        reserve: the last tokens, which only the urgent may take.
    """

    capacity: float
    per_second: float
    reserve: float = 0.0
    _tokens: float = field(init=False)
    _since: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._tokens = self.capacity

    def wait(self, now: float, *, urgent: bool, after: int = 0) -> float:
        """Return the seconds until there is a token, 0.0 if there is one; *now* is in seconds.

        *after*: for whoever comes when so many more have been taken.
        """
        self._refill(now)
        missing = 1.0 + after + (0.0 if urgent else self.reserve) - self._tokens
        return missing / self.per_second if missing > 1e-9 else 0.0

    def room(self, now: float) -> int:
        """Return how many tokens there are for those that are not urgent."""
        self._refill(now)
        return max(0, int(self._tokens - self.reserve + 1e-9))

    def take(self, now: float) -> None:
        """Take the token that is there."""
        self._refill(now)
        self._tokens -= 1.0

    def rested(self, now: float) -> bool:
        """Say whether it is full again: a new one would be the same."""
        self._refill(now)
        return self._tokens >= self.capacity

    def _refill(self, now: float) -> None:
        self._tokens = min(self.capacity, self._tokens + (now - self._since) * self.per_second)
        self._since = now


@dataclass(slots=True)
class Window:
    """So many in any span of time; a token comes back when the span since its use is over.

    Args:
        most: within *span* seconds.
        reserve: the last of them, which only the urgent may take.
    """

    most: int
    span: float
    reserve: int = 0
    _used: deque[float] = field(default_factory=deque)

    def wait(self, now: float, *, urgent: bool) -> float:
        """Return the seconds until there is a token, 0.0 if there is one; *now* is in seconds."""
        while self._used and now - self._used[0] >= self.span:
            self._used.popleft()
        room = self.most - (0 if urgent else self.reserve)
        if len(self._used) < room:
            return 0.0
        return self._used[len(self._used) - room] + self.span - now

    def take(self, now: float) -> None:
        """Take the token that is there."""
        self._used.append(now)


@dataclass(slots=True)
class Budget:
    """A counter, and whom it has promised to come back: the urgent are promised nothing but room."""

    counter: Bucket | Window
    promises: Promises

    def wait(self, now: float, *, urgent: bool) -> float:
        """Return 0.0 if there is a token, else the seconds after which to come back."""
        wait = self.counter.wait(now, urgent=urgent)
        if wait <= 0.0 or urgent:
            return wait
        return self.promises.after(now + wait) - now

    def take(self, now: float) -> None:
        """Take the token that is there."""
        self.counter.take(now)


def edits(most: int, reserve: int) -> Budget:
    """Return a budget of *most* edits a minute and *reserve* more for the urgent."""
    return Budget(Window(most + reserve, 60.0, reserve), Promises(60.0 / most))


def posts(per_second: float, burst: int, reserve: int) -> Budget:
    """Return the budget of one channel."""
    return Budget(Bucket(burst, per_second, reserve), Promises(1.0 / per_second))


def rested(budgets: Mapping[str, Budget], now: float) -> list[str]:
    """Return the names of buckets that may be forgotten."""
    return [
        name
        for name, budget in budgets.items()
        if isinstance(budget.counter, Bucket) and budget.counter.rested(now)
    ]

"""The runs in memory: whoever hears that a run has something to do wakes it here."""

from collections.abc import Iterable

from workflows.runs import Found
from workflows.runtimes.host.live import Live
from workflows.runtimes.host.parts import Parts

__all__ = ["Lives"]


class Lives:
    """One object for each run at work; a run at rest has none.

    Args:
        parts: of this life.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._live: dict[int, Live] = {}
        # Somebody reads the rows of these, and nobody has woken them since.
        self._expected: set[int] = set()

    def __contains__(self, key: int) -> bool:
        return key in self._live

    def __len__(self) -> int:
        return len(self._live)

    @property
    def working(self) -> bool:
        """Whether any of them takes in what came."""
        return any(live.working for live in self._live.values())

    def hint(self, key: int) -> None:
        """Have a run look for what it was told."""
        if self._parts.stopping:
            return  # the row is there for the next life
        self._expected.discard(key)
        live = self._live.get(key)
        if live is None or live.gone:
            live = self._live[key] = Live(self._parts, key, self._park)
        live.hint()

    def expect(self, keys: Iterable[int]) -> None:
        """Note that somebody reads the rows of these runs, to `wake` them."""
        self._expected = set(keys)

    def wake(self, found: Found) -> Live | None:
        """Have a run go on with what was read of it; None where it was woken since, and reads that itself."""
        key = found.run.key
        if key not in self._expected or self._parts.stopping:
            return None
        live = self._live[key] = Live(self._parts, key, self._park)
        live.go_on(found)
        return live

    def _park(self, live: Live) -> None:
        """Forget a run at rest: its rows are all that it is. Without a journal it stays."""
        if (self._parts.journaled or live.gone) and self._live.get(live.key) is live:
            del self._live[live.key]

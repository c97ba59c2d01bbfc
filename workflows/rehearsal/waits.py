"""Who waits for which event, judged as the store's waits are: by name, by content, then by `where`."""

from collections.abc import Mapping, Sequence
from typing import Any

from baton.events import matches_name
from coordination.keys import keys_of
from coordination.wait_keys import holds, names_of
from workflows.core.commands import OpenWait
from workflows.language.expressions import Evaluator
from workflows.rehearsal.hall import Arrived
from workflows.rehearsal.script import static_of

__all__ = ["Waits"]


class Waits:
    """The open waits of one run. An event that names no run counts as one of its thread."""

    def __init__(self, run_id: str, began: int) -> None:
        self.open: dict[str, OpenWait] = {}
        self._run_id = run_id
        self._began = began  # how many events had come when the run began
        self._taken: set[tuple[str, str]] = set()

    def put(self, wait: OpenWait, arrived: Sequence[Arrived]) -> Arrived | None:
        """Open *wait*; return the oldest of what *arrived* that answers it, and it is over."""
        self.open[wait.path] = wait
        if wait.since == "now":
            return None
        fitting = (each for each in arrived[self._began :] if self._fits(wait, each))
        return self._take(wait, next(fitting, None))

    def close(self, path: str, attempt: int) -> None:
        wait = self.open.get(path)
        if wait is not None and wait.attempt == attempt:
            del self.open[path]

    def answered(self, arrived: Arrived) -> list[OpenWait]:
        """Return the waits that *arrived* answers; they are over."""
        found = [wait for wait in tuple(self.open.values()) if self._fits(wait, arrived)]
        return [wait for wait in found if self._take(wait, arrived) is not None]

    def _take(self, wait: OpenWait, arrived: Arrived | None) -> Arrived | None:
        if arrived is None or self._mark(wait, arrived) in self._taken:
            return None
        self._taken.add(self._mark(wait, arrived))
        del self.open[wait.path]
        return arrived

    def _mark(self, wait: OpenWait, arrived: Arrived) -> tuple[str, str]:
        """Name an event at a step: all turns of a loop together take it once."""
        return arrived.event.event_id, static_of(wait.path)

    def _fits(self, wait: OpenWait, arrived: Arrived) -> bool:
        event = arrived.event
        if self._mark(wait, arrived) in self._taken or event.too_old:
            return False
        if not matches_name(wait.event, names_of(event)):
            return False
        if not holds(wait.correlate, arrived.told, self._special(arrived)):
            return False
        return wait.where is None or _asked(wait.where, wait.names, arrived.told)

    def _special(self, arrived: Arrived) -> Mapping[str, Sequence[str]]:
        event = arrived.event
        threads = (event.run_id,) if event.run_id else (self._run_id,)
        return {"run": threads, "key": tuple(keys_of(event))}


def _asked(where: str, names: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Ask a condition of an event; one that fails does not hold, as in a real run."""
    try:
        return Evaluator().predicate(where)({**names, "event": event})
    except ValueError:
        return False

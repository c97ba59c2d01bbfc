"""Where histories are played: one file after the other on one disk in memory, in a quiet log."""

import gc
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from tests.prove.simulation.disk import Disk
from tests.prove.simulation.faults import Mask
from tests.prove.simulation.genesis import furnish
from tests.prove.simulation.history import History
from tests.prove.simulation.loop import Deadlock

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - for speed alone; another place does as well
TWICE = 100  # one history of so many is played twice
MOST_GARBAGE = (
    50_000  # objects: a history leaves two thousand, and ends before anybody looks for them
)
WORDS = frozenset({"run_faulted", "listener_failed", "halt_failed", "render_fallback"})


@dataclass
class Played:
    """What came of one history. *broken* is None where every promise held."""

    seed: int
    broken: str | None = None
    reached: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    sum: str = ""
    simulated: float = 0.0
    seconds: float = 0.0


class Stage:
    """A disk and what every history on it begins with."""

    def __init__(self, folder: Path) -> None:
        self._disk = Disk(folder)
        self._token = furnish(self._disk)
        self._logged: list[Any] = []

    def note(self, logger: object, name: str, event: Any) -> Any:
        """Keep a line of the log for the history that wrote it."""
        self._logged.append((name, event))
        raise structlog.DropEvent

    def play(self, seed: int, mask: Mask | None = None, *, traced: bool = False) -> Played:
        """Play one history."""
        self._logged = []
        history = History(seed, self._disk, self._token, mask=mask, traced=traced)
        history.logged = self._logged
        played, began = Played(seed), time.process_time()
        try:
            played.reached = history.run()
            odd = [each for each in self._logged if each[1].get("event") in WORDS]
            played.broken = f"logged: {odd[0][1]}" if odd else None
        except (Exception, Deadlock) as error:  # noqa: BLE001 - whatever it is, it belongs to the seed
            played.broken = f"{type(error).__name__}: {error}"[:600]
        played.struck = history.faults.struck
        played.sum = history.outside.trace.sum
        played.simulated = history.loop.passed if history.loop else 0.0
        played.seconds = time.process_time() - began
        return played

    def play_twice(self, seed: int) -> Played:
        """Play one history twice; both have to do the same with the world."""
        first, again = self.play(seed, traced=True), self.play(seed, traced=True)
        if first.broken is None and first.sum != again.sum:
            first.broken = f"a seed does not decide everything: {first.sum} and {again.sum}"
        first.reached["played twice"] += 1
        return first

    def close(self) -> None:
        self._disk.close()


def _drop(logger: object, name: str, event: Any) -> Any:
    """Keep nothing of what is logged before the first history."""
    raise structlog.DropEvent


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Set up a stage in memory, and take the log over."""
    before, thresholds = structlog.get_config(), gc.get_threshold()
    root = str(IN_MEMORY) if IN_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="baton-simulation-", dir=root))
    try:
        structlog.configure(processors=[_drop])
        stage = Stage(folder)
        structlog.configure(processors=[stage.note])
        gc.collect()
        gc.freeze()  # or all that was imported is looked through in every history
        gc.set_threshold(MOST_GARBAGE)
        yield stage
        stage.close()
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        structlog.configure(**before)
        shutil.rmtree(folder, ignore_errors=True)


__all__ = ["TWICE", "Played", "Stage", "open_stage"]

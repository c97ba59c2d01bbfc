"""One life of the demo: the real program on a data folder, killed or seen to its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 150.0  # s; the story's own is shorter
LOOK = 0.005  # s between looks: a deploy lasts a tenth of a second


class Life:
    """Runs from its making on. Only its own process is ever killed; what it started must follow."""

    def __init__(self, data: Path, number: int) -> None:
        self.number = number
        self._out = data.with_name(f"{data.name}-{number}.out")
        self._err = data.with_name(f"{data.name}-{number}.err")
        self._began = time.monotonic()
        demo = (sys.executable, "-m", "bot.demo", "--once", "--json", "--no-browser")
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [*demo, "--port", "0", "--data", str(data)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def ended(self) -> int | None:
        """Return the exit code once it has ended."""
        return self._process.poll()

    @property
    def said(self) -> str:
        return self._out.read_text(encoding="utf-8")

    @property
    def complained(self) -> str:
        return self._err.read_text(encoding="utf-8")

    def until(self, come: Callable[[], bool]) -> bool:
        """Wait for *come*; False where the life ended before.

        Raises:
            AssertionError: neither happened in time.
        """
        while self.ended is None:
            if come():
                return True
            assert time.monotonic() - self._began < PATIENCE, f"it hangs:\n{self.complained}"
            time.sleep(LOOK)
        return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def see_out(self) -> int:
        """Wait for the end of the story and return its exit code."""
        self.until(lambda: False)
        return self._process.wait()


def processes_of(data: Path) -> dict[int, str]:
    """Return the processes that work on *data*, by id; on a system without /proc there are none."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = (entry / "cwd").readlink()
        except OSError:  # it ended just now, or is not ours
            continue
        if str(data) in told or place.is_relative_to(data):
            found[int(entry.name)] = told.strip()
    return found


def left_after(data: Path, seconds: float) -> dict[int, str]:
    """Return what still works on *data* after *seconds*, or at once where nothing does."""
    end = time.monotonic() + seconds
    while (left := processes_of(data)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def clear(data: Path) -> None:
    """End whatever still works on *data*, so that a test that failed leaves nothing behind."""
    for process in processes_of(data):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue

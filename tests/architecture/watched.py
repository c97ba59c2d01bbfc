"""`python -m tests.architecture.watched FIRST COUNT`: play histories, and print who went past the World.

Nothing that a simulated life does reaches the machine: an audit hook sees files, sockets, programs and
threads, and the clocks and the chance of the standard library tell who called them. Whoever of our own
modules is nearest to such a call is said to have made it, with what was called, a line each.
"""

import os
import random
import secrets
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = f"{Path(__file__).parents[2]}/"
REACHING = ("open", "os.", "socket.", "subprocess.", "_thread.", "sqlite3.connect", "shutil.", "tempfile.", "pathlib.", "fcntl.", "signal.", "ctypes.", "urllib.", "time.", "mmap.", "pty.", "glob.")  # fmt: skip
CALLED: tuple[tuple[Any, str], ...] = (
    (time, "time time_ns monotonic monotonic_ns perf_counter sleep"),
    (random, "random randint randrange choice shuffle getrandbits"),
    (uuid, "uuid1 uuid4"),
    (secrets, "token_bytes token_hex token_urlsafe choice randbelow"),
    (os, "urandom getpid"),
)


def is_ours(file: str) -> bool:
    return file.startswith(ROOT) and not file.startswith(f"{ROOT}.venv/")


class Witness:
    """Writes down who did what, while it is told to."""

    def __init__(self) -> None:
        self.on = False
        self.seen: set[tuple[str, str]] = set()

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on or not event.startswith(REACHING):
            return
        ours = event == "open" and str(args[0]).startswith((ROOT, sys.prefix)) and args[1] == "r"
        if not ours:  # what is read there is source, for a line of a traceback
            self.note(event)

    def note(self, what: str) -> None:
        """Find out which of our modules this goes back to."""
        frame = sys._getframe(2)
        while frame is not None and not is_ours(frame.f_code.co_filename):
            if "importlib" in frame.f_code.co_filename:
                return  # a module is loaded that is needed for the first time
            frame = frame.f_back  # type: ignore[assignment]  # None at the outermost
        if frame is not None:
            self.seen.add((frame.f_code.co_filename.removeprefix(ROOT), what))

    def listen(self, module: Any, names: Iterable[str]) -> None:
        """Have the functions of *module* tell who calls them."""
        for name in names:
            setattr(module, name, self._telling(getattr(module, name), f"{module.__name__}.{name}"))

    def _telling(self, real: Callable[..., Any], what: str) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            if self.on:
                self.note(what)
            return real(*args, **named)

        return called


def main(first: int, count: int) -> None:
    witness = Witness()
    for module, names in CALLED:
        witness.listen(module, names.split())
    from tests.prove.simulation.stage import open_stage  # noqa: PLC0415  # may take the clock's name

    sys.addaudithook(witness.audit)
    with open_stage() as stage:
        for seed in range(first, first + count):
            witness.on = True
            played = stage.play(seed)
            witness.on = False
            if played.broken is not None:
                raise SystemExit(f"history {seed}: {played.broken}")
    for place, what in sorted(witness.seen):
        sys.stdout.write(f"{place} {what}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

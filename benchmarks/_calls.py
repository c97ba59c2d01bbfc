"""How many functions are called for a step, in the loop and in the other threads: no noise moves that.

Kinds are those of `_life.py` that go from step to step: `chain`, `pure`, `alone`, `once`. Counted are the
calls of functions written in Python, and those of built-in ones from Python, as `sys.setprofile` sees them.
"""

import argparse
import asyncio
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop
from _life import ALONE, AT_ONCE, DEFINITIONS, STEPS

from _engine import Ends, Engine, engine  # isort: skip  # the other one changes where modules are found

RUNS = 64  # at once


class Calls:
    """Counts from `start` to `stop`, in every thread that begins after it was made."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()
        self._on = False
        threading.setprofile(self._hear)

    def start(self) -> None:
        self._on = True
        sys.setprofile(self._hear)

    def stop(self) -> None:
        sys.setprofile(None)
        self._on = False

    def _hear(self, _frame: Any, event: str, _about: Any) -> None:
        if self._on and event in ("call", "c_call"):
            here = threading.current_thread() is threading.main_thread()
            self.seen["the loop" if here else "other threads", event] += 1


async def play(life: Engine, kind: str, turns: int) -> int:
    """Play runs of *kind*, and say how many steps they had."""

    async def line(number: int) -> None:
        for turn in range(turns):
            await life.run(kind, f"{number}-{turn}")

    if kind in ("alone", "once"):
        await life.run(kind, "counted")
        return ALONE
    await asyncio.gather(*(line(number) for number in range(RUNS)))
    return RUNS * turns * STEPS


async def count(kind: str, turns: int) -> None:
    calls = Calls()
    with tempfile.TemporaryDirectory(prefix="baton-calls-") as made:
        async with engine(Path(made), DEFINITIONS, AT_ONCE, Ends()) as life:
            await life.run(kind, "warm")
            calls.start()
            steps = await play(life, kind, turns)
            calls.stop()
    print(f"{kind}: {sum(calls.seen.values()) / steps:.0f} calls a step")
    for (where, event), number in sorted(calls.seen.items()):
        what = "written in Python" if event == "call" else "built in"
        print(f"  {number / steps:6.1f} {what}, in {where}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("chain", "pure", "alone", "once"))
    parser.add_argument("--turns", type=int, default=2)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as `bot serve` does
        runner.run(count(given.kind, given.turns))


if __name__ == "__main__":
    main()

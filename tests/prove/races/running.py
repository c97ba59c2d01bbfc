"""Heats by their seeds: three of four in an order that is drawn, the fourth on the store with its threads.

All lie in memory where there is such a folder: who wins is settled inside the one writer, and what the
disk does to it is proven by `power`.
"""

import asyncio
import os
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.prove.races.heat import Heat, Size
from tests.prove.races.track import Stock, stocked, track
from tests.prove.simulation.loop import Deadlock, SimLoop, simulate

THREADS = 4  # of so many heats, one is played between threads


MEMORY = Path("/dev/shm")  # noqa: S108  # where Linux has a folder that no disk is behind


class LongLoop(SimLoop):
    """One that takes as many steps as thousands of races need."""

    left = 500_000

    def _run_once(self) -> None:
        self.steps = 0
        self.left -= 1
        if self.left < 0:
            raise Deadlock("something runs in circles")
        super()._run_once()


@dataclass
class Result:
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def scratch() -> Path | None:
    """Return the folder below which stores are made; None for the one that is usual."""
    return MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None


def heats(seeds: Sequence[int], folder: Path, size: Size | None = None) -> Result:
    """Run the heats of *seeds* one after the other."""
    result, stock = Result(), None
    for seed in seeds:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            stock = stock or stocked(Path(place))
            counts, said = heat(seed, Path(place) / "baton.db", stock, size or Size())
        again = f"python3 run.py prove races --times 1 --seed {seed}"
        result.violations += [f"heat {seed}: {each}. To see it again: {again}" for each in said]
        result.counts.update(counts)
    return result


def heat(seed: int, path: Path, stock: Stock, size: Size) -> tuple[Counter[str], list[str]]:
    """Run the heat of *seed*; return who won how often, and what must not have happened."""
    drawn = seed % THREADS != 0
    chance = random.Random(seed)  # noqa: S311  # it chooses who comes when

    async def main() -> tuple[Counter[str], list[str]]:
        async with track(path, stock, chance, threads=not drawn) as made:
            return await Heat(made, chance, size).run()

    counts, said = simulate(main, LongLoop()) if drawn else asyncio.run(main())
    counts["races"] = size.races
    counts["races in a drawn order" if drawn else "races between threads"] = size.races
    return counts, said

"""Heats by their seeds: three of four on the store with its threads, the fourth in an order that is drawn."""

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.prove.races.heat import Heat, Size
from tests.prove.races.track import Stock, stocked, track
from tests.prove.simulation.loop import Deadlock, SimLoop, simulate

DRAWN = 4  # of so many heats, one is played in an order that its seed draws


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
    drawn = seed % DRAWN == DRAWN - 1
    chance = random.Random(seed)  # noqa: S311  # it chooses who comes when

    async def main() -> tuple[Counter[str], list[str]]:
        async with track(path, stock, chance, threads=not drawn) as made:
            return await Heat(made, chance, size).run()

    counts, said = simulate(main, LongLoop()) if drawn else asyncio.run(main())
    counts["races"] = size.races
    counts["races in a drawn order" if drawn else "races between threads"] = size.races
    return counts, said

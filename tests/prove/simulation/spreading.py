"""Plays many histories, spread over the processors, and gathers what came of them."""

import multiprocessing
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.prove.simulation.faults import Mask
from tests.prove.simulation.shrinking import shrink
from tests.prove.simulation.stage import TWICE, Played, open_stage

HERE = Path(__file__).parent
SEEDS = HERE / "seeds.txt"
PORTION = 25
MOST_BROKEN = 5  # after so many nothing new is to be learned
COMMAND = "PYTHONHASHSEED=0 .venv/bin/python -m tests.prove.simulation"


@dataclass
class Sum:
    """What came of many histories."""

    histories: int = 0
    simulated: float = 0.0
    processor: float = 0.0
    reached: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)  # of those that are broken

    def add(self, other: "Sum") -> None:
        self.histories += other.histories
        self.simulated += other.simulated
        self.processor += other.processor
        self.reached += other.reached
        self.struck += other.struck
        self.broken += other.broken
        self.seeds += other.seeds


def kept_seeds() -> list[int]:
    """Return the seeds that broke a promise once; every run plays them first."""
    if not SEEDS.exists():
        return []
    lines = (line.partition("#")[0].strip() for line in SEEDS.read_text().splitlines())
    return [int(line) for line in lines if line]


def play_all(seeds: Iterable[int]) -> Sum:
    """Play *seeds* in this process."""
    total, kept = Sum(), set(kept_seeds())
    with open_stage() as stage:
        for seed in seeds:
            played = stage.play_twice(seed) if seed % TWICE == 0 else stage.play(seed)
            if seed in kept and played.broken is None:  # it broke before there were small ones
                played = stage.play(seed, Mask(large=True))
            total.histories += 1
            total.simulated += played.simulated
            total.processor += played.seconds
            total.reached += played.reached
            total.struck += played.struck
            total.reached["histories"] += 1
            if played.broken is not None:
                mask, best = shrink(stage, played)
                total.broken.append(told(best, mask.said()))
                total.seeds.append(seed)
            if len(total.broken) >= MOST_BROKEN:
                break
    return total


def told(played: Played, masked: str) -> str:
    """Say what broke, and the one command that shows it again."""
    faults = ", ".join(f"{kind}: {count}" for kind, count in sorted(played.struck.items()) if count)
    return (
        f"history {played.seed} at {_commit()}: {played.broken}\n  with the faults {faults or 'none'}"
        f"\n  {COMMAND} --seed {played.seed} {masked}".rstrip()
    )


def spread(seeds: Sequence[int], processes: int | None = None) -> Sum:
    """Play *seeds* on all processors. Each process hashes text alike, or their order would differ."""
    os.environ["PYTHONHASHSEED"] = "0"
    count = processes or os.cpu_count() or 1
    portions = [seeds[at : at + PORTION] for at in range(0, len(seeds), PORTION)]
    lots = [[seed for each in portions[number::count] for seed in each] for number in range(count)]
    total = Sum()
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        for part in pool.imap_unordered(play_all, [each for each in lots if each]):
            total.add(part)
    return total


def keep_seeds(seeds: Iterable[int]) -> None:
    """Add seeds that broke a promise to those that are played first from now on."""
    known = set(kept_seeds())
    new = [seed for seed in seeds if seed not in known]
    if new:
        with SEEDS.open("a") as file:
            file.writelines(f"{seed}  # broke at {_commit()}\n" for seed in new)


def _commit() -> str:
    argv = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=HERE)
    return found.stdout.strip() or "unknown"


__all__ = ["Sum", "keep_seeds", "kept_seeds", "play_all", "spread", "told"]

"""A small part of `run.py prove simulation`: every promise holds in so many histories."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.prove.simulation.spreading import kept_seeds, play_all
from tests.prove.simulation.stage import open_stage

SMOKE = 8
BLOCKS = 2
ROOT = Path(__file__).parents[3]
REACHED = (
    "repeat answered",
    "approval approved",
    "run completed",
    "a notice was in flight at the crash",
)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_promise_is_broken_wherever_baton_dies(block: int, counts: Counter[str]) -> None:
    total = play_all(range(1 + block * SMOKE, 1 + (block + 1) * SMOKE))
    assert total.broken == []
    counts["histories"] += total.histories
    missed = [mark for mark in REACHED if not total.reached[mark]]
    assert not missed, f"never come by: {missed} (reached: {dict(total.reached)})"


def test_seeds_that_broke_a_promise_once_are_played_again() -> None:
    assert play_all(kept_seeds()[:20]).broken == []


def test_a_seed_decides_everything() -> None:
    with open_stage() as stage:
        sums = {seed: stage.play_twice(seed) for seed in (3, 4)}
    assert all(played.broken is None for played in sums.values()), sums
    assert sums[3].sum != sums[4].sum


def test_a_history_is_played_alone_by_its_seed() -> None:
    argv = [sys.executable, "-m", "tests.prove.simulation", "--seed", "5", "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr

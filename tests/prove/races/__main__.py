"""`python3 run.py prove races --times N`: waits and events, clicks and timers race on the real store."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tests.prove.races.findings import EVENT_LATE, TIME_OVER
from tests.prove.races.heat import CLICK_LATE, TIMER_LATE, Size
from tests.prove.races.running import Result, heats, scratch
from tests.prove.verdict import Verdict, prove

TIMES = 100_000
CORES = 2
AT_ONCE = 8  # heats that one process runs before it tells of them
MOST = 20  # violations that are told
WINNERS = (
    "opening: the wait was first",
    "opening: the event was first",
    "join: the wait was first",
    "join: the event was first",
    "timeout: the event won",
    "timeout: the timer won",
    "click: a click won",
    "click: the timer won",
    TIMER_LATE,
    CLICK_LATE,
    TIME_OVER,
    EVENT_LATE,
)
ENOUGH = 16  # heats, of which each of them has to win some
SHARE = 0.02  # of its kind, that each winner has to have


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    seed = given.seed or 0
    count = -(-given.times // Size().races)
    for number, result in enumerate(_all(seed, count)):
        verdict.counts.update(result.counts)
        verdict.violations += result.violations[: MOST - len(verdict.violations)]
        if number % 10 == 0:
            sys.stdout.write(f"{verdict.counts['races']:,} races\n")
    verdict.at_least("races", given.times)
    for winner in WINNERS if count >= ENOUGH else ():
        kind = winner.partition(":")[0]
        verdict.at_least(winner, max(1, round(verdict.counts[f"{kind} races"] * SHARE)))


def _all(seed: int, count: int) -> Iterator[Result]:
    seeds = range(seed, seed + count)
    parts = [seeds[at : at + AT_ONCE] for at in range(0, count, AT_ONCE)]
    with (
        tempfile.TemporaryDirectory(prefix="races-", dir=scratch()) as folder,
        ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool,
    ):
        for done in as_completed([pool.submit(heats, list(part), Path(folder)) for part in parts]):
            yield done.result()


if __name__ == "__main__":
    sys.exit(prove("races", __doc__ or "", {"times": TIMES, "seed": None}, work))

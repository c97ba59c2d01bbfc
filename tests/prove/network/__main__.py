"""`python3 run.py prove network --histories N`: the network fails around the real server, in every way."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.prove.clock.wall import library
from tests.prove.network.running import CAUGHT_UP, counted, lived
from tests.prove.verdict import Verdict, prove

HISTORIES = 20
AT_ONCE = 5  # histories of one town


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    left, number, can_hurry = given.histories, 0, library() is not None
    if not can_hurry:
        verdict.missed.append("there is no libfaketime here (Debian: apt install libfaketime)")
    with tempfile.TemporaryDirectory(prefix="network-") as folder:
        while left > 0:
            count = min(AT_ONCE, left)
            data = Path(folder) / f"town-{number}"
            hurried = can_hurry and number % 2 == 0
            past = asyncio.run(lived(data, seed + number, count, hurried=hurried))
            verdict.counts.update(counted(past.histories))
            verdict.violations += past.wrong
            sys.stdout.write(
                f"seed {seed + number}: {count} histories, {len(past.wrong)} violations\n"
            )
            left, number = left - count, number + 1
    verdict.at_least("histories", given.histories)
    for place in ("slack", "client", "target"):
        verdict.at_least(f"answers lost before {place}", 1)
    for what in ("answers to posts that were lost", "deploys whose answer was lost", CAUGHT_UP):
        verdict.at_least(what, 1)


if __name__ == "__main__":
    sys.exit(prove("network", __doc__ or "", {"histories": HISTORIES, "seed": None}, work))

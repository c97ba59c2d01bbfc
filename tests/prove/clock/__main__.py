"""`python3 run.py prove clock`: the wall clock of the real server jumps to and fro, over both changes of three zones."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.prove.clock.life import CHANGES
from tests.prove.clock.running import lived
from tests.prove.clock.wall import library
from tests.prove.verdict import Verdict, prove

TIMES = len(CHANGES)
REACHED = (
    *("timer: timer", "waiting: timer", "waiting: event", "asking: the clock", "asking: a person"),
    *("jumps ahead", "jumps back", "suspensions", "kills while the clock jumped"),
    "tries that rested when the clock went back",
    "notices that were put off when the clock went back",
    *(f"slots fired with catch_up {rule}" for rule in ("all", "latest", "none")),
)


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    if library() is None:
        verdict.missed.append("there is no libfaketime here (Debian: apt install libfaketime)")
        return
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    with tempfile.TemporaryDirectory(prefix="clock-") as folder:
        for each in range(seed, seed + given.times):
            change = [*CHANGES][each % len(CHANGES)]
            past = asyncio.run(lived(Path(folder) / str(each), each, change))
            verdict.counts.update({"lives": 1, f"lives around {change}": 1, **past.life.reached})
            verdict.violations += past.wrong
            sys.stdout.write(f"seed {each}: {change}, {len(past.wrong)} violations\n")
    verdict.at_least("lives", given.times)
    for what in REACHED if given.times >= TIMES else ():
        verdict.at_least(what, 1)


if __name__ == "__main__":
    sys.exit(prove("clock", __doc__ or "", {"times": TIMES, "seed": None}, work))

"""`python3 run.py prove kill --times N`: the real server dies N times, at instants that a seed chooses."""

import argparse
import sys
from pathlib import Path

from tests.prove.verdict import Verdict, by_pytest, prove

TIMES = 100
BESIDE = 2  # stories that go on at one time; each waits for half of its own


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    more = ["--kills", str(given.times), "--beside", str(given.beside)]
    if given.seed is not None:
        more += ["--kill-seed", str(given.seed)]
    by_pytest(verdict, Path(__file__).parent, *more)
    verdict.at_least("kills", given.times)
    verdict.at_least("events acknowledged", 1)


if __name__ == "__main__":
    sys.exit(prove("kill", __doc__ or "", {"times": TIMES, "seed": None, "beside": BESIDE}, work))

"""`python3 run.py prove corpus`: every journal that was ever recorded is taken up and finished."""

import argparse
import sys
from pathlib import Path

from tests.prove.verdict import Verdict, by_pytest, prove


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    by_pytest(verdict, Path(__file__).parent, *(["--record"] if given.record else []))
    verdict.at_least("journals replayed", 147)


if __name__ == "__main__":
    sys.exit(prove("corpus", __doc__ or "", {"record": False}, work))

"""`python3 run.py prove zoo [--only NN] [--quick]`: planted bugs, each of which somebody has to see."""

import argparse
import sys

from tests.prove.verdict import Verdict, prove
from tests.prove.zoo.judging import judge
from tests.prove.zoo.rows import SIMULATION, Planted, Row
from tests.prove.zoo.table import ROWS

OPTIONS = {"only": None, "quick": False}
COUNTED = {
    "caught": "planted bugs caught",
    "missed": "planted bugs missed",
    "broken": "rows that say nothing",
    "absent": "rows without anything to plant them in",
}


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    for judged in judge(chosen(given)):
        verdict.counts[COUNTED[judged.word]] += 1
        sys.stdout.write(f"{judged.word:7} {judged.line}\n")
        sys.stdout.flush()
        if judged.word == "caught" and isinstance(judged.row, Planted):
            played = judged.row.catcher == SIMULATION
            verdict.counts["caught by the simulator" if played else "caught by a named test"] += 1
        if judged.word == "broken":
            verdict.violations.append(judged.line)
        if judged.word == "missed":
            verdict.missed.append(judged.line)


def chosen(given: argparse.Namespace) -> list[Row]:
    """Return the rows that were asked for: all, one, or those that a named test catches."""
    if given.only is not None:
        return [each for each in ROWS if each.number == given.only]
    if given.quick:
        return [each for each in ROWS if getattr(each, "catcher", None) != SIMULATION]
    return list(ROWS)


if __name__ == "__main__":
    sys.exit(prove("zoo", __doc__ or "", OPTIONS, work))

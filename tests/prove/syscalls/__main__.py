"""`python3 run.py prove syscalls`: every write, sync, lock and ack of the golden scenario fails or kills.

`--points N` of all points (300), `--all` of them, `--at CALL:NUMBER:FAULT` one again, `--seed S`;
`--only CALL` leaves the other calls out.
"""

import argparse
import random
import sys

from tests.prove.golden.stage import Stage
from tests.prove.syscalls.points import Point, drawn, every
from tests.prove.syscalls.sweep import again, counted, sweep
from tests.prove.verdict import Verdict, prove

POINTS = 300


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    stage = Stage()
    try:
        stage.prepare()
        points = chosen(given, stage, verdict)
        for met in sweep(stage, points):
            verdict.counts.update(met.counts)
            verdict.violations += [f"{each}  [{again(met.point)}]" for each in met.violations]
            verdict.counts["points violated"] += bool(met.violations)
    finally:
        stage.clear()
    # A schedule differs from the one that was counted, so that the last calls are not always met.
    verdict.at_least("points reached", len(points) * 8 // 10)


def chosen(given: argparse.Namespace, stage: Stage, verdict: Verdict) -> list[Point]:
    if given.at:
        return [Point.read(given.at)]
    points = [each for each in every(counted(stage)) if given.only in ("", each.call)]
    verdict.figures["points there are"] = len(points)
    return points if given.all else drawn(points, given.points, random.Random(given.seed))  # noqa: S311


if __name__ == "__main__":
    options = {"points": POINTS, "seed": 1, "all": False, "at": "", "only": ""}
    sys.exit(prove("syscalls", __doc__ or "", options, work))

"""`python3 run.py prove disk`: a full, locked or read-only disk is survived, and a failed sync ends it.

`--rounds N`: how often each trouble is endured by the golden scenario, beside the real server.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.prove.disk.light import FULL, READ_ONLY, endured
from tests.prove.disk.trial import cleared, tried
from tests.prove.disk.troubles import TROUBLES
from tests.prove.golden.stage import Stage
from tests.prove.verdict import Verdict, prove

ROUNDS = 15


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    golden(given, verdict)
    root = Path(tempfile.mkdtemp(prefix="baton-prove-disk-"))
    try:
        result = asyncio.run(tried(root, list(TROUBLES), sync=True))
    finally:
        cleared(root)
    verdict.counts.update(result.counts)
    verdict.violations += [f"{each}  [python3 run.py prove disk]" for each in result.violations]
    verdict.missed += result.missed
    verdict.figures.update(result.figures)
    verdict.at_least("troubles that passed", 2)
    for kind in (FULL, READ_ONLY):
        verdict.at_least(f"{kind}: refused", 1)


def golden(given: argparse.Namespace, verdict: Verdict) -> None:
    stage = Stage()
    try:
        stage.prepare()
        for kind in (FULL, READ_ONLY):
            for number in range(given.rounds):
                problems, counts = endured(stage, kind, given.seed + number)
                again = f"python3 run.py prove disk --rounds 1 --seed {given.seed + number}"
                verdict.violations += [f"{each}  [{again}]" for each in problems]
                verdict.counts.update(counts)
    finally:
        stage.clear()


if __name__ == "__main__":
    sys.exit(prove("disk", __doc__ or "", {"rounds": ROUNDS, "seed": 1}, work))

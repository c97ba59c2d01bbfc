"""`python3 run.py prove power --images N`: the power goes at any moment, and what was said is there.

The real program is recorded, call by call, while it plays the golden scenario. Then disks are made
as they may be found: what was not synced is kept, lost or torn.

`--at IMAGE` looks at one again, on a new recording: times differ, so that it is near that moment.
"""

import argparse
import random
import sys

from tests.prove.golden.stage import Stage
from tests.prove.power.cuts import Cuts, Portion, cut
from tests.prove.power.images import Image
from tests.prove.power.recordings import record
from tests.prove.verdict import Verdict, prove

IMAGES = 20_000
RECORDINGS = 6
SHOWN = 20  # violations that are told; one is enough to know


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    sys.stdout.write(f"seed {seed}\n")
    stage = Stage()
    try:
        stage.prepare()
        numbers = [Image.read(given.at).recording] if given.at else range(given.recordings)
        cuts = Cuts(stage, [record(stage, number) for number in numbers])
        for recording in cuts.recordings.values():
            verdict.counts["calls recorded"] += len(recording.calls)
            verdict.counts.update(f"{each.kind}s said" for each in recording.said)
        verdict.counts["states between commits"] = sum(map(len, cuts.states.values()))
        for shown in cut(cuts, chosen(given, cuts, seed)):
            verdict.counts.update(shown.counts)
            verdict.counts["violations"] += len(shown.violations)
            verdict.violations += shown.violations[: SHOWN - len(verdict.violations)]
    finally:
        stage.clear()
    if not given.at:
        verdict.at_least("images", given.images)
        for kind in ("event", "decision", "effect", "message"):
            verdict.at_least(f"{kind}s said", given.recordings)


def chosen(given: argparse.Namespace, cuts: Cuts, seed: int) -> list[Portion]:
    if given.at:
        image = Image.read(given.at)
        return [Portion(image.recording, [image]), Portion(image.recording, [image], revived=True)]
    return cuts.portions(given.images, given.revived, seed)


if __name__ == "__main__":
    options = {"images": IMAGES, "recordings": RECORDINGS, "revived": 60, "seed": None, "at": ""}
    sys.exit(prove("power", __doc__ or "", options, work))

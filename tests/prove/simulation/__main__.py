"""`python3 run.py prove simulation --histories N`: N lives and deaths of a whole Baton, in simulated time."""

import argparse
import os
import sys

from tests.prove.simulation.faults import Mask
from tests.prove.simulation.spreading import Sum, keep_seeds, kept_seeds, spread, told
from tests.prove.simulation.stage import open_stage
from tests.prove.verdict import Verdict, prove

HISTORIES = 10_000
LEAST = 50  # of each mark in 10,000 histories
MARKS = (
    "crash before commit",
    "crash after commit",
    "crash torn",
    "crash at an await",
    "crash while it took up what was left",
    "crash between intent and result",
    "a wake-up outlived the crash",
    "a start outlived the crash",
    "an event outlived the crash",
    "a notice was in flight at the crash",
    "a question was open at the crash",
    "a run was being taken back",
    "a commit was lost",
    "a commit was cut",
    "a commit was torn",
    "a post was taken unheard",
    "a second copy was refused",
    "answer lost after acceptance",
    "repeat answered",
    "refused with 503",
    "the clock jumped",
    "a schedule fired",
    "a timer fired",
    "form sent",
    "click taken",
    "click refused",
    "answered on the web: 200",
    "approval approved",
    "approval rejected",
    "unknown answered: done",
    "unknown answered: retry",
    "cancel ordered",
    "pause ordered",
    "retry ordered",
    "skip ordered",
    "somebody left",
    "started by hand",
    "run completed",
    "run failed",
    "run cancelled",
    "command answered",
    "Home opened",
    "Baton mentioned",
    "a report of the bus was stored",
    "an event came again",
    "a slot was accounted for",
    "a slot that was missed was made up for",
    "housekeeping while runs went on",
    "played twice",
    "a token was changed",
    "a late build was asked about",
    "a group decided",
    "somebody dropped out of the group",
    "a former member was refused",
    "a newcomer joined the group",
    "a newcomer's answer counted",
    "a reaction was stored",
    "a reaction started a run",
    "Baton joined its channel again",
)
RARE = {
    "a run was being taken back": 10,  # a short time of one plan in twelve
    "a newcomer's answer counted": 10,  # who has to be known before the first answer counts
}
OPTIONS = {
    "histories": HISTORIES,
    "seed": None,
    "without": "",
    "builds": None,
    "calm": False,
    "large": False,
    "processes": None,
}


def work(given: argparse.Namespace, verdict: Verdict) -> None:
    if given.seed is not None:
        alone(given, verdict)
        return
    kept = kept_seeds()
    found = spread([*kept, *range(given.histories)], given.processes)
    verdict.counts.update(found.reached)
    verdict.counts.update({f"faults {kind}": count for kind, count in found.struck.items()})
    verdict.counts["seeds that broke a promise once"] = len(kept)
    verdict.counts["simulated hours"] = round(found.simulated / 3600)
    verdict.violations += found.broken
    keep_seeds(found.seeds)
    _measure(found, verdict)
    for mark in MARKS:
        verdict.at_least(mark, RARE.get(mark, LEAST) * given.histories // HISTORIES)


def _measure(found: Sum, verdict: Verdict) -> None:
    if found.processor:
        each = found.histories / found.processor
        verdict.figures["histories per second of one processor"] = round(each, 1)


def alone(given: argparse.Namespace, verdict: Verdict) -> None:
    """Play one history, as it is or without some of its faults."""
    kinds, *singles = given.without.split(",")
    single = frozenset((each[0], int(each[1:])) for each in singles)
    with open_stage() as stage:
        mask = Mask(kinds, single, given.builds, calm=given.calm, large=given.large)
        played = stage.play(given.seed, mask, traced=True)
    verdict.counts.update(played.reached)
    if played.broken is not None:
        verdict.violations.append(told(played, mask.said()))


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets of text would be in another order each time
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.prove.simulation", *sys.argv[1:]])  # noqa: S606 - ourselves
    sys.exit(prove("simulation", __doc__ or "", OPTIONS, work))

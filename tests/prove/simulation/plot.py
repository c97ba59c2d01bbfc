"""What a history is about: how large it is, which builds run, what people do, and how Slack is.

Of a hundred histories 94 are *small*: one build, one death or two (and one more where Slack was out of
reach), up to three kinds of faults beside it, an end of all faults after half a minute, and seldom
anything else. In seven of ten of those Slack does not know our token before the faults are over, so
people answer on the web, and all is told at the end. Six of a hundred are *large*: one build or two, up to five
deaths, every kind of fault with a chance of its own, minutes of it, and schedules, commands, reactions,
orders and housekeeping beside it. A bug that needs one crash at the right place is found by many
small ones; a bug that needs several things at once needs the large ones.

Each of either size has three reports of tools or more, a run of four steps or more, a question that
was asked, and a crash: where faults or people ended all runs before their question, a tool reports
one more build when the faults are over, and who did not die in the midst of it is killed at rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.prove.simulation.faults import Faults
from tests.prove.simulation.plans import BUILT, TICK
from tests.prove.simulation.slots import RULES

QUICK, SLOW, AWAY = (
    "quick",
    "slow",
    "away",
)  # Slack answers at once, after seconds, or not before the end


@dataclass(frozen=True, slots=True)
class Size:
    """What is drawn within: shares of histories, seconds, and places of a death."""

    faults_end: tuple[float, float]  # s
    slack_is_back: tuple[float, float]  # s, where it was out of reach until then
    deaths: int
    commits: int  # of a life, within which it dies
    steps: int  # of its loop
    away: float  # s that pass until the next life, at most
    two_builds: float
    meddling: float
    leaving: float
    secretive: float
    ticking: float
    talking: float
    tidying: float
    slack: tuple[float, float, float]  # weights of QUICK, SLOW and AWAY


SMALL = Size(
    (12, 40), (30, 60), 2, 30, 250, 10, 0.0, 0.08, 0.02, 0.02, 0.0, 0.01, 0.01, (20, 10, 70)
)
LARGE = Size(
    (30, 150), (60, 150), 5, 45, 1_500, 30, 0.1, 0.5, 0.2, 0.08, 0.5, 0.5, 0.15, (80, 10, 10)
)


@dataclass(frozen=True, slots=True)
class Plot:
    """What was drawn for one history.

    Args:
        builds: workflows by the process that starts them.
        leaver: who leaves the workspace.
        catch_up: the rule of the schedule, where there is one.
        heals_at: s, after which nothing is made to fail any more.
        slack: how it answers until then.
    """

    size: Size
    builds: Mapping[str, str]
    secretive: bool
    ticking: bool
    talking: bool
    tidying: bool
    meddling: bool
    leaver: str | None
    catch_up: str
    heals_at: float
    slack: str

    @property
    def away(self) -> float:
        """The seconds until the next life, at most: with a schedule, long enough to miss a slot."""
        return 2.0 * TICK if self.ticking else self.size.away


def draw(faults: Faults) -> Plot:
    """Draw what the history of *faults* is about. A mask of one build leaves out what comes beside it."""
    rng, mask = faults.rng_of("plot"), faults.mask
    size = LARGE if faults.large else SMALL
    count = 2 if rng.random() < size.two_builds else 1
    alone, slack = mask.builds is not None, _pace(faults, size)
    names = rng.sample(BUILT, min(count, mask.builds) if mask.builds is not None else count)
    return Plot(
        size,
        {f"build-{number}": name for number, name in enumerate(names)},
        secretive=rng.random() < size.secretive and not alone,
        ticking=rng.random() < size.ticking and not alone,
        talking=faults.rng_of("talk").random() < size.talking and not alone,
        tidying=faults.rng_of("tidy").random() < size.tidying,
        meddling=rng.random() < size.meddling and not mask.calm,
        leaver="UMAYA" if rng.random() < size.leaving and not mask.calm else None,
        catch_up=faults.rng_of("slots").choice(RULES),
        heals_at=rng.uniform(*(size.faults_end if slack != AWAY else size.slack_is_back)),
        slack=slack,
    )


def _pace(faults: Faults, size: Size) -> str:
    if "S" in faults.mask.kinds:
        return QUICK
    (found,) = faults.rng_of("pace").choices((QUICK, SLOW, AWAY), size.slack)
    return found


__all__ = ["AWAY", "LARGE", "QUICK", "SLOW", "SMALL", "Plot", "Size", "draw"]

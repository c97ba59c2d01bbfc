"""A backup is made while people work; the data is lost, and the backup takes its place."""

from dataclasses import dataclass
from pathlib import Path

from bot.commands.restore import report
from coordination import audit
from coordination.database import Copied, Replaced, approvals, back_up, replace, select
from coordination.restoring import Restored
from coordination.restoring import restore as hold_all
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE
from tests.stories.world import make_moved_world

BACKUP = "backup.db"
DECIDED = select(approvals.c.id).where(approvals.c.decision == "approve")


def backed_up(baton: BatonInABox, name: str = BACKUP) -> Copied:
    """Make a backup beside the program that runs."""
    data = baton.life.birth.data
    return back_up(data / "baton.db", data / name, now=baton.life.world.clock.now())


async def put_back(baton: BatonInABox, name: str = BACKUP) -> Replaced[Restored]:
    """Let the program die, restore the backup, and begin a new life on it."""
    await baton.life.kill()
    birth = baton.life.birth
    world = make_moved_world(birth.time, birth.data / "work")
    now, ids = world.clock.now(), world.ids
    done = await replace(
        birth.data / "baton.db",
        birth.data / name,
        lambda tx, least: hold_all(tx, at_least=least, now=now, ids=ids),
        now=now,
    )
    await baton.begin()
    return done


async def test_nothing_that_was_done_after_the_backup_is_done_again_unasked(
    baton: BatonInABox,
) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    made = backed_up(baton)
    await baton.click("Approve", by="grace")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]
    done = await put_back(baton)

    assert done.value.runs == (1,)
    assert (made.generation, done.value.generation) == (1, 2)
    assert (await baton.run()).status == "paused"
    assert "Restored from a backup" in baton.card("build-7").plain
    await baton.advance(hours=5)
    assert baton.performed == ["deploy build-7", "announce"]

    await baton.click("Resume", by="grace")
    await baton.click("Approve", by="grace")
    await baton.advance(minutes=1)
    assert baton.card("build-7").state == "Needs you"
    await baton.click("Mark done", by="grace")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce", "announce"]  # which may be repeated


async def test_a_step_that_was_at_work_is_not_begun_again_before_somebody_says_so(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("build")
    await baton.report("test.completed", process="build-7")
    backed_up(baton)
    baton.work.finish("build")
    await baton.quiet()
    assert baton.performed == ["build", "ship", "tell"]
    await put_back(baton)

    assert baton.card("build-7").state == "Paused"
    assert baton.performed == ["build", "ship", "tell"]
    await baton.click("Resume", by="grace")
    assert baton.performed == ["build", "ship", "tell", "build"]  # which may be repeated
    await baton.advance(minutes=1)  # a card rests between edits of mere progress
    assert baton.card("build-7").state == "Needs you"
    await baton.click("Retry", by="grace")
    assert baton.performed == ["build", "ship", "tell", "build", "ship", "tell"]
    assert baton.card("build-7").state == "Succeeded"


async def test_a_run_that_had_not_begun_waits_as_well(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.hold("run ", "deliver ", "start ")
    await baton.report("test.completed", process="build-7")
    backed_up(baton)
    await put_back(baton)

    assert (await baton.run()).status == "paused"
    await baton.advance(hours=5)
    assert baton.performed == []
    await baton.click("Resume", by="grace")
    assert baton.performed == ["build"]
    await baton.click("Retry", by="grace")
    assert baton.performed == ["build", "ship", "tell"]


async def test_what_an_event_of_before_the_restore_starts_waits_as_well(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    backed_up(baton)
    before = baton.life.world.clock.now()
    await baton.report("test.completed", process="build-7")
    assert baton.performed == ["build", "ship", "tell"]
    await put_back(baton)
    await baton.report("test.completed", process="build-7", occurred_at=before.isoformat())

    assert (await baton.run()).status == "paused"
    assert baton.performed == ["build", "ship", "tell"]


async def test_a_run_that_waits_to_begin_can_be_cancelled(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.hold("run ", "deliver ", "start ")
    await baton.report("test.completed", process="build-7")
    backed_up(baton)
    await put_back(baton)
    await baton.slash("cancel R-1", by="grace")

    assert (await baton.run()).status == "cancelled"
    assert baton.performed == []


async def test_what_was_over_before_the_backup_stays_as_it_was(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    first = await baton.report("test.completed", process="build-7", id="one")
    made = backed_up(baton)
    await baton.report("test.completed", process="build-8")
    done = await put_back(baton)

    assert made.events < 40
    assert done.value.runs == ()
    assert baton.card("build-7").state == "Succeeded"
    assert len(await baton.runs()) == 1
    assert await baton.life.door.read(audit.verify) is None
    again = await baton.report("test.completed", process="build-7", id="one")
    assert again["event_id"] == first["event_id"]
    assert len(await baton.runs()) == 1
    says = report(baton.life.birth.settings(), done)
    assert "No run" in says or "0 runs held." in says
    assert "BATON_KEY" in says


async def test_what_stood_there_is_kept_beside(baton: BatonInABox, tmp_path: Path) -> None:
    await baton.publish(CHAIN)
    backed_up(baton)
    await baton.report("test.completed", process="build-7")
    done = await put_back(baton)

    assert done.kept is not None
    assert done.kept.is_file()
    assert done.kept.stat().st_size > 0
    assert await baton.runs() == ()


@dataclass
class Point:
    """A backup, and what was true when it was made."""

    name: str
    events: list[str]
    ended: list[str]
    decided: bool


async def test_wherever_the_backup_was_made_nothing_of_before_is_lost_and_nothing_runs_unasked(
    baton: BatonInABox,
) -> None:
    points: list[Point] = []
    events: list[str] = []

    async def point(*, decided: bool) -> None:
        name = f"at-{len(points)}.db"
        backed_up(baton, name)
        ended = [run.id for run in await baton.runs() if run.status.ended]
        points.append(Point(name, [*events], ended, decided))

    await baton.publish(RELEASE)
    await point(decided=False)
    for build in ("build-7", "build-8"):
        told = await baton.report("test.completed", process=build, id=build)
        events.append(told["event_id"])
        await point(decided=False)
    baton.work.hang("deploy build-8")
    await baton.click("Approve", by="grace", on="build-8")
    await point(decided=True)
    baton.work.finish("deploy build-8")
    await baton.quiet()
    await point(decided=True)
    done = [*baton.performed]

    for each in reversed(points):
        await put_back(baton, each.name)
        await baton.advance(hours=25)
        assert baton.performed == done
        await holds(baton, each)
        assert baton.performed == done


async def holds(baton: BatonInABox, point: Point) -> None:
    """Hold of a restored database that all of before the backup is there, once, and all else waits."""
    for build, event_id in zip(("build-7", "build-8"), point.events, strict=False):
        told = await baton.report("test.completed", process=build, id=build)
        assert told["event_id"] == event_id
    runs = await baton.runs()
    assert len(runs) == len(point.events)
    assert {run.id for run in runs if run.status.ended} == {*point.ended}
    assert {run.status for run in runs if not run.status.ended} <= {"paused", "unknown"}
    decided = await baton.life.door.read(lambda reader: reader.fetch_all(DECIDED))
    assert bool(decided) is point.decided
    assert await baton.life.door.read(audit.verify) is None

"""What is over is forgotten after its time, and nothing that goes on, or may be asked for again, is."""

import sqlite3
from datetime import timedelta
from typing import Any

from coordination import audit
from coordination.changes import Changes
from coordination.database import InlineDoor, back_up
from coordination.retention import Keeping, Purge, Purged
from coordination.store.purges import begin_run
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE
from workflows.language.durations import parse_duration

SHORT = CHAIN + "settings: {retention: 10d}\n"
LOUD = """
name: loud
title: A child and a log
triggers: [{event: test.completed}]
steps:
  - {id: begin, workflow: chain}
"""

EMPTY = (
    "runs",
    "events",
    "processes",
    "threads",
    "slots",
    "outbox",
    "keys",
    "journal",
    "steps",
)


def rows(baton: BatonInABox, sql: str) -> Any:
    raw = sqlite3.connect(baton.life.birth.data / "baton.db")
    try:
        return raw.execute(sql).fetchall()
    finally:
        raw.close()


def count(baton: BatonInABox, table: str) -> int:
    return int(rows(baton, f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - a name of ours


async def purge(baton: BatonInABox, *, dry: bool = False, **kept: Any) -> Purged:
    keeping = Keeping(parse_duration, **kept)
    return await Purge(baton.life.door, baton.life.world.clock, keeping, dry=dry).round()


async def test_a_run_goes_when_its_workflow_says_so(baton: BatonInABox) -> None:
    await baton.publish(SHORT)
    await baton.report("test.completed", process="build-7")
    await baton.advance(days=9)
    await purge(baton)
    assert len(await baton.runs()) == 1

    await baton.advance(days=2)
    await purge(baton)
    assert await baton.runs() == ()
    for table in (
        "journal",
        "steps",
        "wakeups",
        "waits",
        "timers WHERE owner_kind = 'run'",
    ):
        assert count(baton, table) == 0
    assert count(baton, "threads") == 1
    assert baton.card("build-7").state == "Succeeded"  # what stands in Slack is Slack's


async def test_all_of_a_thread_goes_when_nobody_heard_of_it_for_long(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    await baton.report("test.completed", process="build-7")
    await baton.advance(days=40)
    kept: dict[str, Any] = {each: timedelta(days=30) for each in ("runs", "events", "notices")}
    stays = ("runs", "events", "processes", "threads", "journal", "steps")
    before = {table: count(baton, table) for table in stays}
    would = await purge(baton, dry=True, **kept)
    assert {table: count(baton, table) for table in stays} == before
    done = await purge(baton, **kept)

    assert would.rows["runs"] == done.rows["runs"] == 1
    assert done.rows["events"] > 0
    assert done.rows["threads"] == 1
    for table in EMPTY:
        assert count(baton, table) == 0, table
    assert rows(baton, "PRAGMA foreign_key_check") == []
    assert await baton.life.door.read(audit.verify) is None
    told = dict(rows(baton, "SELECT kind, rows FROM purges"))
    assert (told["runs"], told["threads"]) == (1, 1)
    await baton.report("test.completed", process="build-7")
    assert len(await baton.runs()) == 1


async def test_what_goes_on_stays_however_old_it_is(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    before = {table: count(baton, table) for table in ("runs", "events", "threads", "journal")}
    await baton.advance(days=400)
    done = await purge(baton, runs=timedelta(days=7), events=timedelta(days=7))

    assert (done.rows["runs"], done.rows["events"], done.rows["threads"]) == (0, 0, 0)
    assert {table: count(baton, table) for table in before} == before
    await baton.click("Approve", by="grace")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]


async def test_nothing_goes_within_the_days_in_which_a_request_may_come_again(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN + "settings: {retention: 1s}\n")
    await baton.report("test.completed", process="build-7")
    await baton.advance(days=6)
    done = await purge(
        baton,
        runs=timedelta(0),
        events=timedelta(0),
        notices=timedelta(0),
        audit=timedelta(0),
    )

    assert (done.rows["runs"], done.rows["events"], done.rows["audit"]) == (0, 0, 0)
    assert len(await baton.runs()) == 1


async def test_children_go_before_their_parents(baton: BatonInABox) -> None:
    await baton.publish(CHAIN.replace("triggers:\n  - event: test.completed\n", ""))
    await baton.publish(LOUD)
    await baton.report("test.completed", process="build-7")
    assert len(await baton.runs()) == 2
    await baton.advance(days=20)
    kept = timedelta(days=10)
    first, second = await purge(baton, runs=kept), await purge(baton, runs=kept)

    assert first.rows["runs"] + second.rows["runs"] == 2
    assert await baton.runs() == ()
    assert rows(baton, "PRAGMA foreign_key_check") == []


async def test_the_audit_loses_what_it_says_and_keeps_what_holds_it_together(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    await baton.report("test.completed", process="build-7")
    await baton.advance(days=100)
    done = await purge(baton, audit=timedelta(days=90))

    assert done.rows["audit"] > 0
    assert await baton.life.door.read(audit.verify) is None
    said = rows(baton, "SELECT action, detail FROM audit WHERE purged_at IS NOT NULL")
    assert {(action, detail) for action, detail in said} == {("", "{}")}

    data = baton.life.birth.data
    back_up(data / "baton.db", data / "copy.db", now=baton.life.world.clock.now())
    raw = sqlite3.connect(data / "copy.db")
    raw.execute("UPDATE audit SET actor='', action='', object='', detail='{}', purged_at=1")
    raw.commit()
    raw.close()
    door = InlineDoor(data / "copy.db", changes=Changes("copy"))
    assert await door.read(audit.verify) is not None  # emptied by somebody else
    await door.close()


async def test_a_round_that_is_cut_off_goes_on_in_the_next_life(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    for number in range(3):
        await baton.report("test.completed", process=f"build-{number}")
    await baton.advance(days=20)
    clock = baton.life.world.clock
    keeping = Keeping(parse_duration, runs=timedelta(days=10))
    none = await Purge(baton.life.door, clock, keeping, until=clock.monotonic()).round()
    assert none.more
    assert len(await baton.runs()) == 3
    keys = [key for (key,) in rows(baton, "SELECT key FROM runs")]
    await baton.life.door.write(lambda tx: begin_run(tx, keys[0]))
    await baton.kill()

    assert (await purge(baton, runs=timedelta(days=10))).rows["runs"] == 3
    assert await baton.runs() == ()


async def test_a_database_that_forgets_stops_growing(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    kept: dict[str, Any] = {
        each: timedelta(days=8) for each in ("runs", "events", "notices", "audit")
    }
    sizes: list[int] = []
    for cycle in range(5):
        for number in range(6):
            await baton.report("test.completed", process=f"build-{cycle}-{number}")
        await baton.advance(days=40)
        await purge(baton, **kept)
        await baton.life.baton.housekeeping.round()
        sizes.append(rows(baton, "PRAGMA page_count")[0][0])
        assert rows(baton, "PRAGMA freelist_count")[0][0] > 0
        assert count(baton, "runs") == 0

    assert sizes[4] <= sizes[1] + 4  # of the audit its sums stay, a page or so for each cycle

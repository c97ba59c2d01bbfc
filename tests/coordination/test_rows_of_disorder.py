"""The rows of disorder that need the store: superseded attempts, the archive, linked parents, races."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from baton.events import ApprovalRequest, Event, Parent
from coordination.changes import Changes
from coordination.database import approvals as approvals_table
from coordination.database import events as events_table
from coordination.database import open_sqlite, update
from coordination.database import outbox as outbox_table
from coordination.database import related_threads as related_table
from coordination.database import threads as threads_table
from coordination.database import waits as waits_table
from tests.coordination.inbox import T0, Inbox, open_inbox

_ARCHIVE = update(threads_table)
LATER = T0 + timedelta(days=40)


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = open_inbox(tmp_path / "x.db")
    yield inbox
    await inbox.door.close()


async def archive(inbox: Inbox) -> None:
    def unit(tx: object) -> None:
        tx.execute(_ARCHIVE, archived_at=LATER)  # type: ignore[attr-defined]

    await inbox.write(unit)


async def archived(inbox: Inbox) -> list[bool]:
    return [row.archived_at is not None for row in await inbox.threads()]


async def rule(inbox: Inbox, event_id: str) -> str:
    return str((await inbox.event(event_id)).explain["rule"][0])


# D12


async def test_d12_an_attempt_without_an_end_is_cancelled_by_the_next_one(inbox: Inbox) -> None:
    first = await inbox.report(
        "build", "pending_approval", 1, attempt=1, approval=ApprovalRequest("Sure?")
    )
    second = await inbox.report("build", "started", 5, attempt=2)
    rows = await inbox.rows(events_table)
    assert [(row.status, row.attempt, row.source) for row in rows] == [
        ("pending_approval", 1, "ci"),
        ("cancelled", 1, "baton"),
        ("started", 2, "ci"),
    ]
    ended = Event.from_json(rows[1].body)
    assert (ended.message, ended.causation_id) == ("superseded by attempt 2", second.event_id)
    assert (rows[1].applied, rows[1].dispatched_at, rows[1].effect) == (True, None, "updated")
    assert rows[1].thread_key == rows[0].thread_key
    assert [row.state for row in await inbox.rows(waits_table)] == ["withdrawn"]
    (asked,) = await inbox.rows(approvals_table)
    assert (asked.note, first.approval_id) == ("superseded by attempt 2", asked.id)
    process = await inbox.process("build")
    assert (process.attempt, process.status) == (2, "started")
    assert await rule(inbox, second.event_id) == "D12"


async def test_d12_the_dispatcher_hears_of_it_at_once(inbox: Inbox) -> None:
    await inbox.report("build", "started", 1, attempt=1)
    with inbox.door.changes.subscribe("dispatch") as heard:
        await inbox.report("build", "started", 5, attempt=2)
        changes = await asyncio.wait_for(heard.wait(1.0), 5)

    ended = (await inbox.rows(events_table))[1]
    assert (ended.status, ended.dispatched_at) == ("cancelled", None)
    assert ended.id in [each.id for each in changes]


async def test_d12_an_attempt_that_had_its_end_is_left_alone(inbox: Inbox) -> None:
    await inbox.report("build", "failed", 1, attempt=1)
    await inbox.report("build", "started", 5, attempt=2)
    assert [row.status for row in await inbox.rows(events_table)] == ["failed", "started"]


async def test_d11_the_end_of_a_superseded_attempt_is_history(inbox: Inbox) -> None:
    await inbox.report("build", "started", 1, attempt=1)
    await inbox.report("build", "started", 5, attempt=2)
    late = await inbox.report("build", "completed", 6, attempt=1)
    assert (late.effect, late.status, late.attempt) == ("late", "started", 1)
    assert late.warnings == ("attempt 1 is over; attempt 2 is shown",)
    assert await rule(inbox, late.event_id) == "D11"
    assert not (await inbox.event(late.event_id)).applied


# D22


async def test_d22_a_parent_that_comes_late_is_linked_with_a_line_in_each_thread(
    inbox: Inbox,
) -> None:
    child = await inbox.report("test", "started", parent=Parent("build"))
    build = await inbox.report("build", "started", 1, name="Build web")
    assert child.thread_id != build.thread_id
    (row,) = await inbox.rows(related_table)
    assert (row.thread_key, row.other_key, row.because) == (1, 2, "parent")
    lines = [row for row in await inbox.rows(outbox_table) if row.kind == "reply"]
    assert {(row.thread_key, row.body["text"]) for row in lines} == {
        (1, "Related: Build web (its parent is there)"),
        (2, "Related: test (its parent is there)"),
    }
    assert {row.lane for row in lines} == {4}


async def test_d22_a_child_that_names_its_parent_late_is_linked_as_well(inbox: Inbox) -> None:
    await inbox.report("test", "started")
    await inbox.report("build", "started", 1)
    told = await inbox.report("test", "in_progress", 2, parent=Parent("build"))
    assert told.thread_id == (await inbox.threads())[0].id
    (row,) = await inbox.rows(related_table)
    assert row.because == "parent"
    assert (await inbox.process("test")).parent_key == (await inbox.process("build")).key


# D23


async def test_d23_news_for_the_archive_are_history(inbox: Inbox) -> None:
    await inbox.report("build", "started", run_id="r")
    await archive(inbox)
    queued = await inbox.rows(outbox_table)
    news = await inbox.report("build", "in_progress", 10, message="still")
    end = await inbox.report("build", "completed", 20)
    assert [(one.effect, one.status) for one in (news, end)] == [("late", "started")] * 2
    assert await rule(inbox, end.event_id) == "D23"
    assert await archived(inbox) == [True]
    assert (await inbox.process("build")).status == "started"
    assert await inbox.rows(outbox_table) == queued


async def test_d23_a_new_attempt_takes_its_thread_out_of_the_archive(inbox: Inbox) -> None:
    first = await inbox.report("build", "completed", run_id="r")
    await archive(inbox)
    again = await inbox.report("build", "started", 3600)
    assert (again.thread_id, again.attempt, again.effect) == (first.thread_id, 2, "created")
    assert await archived(inbox) == [False]
    assert ("root", 4) in await inbox.queued()


async def test_d23_an_end_alone_does_not_open_the_archive(inbox: Inbox) -> None:
    await inbox.report("build", "completed", run_id="r")
    await archive(inbox)
    queued = await inbox.rows(outbox_table)
    again = await inbox.report("build", "failed", 3600, attempt=2)
    other = await inbox.report("lint", "completed", 3601, run_id="r")
    assert (again.effect, other.effect) == ("late", "created")
    assert await archived(inbox) == [True]
    assert await inbox.rows(outbox_table) == queued


# D13, D17: the writer takes one unit after the other, so nobody ever meets the first one in flight


async def test_d17_the_same_report_many_times_at_once_is_taken_once(tmp_path: Path) -> None:
    door = await open_sqlite(tmp_path / "x.db", changes=Changes("a"))
    inbox = Inbox(door)  # type: ignore[arg-type]  # the door with its thread
    answers = await asyncio.gather(
        *(inbox.report("build", "started", id="once", keys=("ci:h:1",)) for _ in range(50))
    )
    assert [one.duplicate for one in answers].count(False) == 1
    assert {one.event_id for one in answers} == {answers[0].event_id}
    assert len(await inbox.rows(events_table)) == 1
    await door.close()


# D24


async def test_d24_what_comes_again_after_a_week_is_held_back_by_the_state(inbox: Inbox) -> None:
    await inbox.report("build", "started", 1, id="d-1")
    await inbox.report("build", "completed", 5, id="d-2")
    week = timedelta(days=8).total_seconds()
    again = await inbox.report(
        "build", "in_progress", 2, id="d-3", received_at=T0 + timedelta(days=8)
    )
    end = await inbox.report("build", "completed", week, id="d-2", sequence=None)
    assert [(one.effect, one.duplicate, one.status) for one in (again, end)] == [
        ("late", False, "completed"),
        ("late", False, "completed"),
    ]


# D18


async def test_d18_a_sequence_outranks_the_clock(inbox: Inbox) -> None:
    await inbox.report("build", "in_progress", 500, sequence=1, message="a clock that is ahead")
    await inbox.report("build", "in_progress", 10, sequence=2, message="the newest")
    assert (await inbox.process("build")).state["message"] == "the newest"

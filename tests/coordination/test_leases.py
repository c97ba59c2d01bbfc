"""Silence is noticed: D10 on a real database with the real timer loop, one due timer at a time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.events import Event
from coordination import leases
from coordination.database import events as events_table
from coordination.database import identities as identities_table
from coordination.database import outbox as outbox_table
from coordination.database import processes as processes_table
from coordination.database import threads as threads_table
from coordination.database import timers as timers_table
from coordination.timers import Timers
from tests.coordination.inbox import T0, Inbox, open_inbox

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = open_inbox(tmp_path / "x.db")
    yield inbox
    await inbox.door.close()


async def pass_to(inbox: Inbox, seconds: float) -> int:
    """Let time pass to so many seconds after T0; count the timers that were due on the way."""
    inbox.clock.advance(T0 + timedelta(seconds=seconds) - inbox.clock.now())
    loop = Timers(inbox.door, inbox.world, {"process": leases.fire})
    fired = 0
    while now := await loop.fire_due():
        fired += now
    return fired


async def promised(inbox: Inbox) -> list[float]:
    """Return when timers are due, in seconds after T0."""
    return [(row.due_at - T0).total_seconds() for row in await inbox.rows(timers_table)]


async def stalled(inbox: Inbox, process_id: str = "job") -> float | None:
    since = (await inbox.process(process_id)).stalled_since
    return None if since is None else (since - T0).total_seconds()


async def test_d10_silence_beyond_the_lease_is_stalled_and_told_as_a_failure(inbox: Inbox) -> None:
    await inbox.report("job", "started", lease_s=60)
    assert await promised(inbox) == [60]
    assert await pass_to(inbox, 59) == 0
    with inbox.door.changes.subscribe("process") as heard:
        assert await pass_to(inbox, 61) == 1
        assert [change.id for change in await heard.wait(0)] == ["ci:job"]
    process = await inbox.process("job")
    assert (process.status, await stalled(inbox)) == ("started", 60)
    assert ("root", 3) in await inbox.queued()
    assert await promised(inbox) == []


async def test_without_a_lease_nothing_is_promised(inbox: Inbox) -> None:
    await inbox.report("job", "started")
    await inbox.report("job", "in_progress", 5)
    assert await promised(inbox) == []


async def test_a_heartbeat_promises_fifteen_minutes_and_costs_only_its_own_row(
    inbox: Inbox,
) -> None:
    await inbox.report("job", "started")
    await inbox.report("job", "in_progress", 10, heartbeat=True)
    assert await promised(inbox) == [10 + 15 * 60]
    tables = (processes_table, threads_table, outbox_table, timers_table)
    before = [await inbox.rows(table) for table in tables]
    beat = await inbox.report("job", "in_progress", 700, heartbeat=True)
    assert (beat.effect, beat.status) == ("updated", "started")
    assert [await inbox.rows(table) for table in tables] == before
    (stored,) = [row for row in await inbox.rows(events_table) if row.id == beat.event_id]
    assert (stored.applied, stored.process_key) == (False, 1)
    assert len(await inbox.rows(identities_table)) == 3

    assert await pass_to(inbox, 10 + 15 * 60) == 1
    assert (await stalled(inbox), await promised(inbox)) == (None, [700 + 15 * 60])
    assert await pass_to(inbox, 700 + 15 * 60) == 1
    assert await stalled(inbox) == 700 + 15 * 60


@pytest.mark.parametrize("more", [{"heartbeat": True}, {}, {"message": "still here"}])
async def test_whatever_is_heard_wakes_it_and_promises_anew(
    inbox: Inbox, more: dict[str, Any]
) -> None:
    await inbox.report("job", "in_progress", lease_s=60)
    await pass_to(inbox, 61)
    before = len(await inbox.rows(outbox_table))
    await inbox.report("job", "in_progress", 300, **more)
    assert (await stalled(inbox), await promised(inbox)) == (None, [360])
    assert len(await inbox.rows(outbox_table)) == before + 1


async def test_late_news_of_the_work_wake_it_too(inbox: Inbox) -> None:
    await inbox.report("job", "in_progress", 10, lease_s=60)
    await pass_to(inbox, 71)
    late = await inbox.report("job", "started", 5, received_at=T0 + timedelta(seconds=90))
    assert (late.effect, await stalled(inbox)) == ("late", None)


async def test_a_later_end_counts_and_nothing_is_promised_after_it(inbox: Inbox) -> None:
    await inbox.report("job", "started", lease_s=60)
    await pass_to(inbox, 61)
    done = await inbox.report("job", "completed", 90)
    assert (done.status, await stalled(inbox), await promised(inbox)) == ("completed", None, [])
    await inbox.report("job", "in_progress", 95, heartbeat=True)
    assert (await promised(inbox), await stalled(inbox)) == ([], None)


async def test_an_end_in_time_takes_the_promise_back(inbox: Inbox) -> None:
    await inbox.report("job", "started", lease_s=60)
    await inbox.report("job", "completed", 30)
    assert await promised(inbox) == []
    assert await pass_to(inbox, 100) == 0


async def test_a_new_attempt_is_not_held_to_the_promise_of_the_last(inbox: Inbox) -> None:
    await inbox.report("job", "started", lease_s=60)
    await inbox.report("job", "started", 30, attempt=2)
    assert await promised(inbox) == []
    await inbox.report("job", "in_progress", 40, attempt=2, lease_s=120)
    assert await promised(inbox) == [160]


async def test_news_of_an_earlier_attempt_are_no_sign_of_life(inbox: Inbox) -> None:
    await inbox.report("job", "started", attempt=1)
    await inbox.report("job", "started", 10, attempt=2, lease_s=60)
    await inbox.report("job", "in_progress", 50, attempt=1)
    await pass_to(inbox, 71)
    assert await stalled(inbox) == 70


async def test_a_process_may_ask_for_more_or_less_time(inbox: Inbox) -> None:
    await inbox.report("job", "started", lease_s=600)
    await inbox.report("job", "in_progress", 10, lease_s=30)
    assert await promised(inbox) == [40]
    await inbox.report("job", "in_progress", 20, lease_s=900)
    assert await promised(inbox) == [920]


async def test_a_heartbeat_with_a_sequence_counts_in_the_order_of_what_follows(
    inbox: Inbox,
) -> None:
    await inbox.report("job", "in_progress", 1, message="first", sequence=1)
    await inbox.report("job", "in_progress", 100, heartbeat=True, sequence=5)
    await inbox.report("job", "in_progress", 50, message="no number")
    last = await inbox.report("job", "in_progress", 40, message="number six", sequence=6)
    assert last.effect == "updated"
    assert (await inbox.process("job")).state["message"] == "number six"


async def test_the_first_sign_of_life_of_a_queued_process_shows_it_at_work(inbox: Inbox) -> None:
    await inbox.report("job", "queued")
    beat = await inbox.report("job", "in_progress", 5, heartbeat=True)
    assert (beat.status, beat.effect) == ("in_progress", "updated")
    stored = Event.from_json((await inbox.event(beat.event_id)).body)
    assert stored.heartbeat


async def test_a_heartbeat_out_of_order_may_be_the_first_sign_of_work(inbox: Inbox) -> None:
    await inbox.report("job", "queued")
    await inbox.report("job", "started", 30, heartbeat=True)
    await inbox.report("job", "in_progress", 20, heartbeat=True)
    assert (await inbox.process("job")).status == "in_progress"

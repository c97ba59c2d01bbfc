"""Clocks that are wrong: those of tools, and our own when somebody sets it while work goes on."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stories.asked import approval, waiting
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE

HOUR = timedelta(hours=1)
JUMPS = [-2 * HOUR, 2 * HOUR, -40 * 24 * HOUR]
AWAY = ["back", "forth", "far back"]
WAITING = """
name: waiting
title: Wait a while
triggers:
  - event: test.completed
steps:
  - {id: pause, wait: 1h}
  - {id: then, action: test.work, params: {what: then}}
"""


def set_clock(baton: BatonInABox, by: timedelta) -> None:
    """Let somebody set the clock of the machine; what counts time by itself goes on as before."""
    baton.life.birth.time.skew += by
    baton.life.ring()


def now(baton: BatonInABox) -> datetime:
    return baton.life.world.clock.now()


# Those of tools


@pytest.mark.parametrize("off", [timedelta(days=400), timedelta(minutes=6), timedelta(days=-20)])
async def test_a_tool_whose_clock_is_wrong_is_believed_in_its_order(
    baton: BatonInABox, off: timedelta
) -> None:
    begun = now(baton) + off
    for minute, status in enumerate(("started", "in_progress", "completed")):
        at = (begun + timedelta(minutes=minute)).isoformat()
        told = await baton.report(f"build.{status}", process="build-7", occurred_at=at)
        assert any("in the future" in each for each in told["warnings"]) == (off > timedelta(0))

    assert told["status"] == "completed"
    assert baton.card("build-7").state == "Succeeded"
    assert len(baton.slack.roots()) == 1


async def test_two_machines_that_disagree_about_the_time_are_one_process(
    baton: BatonInABox,
) -> None:
    ahead = (now(baton) + timedelta(minutes=4)).isoformat()
    behind = (now(baton) - timedelta(minutes=4)).isoformat()
    await baton.report("build.started", process="build-7", occurred_at=ahead)
    told = await baton.report("build.failed", process="build-7", occurred_at=behind)

    assert told["status"] == "failed"
    assert baton.card("build-7").state == "Failed"


async def test_an_end_from_the_future_does_not_hold_the_next_attempt_back(
    baton: BatonInABox,
) -> None:
    future = (now(baton) + timedelta(days=400)).isoformat()
    await baton.report("build.failed", process="build-7", attempt=1, occurred_at=future)
    await baton.advance(minutes=1)
    await baton.report("build.started", process="build-7", attempt=2)
    await baton.report("build.completed", process="build-7", attempt=2)

    assert baton.card("build-7").state == "Succeeded"


WRONG: list[Any] = ["tomorrow", "9999-12-31T23:59:60Z", -1, 10**30, 1e308, "0000-00-00", True, [], "\uff11\uff12:00"]  # fmt: skip


@pytest.mark.parametrize("at", WRONG, ids=range(len(WRONG)))
async def test_a_time_that_is_none_is_refused_or_taken_as_now(baton: BatonInABox, at: Any) -> None:
    body = {"process_id": "b1", "status": "started", "occurred_at": at, "started_at": at}
    answer = await baton.ask("POST", "/v1/notify", json=body)
    await baton.quiet()

    assert answer.status_code in (202, 422)
    if answer.status_code == 202:
        assert baton.slack.roots()[0].state == "Running"


async def test_a_question_that_ended_before_it_was_asked_decides_nothing(
    baton: BatonInABox,
) -> None:
    """A tool whose clock is behind gives an end that is over; nobody said Yes by that."""
    past = (now(baton) - HOUR).isoformat()
    asked = {"prompt": "Delete 3 files?", "approvers": ["@grace"], "expires_at": past}
    await baton.report("agent.pending_approval", process="agent-1", approval=asked)
    await baton.advance(minutes=1)

    assert (await approval(baton)).state in ("rejected", "expired")
    assert baton.question("agent-1").buttons in ([], ["Ask again"])


# Our own


@pytest.mark.parametrize("by", JUMPS, ids=AWAY)
async def test_a_release_goes_through_while_the_clock_is_set(
    baton: BatonInABox, by: timedelta
) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.started", process="build-7")
    set_clock(baton, by)
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Needs you"
    set_clock(baton, -by)
    set_clock(baton, by)
    await baton.advance(minutes=1)
    await baton.click("Approve", by="grace")

    assert baton.performed == ["deploy build-7", "announce"]
    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert "-" not in baton.card("build-7").says.partition("·")[2]


@pytest.mark.parametrize("by", JUMPS, ids=AWAY)
async def test_a_click_counts_after_the_clock_was_set(baton: BatonInABox, by: timedelta) -> None:
    await waiting(baton, quorum="2")
    await baton.click("Approve", by="grace")
    set_clock(baton, by)
    await baton.advance(minutes=5)  # the directory is read anew in any case
    await baton.click("Approve", by="linus")

    assert baton.performed == ["approve"]
    assert [each.person for each in (await approval(baton)).votes] == ["U0GRACE", "U0LINUS"]


async def test_a_vote_after_the_clock_went_back_is_not_held_for_hours(baton: BatonInABox) -> None:
    await waiting(baton)
    set_clock(baton, -2 * HOUR)
    await baton.click("Approve", by="grace")

    assert baton.performed == ["approve"]


async def test_no_question_ends_early_by_a_clock_that_went_back(baton: BatonInABox) -> None:
    await waiting(baton, timeout="1h")
    set_clock(baton, -2 * HOUR)
    await baton.advance(minutes=50)

    assert (await approval(baton)).state == "open"
    await baton.click("Approve", by="grace")
    assert baton.performed == ["approve"]


async def test_a_deadline_ends_a_question_once_however_the_clock_is_set(baton: BatonInABox) -> None:
    await waiting(baton, timeout="1h")
    await baton.advance(minutes=61)
    assert baton.card("build-7").state == "Rejected"
    before = baton.replies("build-7")
    set_clock(baton, -2 * HOUR)
    await baton.advance(hours=3)

    assert baton.replies("build-7") == before
    assert baton.performed == []


@pytest.mark.parametrize("by", JUMPS, ids=AWAY)
async def test_what_waits_for_a_time_goes_on_once(baton: BatonInABox, by: timedelta) -> None:
    await baton.publish(WAITING)
    await baton.report("test.completed", process="build-7")
    assert baton.performed == []
    set_clock(baton, by)
    await baton.advance(minutes=1)
    set_clock(baton, -by)
    await baton.advance(hours=1)

    assert baton.performed == ["then"]
    assert baton.card("build-7").state == "Succeeded"


async def test_who_reports_after_a_jump_is_not_stalled_any_more(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", lease_s=60)
    set_clock(baton, 2 * HOUR)
    await baton.advance(seconds=1)
    assert baton.card("build-7").state.startswith("Stalled")
    set_clock(baton, -2 * HOUR)
    await baton.report("build.in_progress", process="build-7", message="here I am")

    assert baton.card("build-7").state == "Running"
    await baton.report("build.completed", process="build-7")
    assert baton.card("build-7").state == "Succeeded"


@pytest.mark.parametrize("by", JUMPS, ids=AWAY)
async def test_a_life_that_begins_with_another_clock_goes_on(
    baton: BatonInABox, by: timedelta
) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7", wait=False)
    await baton.until(lambda: "ship" in baton.work.hanging)
    baton.life.birth.time.skew += by
    baton.work.finish("ship")
    await baton.restart()
    await baton.advance(minutes=1)

    assert baton.performed == ["build", "ship", "tell"]
    assert baton.card("build-7").state == "Succeeded"


async def test_a_repeat_is_one_whatever_the_clock_says(baton: BatonInABox) -> None:
    first = await baton.report("build.started", process="build-7", id="1")
    set_clock(baton, -2 * HOUR)
    again = await baton.report("build.started", process="build-7", id="1")

    assert again["event_id"] == first["event_id"]
    assert again["duplicate"] is True

"""What Slack told us to wait, and what we do when it cannot be reached at all."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.slack.client import Meaning, SlackTrouble, Trouble
from bot.slack.delivery import APART
from bot.slack.limits import DOUBTS, EDIT, POST, Allowance, Held, Limits
from bot.slack.telling import Message, Where
from coordination.changes import Change
from coordination.outbox import ROOT, Lane
from tests.bot.slack.box import Box, World


def pass_time(world: World, seconds: float) -> None:
    world.clock.at += timedelta(seconds=seconds)


def allowed(limits: Limits, method: str, channel: str, lane: int = 1) -> bool:
    return limits.wait(method, channel, lane) == 0


def make() -> tuple[Limits, World]:
    world = World()
    return Limits(world, Allowance()), world  # type: ignore[arg-type]


def test_a_channel_that_is_told_to_wait_holds_up_no_other_channel_and_no_edit() -> None:
    limits, world = make()
    limits.hold(POST, "C1", timedelta(seconds=10))
    assert not allowed(limits, POST, "C1")
    assert allowed(limits, POST, "C2")
    assert allowed(limits, EDIT, "C1")
    pass_time(world, 10.3)  # Slack's ten seconds, and a quarter of one so that not all come at once
    assert allowed(limits, POST, "C1")


def test_a_second_time_within_a_minute_the_whole_method_waits() -> None:
    limits, world = make()
    limits.hold(POST, "C1", timedelta(seconds=10))
    pass_time(world, 30)
    limits.hold(POST, "C2", timedelta(seconds=10))
    assert not allowed(limits, POST, "C3")
    assert allowed(limits, EDIT, "C1")
    pass_time(world, 100)
    limits.hold(POST, "C1", timedelta(seconds=10))
    assert allowed(limits, POST, "C3")


def test_an_unreachable_slack_is_tried_less_and_less_often() -> None:
    limits, world = make()
    waits = []
    for _ in range(9):
        wait = limits.unreachable().total_seconds()
        assert not allowed(limits, EDIT, "C1")
        waits.append(wait)
        pass_time(world, wait)
        assert allowed(limits, EDIT, "C1")
    assert [round(wait / 0.875) for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_failed_together_counts_once() -> None:
    limits, _ = make()
    assert limits.unreachable() == limits.unreachable() == limits.unreachable()


def test_calls_in_doubt_pause_everything_once_there_are_several() -> None:
    limits, world = make()
    for _ in range(DOUBTS - 1):
        limits.doubtful()
    assert allowed(limits, POST, "C1")
    limits.doubtful()
    assert not allowed(limits, POST, "C1")
    pass_time(world, 90)
    assert limits.reached() == timedelta(seconds=90)
    assert limits.reached() is None
    limits.doubtful()
    assert allowed(limits, POST, "C1")


def test_progress_that_finds_no_room_is_told_when_to_come_back() -> None:
    limits, _ = make()
    for _ in range(40):
        limits.enter(EDIT, "C1", 4)
    assert allowed(limits, EDIT, "C1", lane=2)
    held = limits.held_edits()
    assert held is not None
    assert (held.room, held.wait, held.apart) == pytest.approx((0, 60.0, 1.5), abs=0.1)
    limits.promise(EDIT, EDIT, 10)
    again = limits.held_edits()
    assert again is not None
    assert again.wait == pytest.approx(held.wait + 10 * 1.5, abs=0.1)


def test_a_channel_is_named_with_its_room_and_when_the_rest_may_come_back() -> None:
    limits, world = make()
    assert limits.held_posts() == {}
    limits.enter(POST, "C1", 4)
    limits.enter(POST, "C2", 4)
    assert limits.held_posts()["C1"] == Held(1, pytest.approx(1.05), 1.0)
    limits.enter(POST, "C1", 4)
    assert allowed(limits, POST, "C1", lane=2)
    assert limits.held_posts()["C1"] == Held(0, pytest.approx(1.05), 1.0)
    limits.promise(POST, "C1", 10)
    limits.promise(POST, "C3", 1)  # forgotten meanwhile, as a channel that rested is
    assert limits.held_posts()["C1"].wait == pytest.approx(11.0, abs=0.2)
    assert limits.held_posts()["C2"].room == 1
    pass_time(world, 60)
    assert limits.held_posts() == {}


async def test_what_finds_no_room_in_its_channel_is_put_off_without_being_drawn(box: Box) -> None:
    await box.tell()
    await box.deliver()
    limits, write = box.delivery._limits, box.scene.door.write
    while allowed(limits, POST, "C0RELEASES", lane=4):
        limits.enter(POST, "C0RELEASES", 4)
    writes = 0

    async def counted(unit: Any) -> Any:
        nonlocal writes
        writes += 1
        return await write(unit)

    await box.tell("reply:1", "reply", lane=Lane.FAILURE, text="held back")
    box.scene.door.write = counted  # type: ignore[method-assign]

    assert await box.delivery.round() == 1
    assert await box.delivery.round() == 0

    assert writes == 2  # two claims, and nothing was leased that had to be given back
    assert len(await box.calls("chat.postMessage")) == 1
    await box.later(seconds=5)
    assert len(await box.calls("chat.postMessage")) == 2


async def test_a_slack_that_is_not_there_is_no_attempt_and_loses_nothing(box: Box) -> None:
    class Gone:
        async def call(self, method: str, **arguments: object) -> None:
            raise SlackTrouble(Trouble(Meaning.NOT_SENT, "connection refused"))

    await box.tell()
    telling = box.delivery._saying._means.telling
    slack, telling._slack = telling._slack, Gone()  # type: ignore[assignment]
    leased = await box.claim()
    shown = await box.delivery.drawings.root(leased, 0)

    async def redraw(rung: int) -> None:
        raise AssertionError("there is nothing to draw simpler")

    with pytest.raises(SlackTrouble) as refused:
        await telling.post(Message(leased, ROOT, shown, redraw), Where("#releases", None, "th_1"))
    assert refused.value.trouble.retry_after is not None
    await box.take_back()
    await box.deliver()
    assert await box.posts() == []

    telling._slack = slack
    await box.later(seconds=70)
    assert len(await box.posts()) == 1


async def test_while_slack_is_out_of_reach_nothing_is_taken_from_the_outbox(box: Box) -> None:
    await box.tell()
    box.delivery._limits.unreachable()

    assert await box.delivery.round() == 0
    assert set(await box.states()) == {"queued"}
    await box.later(seconds=70)
    assert len(await box.posts()) == 1


async def test_what_waits_for_a_slow_call_is_looked_at_less_and_less_often(box: Box) -> None:
    box.delivery._due = box.world.clock.now() - timedelta(seconds=1)

    pauses = [box.delivery._pause() for _ in range(7)]

    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    box.delivery._due = box.world.clock.now() + timedelta(seconds=2)
    assert 1 < box.delivery._pause() <= 2


async def test_while_nothing_may_leave_changes_are_looked_at_together(box: Box) -> None:
    await box.tell()
    await box.deliver()
    box.delivery._limits.hold(POST, "C0RELEASES", timedelta(minutes=5))
    changes, write = box.scene.door.changes, box.scene.door.write
    writes: Counter[datetime] = Counter()

    async def noted(unit: Any) -> Any:
        writes[box.world.clock.now()] += 1
        return await write(unit)

    await box.tell("reply:1", "reply", text="held back")
    box.scene.door.write = noted  # type: ignore[method-assign]
    delivering = asyncio.create_task(box.delivery.run())
    for _ in range(60):
        changes.publish([Change("outbox", "nt_1")])
        await asyncio.sleep(0.002)
    delivering.cancel()
    await asyncio.gather(delivering, return_exceptions=True)

    moments = sorted(writes)
    assert max(writes.values()) <= 4  # to begin with, to claim, and to put off
    gaps = [later - first for first, later in pairwise(moments)]
    assert gaps
    assert min(gaps) >= APART
    assert len(await box.calls("chat.postMessage")) == 1

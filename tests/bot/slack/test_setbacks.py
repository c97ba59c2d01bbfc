"""A wall clock that is wrong, or set: nothing is silent for an hour, and nothing is said twice."""

from datetime import timedelta

import pytest

from coordination.store import newest
from tests.bot.slack.box import Box

HOUR = timedelta(hours=1)


def set_wall(box: Box, by: timedelta) -> None:
    """Set the wall; the monotonic clock goes on."""
    box.world.clock.begun += by
    box.world.clock.at += by


@pytest.mark.parametrize("died", [False, True])
async def test_what_was_put_off_comes_when_it_would_have(box: Box, *, died: bool) -> None:
    await box.tell()
    await box.deliver()
    await box.reply("as soon as that")
    await box.fault("ratelimit_next", method="chat.postMessage", retry_after=30)
    await box.deliver()
    assert await box.said() == []

    set_wall(box, -HOUR)
    if died:
        box.restart()
        await box.take_back()
        box.delivery._setback.since(await box.scene.door.read(newest.notice))
    await box.later(seconds=10)
    assert await box.said() == []
    await box.later(seconds=22)

    assert await box.said() == ["as soon as that"]


@pytest.mark.parametrize(("ahead", "since"), [(HOUR, 0), (-HOUR, 0), (HOUR, -1), (0 * HOUR, -1)])
async def test_a_doubtful_post_is_found_though_our_clock_and_slacks_differ_or_it_was_set_back_since(
    box: Box, ahead: timedelta, since: int
) -> None:
    set_wall(box, ahead)
    await box.tell()
    await box.deliver()
    await box.reply("only once")
    await box.fault("api_reset_after", method="chat.postMessage")
    await box.deliver()
    set_wall(box, since * HOUR)

    await box.later(seconds=11)

    assert await box.said() == ["only once"]
    assert len(await box.calls("chat.postMessage")) == 2


async def test_what_is_under_way_is_not_said_again_because_the_clock_was_set_ahead(
    box: Box,
) -> None:
    """Its lease seems to have run out; but whoever has it is this very life."""
    await box.tell()
    await box.deliver()
    await box.reply("only once")
    await box.fault("slow", method="chat.postMessage", ms=300)
    assert await box.delivery.round() == 1

    set_wall(box, HOUR)
    await box.deliver()
    await box.world.tasks.settle()

    assert await box.said() == ["only once"]
    assert len(await box.calls("chat.postMessage")) == 2

"""A wall clock that is set back by an hour: what Slack asked to say later is not silent for an hour."""

from datetime import timedelta

import pytest

from coordination.store import newest
from tests.bot.slack.box import Box

HOUR = timedelta(hours=1)


def set_back(box: Box) -> None:
    """Set the wall; the monotonic clock goes on."""
    box.world.clock.begun -= HOUR
    box.world.clock.at -= HOUR


@pytest.mark.parametrize("died", [False, True])
async def test_what_was_put_off_comes_when_it_would_have(box: Box, *, died: bool) -> None:
    await box.tell()
    await box.deliver()
    await box.reply("as soon as that")
    await box.fault("ratelimit_next", method="chat.postMessage", retry_after=30)
    await box.deliver()
    assert await box.said() == []

    set_back(box)
    if died:
        box.restart()
        await box.take_back()
        box.delivery._setback.since(await box.scene.door.read(newest.notice))
    await box.later(seconds=10)
    assert await box.said() == []
    await box.later(seconds=22)

    assert await box.said() == ["as soon as that"]

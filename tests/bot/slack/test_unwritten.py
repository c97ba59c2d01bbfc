"""What Slack took while the store could not be written: found as soon as that is over, and not said twice."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.slack.client import Meaning, SlackTrouble, Trouble
from bot.slack.delivery import Delivery
from coordination.database import Transaction, Unavailable
from tests.bot.slack.box import Box


class Store:
    """The door's writing, which fails while it is told to."""

    def __init__(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._write = box.scene.door.write
        monkeypatch.setattr(box.scene.door, "write", self.write)

    async def write(self, unit: Callable[[Transaction], Any]) -> Any:
        if self.full:
            raise Unavailable("the disk is full")
        return await self._write(unit)


@pytest.fixture
async def store(box: Box, monkeypatch: pytest.MonkeyPatch) -> Store:
    await box.tell()
    await box.deliver()
    return Store(box, monkeypatch)


async def post_into_a_full_store(box: Box, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver once: Slack takes the post, and the store nothing from then on."""
    real = box.client.call

    async def call(method: str, **arguments: Any) -> Any:
        try:
            return await real(method, **arguments)
        finally:
            if method == "chat.postMessage":
                store.full = True
                monkeypatch.setattr(box.client, "call", real)

    monkeypatch.setattr(box.client, "call", call)
    await box.delivery.round()
    await box.world.tasks.settle()


async def test_a_post_that_could_not_be_written_down_is_found_once_the_store_is_back(
    box: Box, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.reply("only once")
    await post_into_a_full_store(box, store, monkeypatch)
    with pytest.raises(Unavailable):
        await box.later(seconds=5)
    assert (await box.states())[-1] == "leased"

    store.full = False
    await box.deliver()  # and no minute later

    assert await box.said() == ["only once"]
    assert len(await box.calls("chat.postMessage")) == 2  # the card and the reply
    assert (await box.states())[-1] in ("sent", "superseded")


async def test_what_comes_up_meanwhile_stands_below_it(
    box: Box, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.reply("first")
    await post_into_a_full_store(box, store, monkeypatch)

    store.full = False
    await box.reply("second")
    await box.deliver()
    assert await box.said() == ["first"]
    await box.later(seconds=2)

    assert await box.said() == ["first", "second"]


async def test_a_post_in_doubt_is_not_looked_for_before_it_can_be_seen(
    box: Box, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.reply("only once")
    await box.fault("api_reset_after", method="chat.postMessage")
    await post_into_a_full_store(box, store, monkeypatch)

    store.full = False
    await box.later(seconds=5)
    assert await box.calls("conversations.replies") == []
    await box.later(seconds=6)

    assert await box.said() == ["only once"]
    assert len(await box.calls("conversations.replies")) == 1


async def test_after_a_lease_that_ran_out_nothing_is_taken_back_a_second_time(
    box: Box, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.reply("only once")
    await post_into_a_full_store(box, store, monkeypatch)

    store.full = False
    await box.later(seconds=61)

    assert await box.said() == ["only once"]
    assert (await box.states())[-1] in ("sent", "superseded")


async def test_an_error_of_ours_is_no_reason_to_say_it_again_at_once(
    box: Box, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call(method: str, **arguments: Any) -> Any:
        raise ZeroDivisionError

    await box.reply("later")
    with monkeypatch.context() as broken:
        broken.setattr(box.client, "call", call)
        await box.deliver()
    await box.later(seconds=5)
    assert await box.said() == []
    assert (await box.states())[-1] == "leased"


async def test_what_was_left_behind_is_looked_for_again_where_the_store_failed_at_that(
    box: Box, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looked = box.client.call, []

    async def gone(method: str, **arguments: Any) -> Any:
        raise SlackTrouble(Trouble(Meaning.NOT_SENT, "no route"))

    async def catch_up(delivery: Delivery) -> None:
        looked.append(delivery)
        if len(looked) == 1:
            raise Unavailable("the disk is full")

    monkeypatch.setattr(Delivery, "_catch_up", catch_up)
    monkeypatch.setattr(box.client, "call", gone)
    await box.reply("first")
    await box.deliver()
    monkeypatch.setattr(box.client, "call", real)
    await box.later(seconds=70)
    assert (await box.said(), len(looked)) == (["first"], 1)

    for text in ("second", "third"):
        await box.reply(text)
        await box.later(seconds=2)

    assert (await box.said(), len(looked)) == (["first", "second", "third"], 2)

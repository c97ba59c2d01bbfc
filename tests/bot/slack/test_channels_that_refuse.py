"""A channel that takes nothing: what it had to hear is put aside, and said once it can be."""

import asyncio
from dataclasses import replace
from typing import Any

from structlog.testing import capture_logs

from bot.slack.client import Meaning, SlackTrouble, Trouble
from coordination.database import Transaction, update
from coordination.database import outbox as outbox_table
from coordination.database import threads as threads_table
from coordination.policy import Principal
from tests.bot.slack.box import Box

OLGA = Principal("person", "UOLGA", admin=True)


async def test_a_channel_that_takes_nothing_parks_its_thread_and_is_tried_again(box: Box) -> None:
    await box.do("PATCH", "channels/C0RELEASES", archived=True)
    await box.tell()
    await box.reply("later")
    await box.deliver()
    assert set(await box.states()) == {"parked"}

    await box.do("PATCH", "channels/C0RELEASES", archived=False)
    await box.delivery.unpark()
    await box.deliver()

    assert await box.said() == ["later"]


def without_channels(tx: Transaction) -> None:
    tx.execute(update(threads_table), channel=None)


async def test_a_thread_without_a_channel_is_put_aside_and_named_once(box: Box) -> None:
    await box.scene.door.write(without_channels)
    box.coordinator.rules = replace(box.coordinator.rules, channel=None)
    before = len(await box.calls(""))
    with capture_logs() as logs:
        await box.tell()
        await box.deliver()
        for number in range(3):
            await box.reply(f"reply {number}")
            await box.deliver()
            await box.delivery.unpark()
            await box.deliver()

    assert set(await box.states()) == {"parked"}
    assert [each["event"] for each in logs] == ["thread_without_channel"]
    assert len(await box.calls("")) == before
    rows = await box.scene.rows(outbox_table)
    assert [row.attempts for row in rows] == [1, 0, 0, 0]
    found = await box.coordinator.problems(OLGA)
    (said,) = [each for each in found if "nowhere to go" in each]
    assert "BATON_CHANNEL" in said
    assert not any("Invite" in each for each in found)

    box.coordinator.rules = replace(box.coordinator.rules, channel="#releases")
    await box.delivery.unpark()
    await box.deliver()

    assert await box.said() == ["reply 0", "reply 1", "reply 2"]
    assert not any("nowhere" in each for each in await box.coordinator.problems(OLGA))


async def test_an_invitation_counts_for_what_was_refused_while_it_came(box: Box) -> None:
    asked, invited = asyncio.Event(), asyncio.Event()
    real = box.client.call

    async def refuses_late(method: str, **arguments: Any) -> Any:
        if method != "chat.postMessage" or asked.is_set():
            return await real(method, **arguments)
        asked.set()
        await invited.wait()
        raise SlackTrouble(Trouble(Meaning.NO_PLACE, "not_in_channel"))

    box.client.call = refuses_late  # type: ignore[method-assign]
    box.world.tasks.start("delivery", box.delivery.run())
    await box.reply("said after all")
    await asked.wait()
    before = box.delivery.openings
    await box.coordinator.channel_joined("C0RELEASES")
    async with asyncio.timeout(4):
        while box.delivery.openings == before:
            await asyncio.sleep(0.01)
    invited.set()

    await box.do("POST", "wait", until={"message": {"contains": "said after all"}}, timeout_ms=4000)

    assert await box.said() == ["said after all"]
    assert box.delivery.problems == ()


async def test_an_invitation_brings_back_what_was_put_aside(box: Box) -> None:
    await box.do("PATCH", "channels/C0RELEASES", archived=True)
    box.world.tasks.start("delivery", box.delivery.run())
    await box.reply("said after all")
    async with asyncio.timeout(4):
        while set(await box.states()) != {"parked"}:
            await asyncio.sleep(0.01)
    await box.do("PATCH", "channels/C0RELEASES", archived=False)
    await box.coordinator.channel_joined("C0RELEASES")

    await box.do("POST", "wait", until={"message": {"contains": "said after all"}}, timeout_ms=4000)

    assert await box.said() == ["said after all"]

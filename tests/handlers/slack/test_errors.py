"""What cannot be expected: forged values, old cards, a database that does not answer, a bug."""

import asyncio
from typing import Any

import pytest

from bot.slack.views.answers import OLD
from coordination.database import votes as votes_table
from coordination.database import wakeups as wakeups_table
from coordination.errors import Unavailable
from handlers.slack import ids
from handlers.slack.refusals import NOT_RECORDED
from tests.bot.slack.box import Box, Json


async def forged(box: Box, action_id: str, value: str, **where: str) -> Json:
    """Have the bot post a button that it never would, and return the message."""
    button = {
        "type": "button",
        "action_id": action_id,
        "value": value,
        "text": {"type": "plain_text", "text": "Press"},
    }
    answer = await box.client.call(
        "chat.postMessage",
        channel="C0RELEASES",
        text="press",
        **where,
        blocks=[{"type": "actions", "elements": [button]}],
    )
    return {"ts": answer["ts"]}


FORGED = [
    (ids.APPROVE, "A-1"),
    (ids.APPROVE, "ap_1.1; drop"),
    (ids.REJECT, "ap_1"),
    (f"{ids.CHOOSE}:<!channel>", "ap_1.1"),
    (ids.RETRY, "R-3"),
    (ids.CANCEL, "../run"),
    (ids.RESOLVE_DONE, "run_1.x.deploy"),
    (ids.RETRY_WITH, "R-3"),
    (ids.WHY, "build-7"),
    (ids.SEE_ALL, "everything.0"),
    (f"{ids.TURN}:next", "waiting.-1"),
    (ids.UNFOLLOW, "all"),
    (ids.START_DEMO, "../demo"),
]


async def test_a_forged_value_is_a_private_sentence_and_nothing_else(box: Box) -> None:
    await box.scene.ask()
    for count, (action_id, value) in enumerate(FORGED, start=1):
        message = await forged(box, action_id, value)

        done = await box.click("UGRACE", message, action_id)

        assert done["ack"]["state"] == "acked"
        await box.quiet()
        told = await box.whispers("UGRACE")
        assert len(told) == count
        assert "nothing happened" in told[-1]["plain"]
    assert (await box.coordinator.approval("A-1")).state == "open"
    assert await box.scene.rows(votes_table) == []
    assert await box.scene.rows(wakeups_table) == []


async def test_an_approval_that_does_not_exist_is_said_to_be_none(box: Box) -> None:
    message = await forged(box, ids.APPROVE, "ap_00000000000000000000000009.1")
    await box.click("UGRACE", message, ids.APPROVE)
    await box.quiet()
    (told,) = await box.whispers("UGRACE")
    assert "There is no approval" in told["plain"]


async def test_a_button_of_another_age_is_acked_and_explained(box: Box) -> None:
    message = await forged(box, "baton_dance:v1", "x")

    done = await box.click("UADA", message, "baton_dance:v1")

    assert done["ack"]["state"] == "acked"
    await box.quiet()
    (told,) = await box.whispers("UADA")
    assert told["plain"].startswith(OLD)
    assert "/baton approvals" in told["plain"]


async def test_a_button_of_another_age_in_a_thread_leads_to_the_card_of_today(box: Box) -> None:
    await box.tell()
    await box.deliver()
    card, _ = await box.thread()
    message = await forged(box, "baton_dance:v1", "x", thread_ts=card["ts"])

    await box.click("UADA", message, "baton_dance:v1")

    await box.quiet()
    (told,) = await box.whispers("UADA", card["ts"])
    assert told["plain"].startswith(f"{OLD} Here is the current card")


class Broken:
    """A Coordinator's method that fails, or takes its time."""

    def __init__(self, error: Exception | None = None, delay: float = 0.0) -> None:
        self.error, self.delay = error, delay
        self.real: Any = None

    async def __call__(self, *given: Any, **named: Any) -> Any:
        await asyncio.sleep(self.delay)
        if self.error is not None:
            raise self.error
        return await self.real(*given, **named)


def put(box: Box, name: str, broken: Broken) -> None:
    broken.real = getattr(box.coordinator, name)
    setattr(box.coordinator, name, broken)


async def test_not_recorded_is_said_only_when_it_is_true(box: Box) -> None:
    await box.ask()
    _, (card,) = await box.thread()
    put(box, "decide", Broken(Unavailable("the disk is full")))

    done = await box.click("UGRACE", card, ids.APPROVE)

    assert done["ack"]["state"] == "acked"
    await box.quiet()
    (told,) = await box.whispers("UGRACE", card["thread_ts"])
    assert told["plain"] == NOT_RECORDED
    assert (await box.coordinator.approval("A-1")).state == "open"


async def test_a_slow_store_is_acked_in_time_and_the_truth_is_told_after_it(box: Box) -> None:
    await box.ask()
    _, (card,) = await box.thread()
    put(box, "decide", Broken(delay=1.8))

    done = await box.click("UGRACE", card, ids.APPROVE)

    assert done["ack"]["state"] == "acked"
    assert 1400 < done["ack"]["ms"] < 1790
    await asyncio.sleep(0.5)
    await box.quiet()
    assert (await box.coordinator.approval("A-1")).state == "approved"
    assert await box.whispers("UGRACE", card["thread_ts"]) == []


async def test_a_bug_gives_a_reference_that_is_in_the_log(
    box: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    await box.ask()
    _, (card,) = await box.thread()
    put(box, "decide", Broken(RuntimeError("a bug")))

    done = await box.click("UGRACE", card, ids.APPROVE)

    assert done["ack"]["state"] == "acked"
    await box.quiet()
    (told,) = await box.whispers("UGRACE", card["thread_ts"])
    ref = told["plain"].partition("(ref ")[2].partition(")")[0]
    assert len(ref) == 6
    assert ref in capsys.readouterr().out
    assert "a bug" not in told["plain"]


async def test_a_bug_behind_a_form_is_said_in_the_form(box: Box) -> None:
    await box.ask()
    _, (card,) = await box.thread()
    await box.click("UGRACE", card, ids.REJECT)
    await box.quiet()
    form = await box.modal("UGRACE")
    put(box, "decide", Broken(RuntimeError("a bug")))

    values = {ids.REASON_BLOCK: {ids.REASON_INPUT: "no"}}
    done = await box.do("POST", f"views/{form['id']}/submit", as_="UGRACE", values=values)

    assert done["ack"]["state"] == "acked"
    assert "Something went wrong on my side" in str(done["view"]["blocks"])
    assert (await box.coordinator.approval("A-1")).state == "open"


async def test_a_form_keeps_what_was_typed_when_the_database_does_not_answer(box: Box) -> None:
    await box.ask()
    _, (card,) = await box.thread()
    await box.click("UGRACE", card, ids.REJECT)
    await box.quiet()
    form = await box.modal("UGRACE")
    put(box, "decide", Broken(Unavailable("the disk is full")))

    values = {ids.REASON_BLOCK: {ids.REASON_INPUT: "no"}}
    done = await box.do("POST", f"views/{form['id']}/submit", as_="UGRACE", values=values)

    assert "Not recorded" in done["view"]["errors"][ids.REASON_BLOCK]


async def test_an_ack_waits_neither_for_delivery_nor_for_private_answers(box: Box) -> None:
    await box.ask()
    _, (card,) = await box.thread()
    for method in ("chat.update", "chat.postMessage", "chat.postEphemeral", "auth.test"):
        await box.fault("slow", count=None, method=method, ms=1500)

    done = await box.click("UGRACE", card, ids.APPROVE)
    late = await box.click("ULINUS", card, ids.APPROVE)

    assert done["ack"]["ms"] < 400
    assert late["ack"]["ms"] < 400
    assert len(await box.calls("auth.test")) == 1

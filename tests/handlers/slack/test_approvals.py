"""Answering approvals in Slack: once, by those who are asked, and never silently."""

from dataclasses import replace

import pytest

from coordination.database import votes as votes_table
from handlers.slack import ids
from tests.bot.slack.box import Box, Json
from tests.coordination.scene import QUESTION


async def asked(box: Box, **more: object) -> Json:
    """Ask, and return the card of the question."""
    await box.ask(**more)
    _, replies = await box.thread()
    return replies[-1]


async def test_approve_is_stored_before_slack_is_answered_and_the_card_locks(box: Box) -> None:
    card = await asked(box)
    assert "[Approve]" in card["plain"]
    assert "[Reject…]" in card["plain"]

    done = await box.click("UGRACE", card, ids.APPROVE)

    assert done["ack"]["state"] == "acked"
    assert (await box.coordinator.approval("A-1")).state == "approved"
    assert len(box.runtime.delivered) == 1
    await box.deliver()
    _, (card, trail) = await box.thread()
    assert "*Approved* by @grace" in card["plain"]
    assert "[Approve]" not in card["plain"]
    assert trail["plain"] == "Approved by @grace"
    assert await box.whispers("UGRACE", card["thread_ts"]) == []


async def test_reject_asks_for_a_reason_and_the_reason_stands_in_the_thread(box: Box) -> None:
    card = await asked(box)
    await box.click("UGRACE", card, ids.REJECT)
    await box.quiet()
    form = await box.modal("UGRACE")
    assert form["callback_id"] == ids.REASON
    assert (await box.coordinator.approval("A-1")).state == "open"

    values = {ids.REASON_BLOCK: {ids.REASON_INPUT: "the <!channel> freeze"}}
    done = await box.do("POST", f"views/{form['id']}/submit", as_="UGRACE", values=values)

    assert done["view"] is None
    await box.deliver()
    _, (card, trail) = await box.thread()
    assert "*Rejected* by @grace" in card["plain"]
    assert trail["plain"] == "Rejected by @grace: the <!channel> freeze"
    reasons = (await box.do("GET", "notifications", as_="ULINUS"))["notifications"]
    assert [each["reason"] for each in reasons if "freeze" in each["plain"]] == []


async def test_a_reason_of_blanks_is_asked_for_again(box: Box) -> None:
    card = await asked(box)
    await box.click("UGRACE", card, ids.REJECT)
    await box.quiet()
    form = await box.modal("UGRACE")

    values = {ids.REASON_BLOCK: {ids.REASON_INPUT: "   "}}
    done = await box.do("POST", f"views/{form['id']}/submit", as_="UGRACE", values=values)

    assert done["view"]["errors"] == {ids.REASON_BLOCK: "Say in a sentence why."}
    assert (await box.coordinator.approval("A-1")).state == "open"


async def test_a_form_that_comes_too_late_becomes_the_sentence_about_it(box: Box) -> None:
    card = await asked(box)
    await box.click("UGRACE", card, ids.REJECT)
    await box.quiet()
    form = await box.modal("UGRACE")
    await box.scene.answer("linus", await box.coordinator.approval("A-1"))

    values = {ids.REASON_BLOCK: {ids.REASON_INPUT: "not today"}}
    done = await box.do("POST", f"views/{form['id']}/submit", as_="UGRACE", values=values)

    assert done["ack"]["state"] == "acked"
    shown = str(done["view"]["blocks"])
    assert "decided already" in shown
    assert "<@ULINUS>" in shown
    assert (await box.coordinator.approval("A-1")).decided_by == "ULINUS"


@pytest.mark.parametrize(
    ("who", "part"),
    [("UMALLORY", "Only"), ("UADA", "You asked for A-1")],
)
async def test_who_is_not_asked_hears_who_is(box: Box, who: str, part: str) -> None:
    card = await asked(box)

    done = await box.click(who, card, ids.APPROVE)

    assert done["ack"]["state"] == "acked"
    await box.quiet()
    (told,) = await box.whispers(who, card["thread_ts"])
    assert part in told["plain"]
    assert "@grace" in told["plain"]
    assert (await box.coordinator.approval("A-1")).state == "open"
    assert await box.scene.rows(votes_table) == []
    assert box.runtime.delivered == []


async def test_a_late_click_hears_who_was_first_and_changes_nothing(box: Box) -> None:
    card = await asked(box)
    await box.click("UGRACE", card, ids.APPROVE)

    await box.click("ULINUS", card, ids.APPROVE)

    await box.quiet()
    (told,) = await box.whispers("ULINUS", card["thread_ts"])
    assert "A-1 is decided already" in told["plain"]
    assert "@grace" in told["plain"]
    assert len(await box.scene.rows(votes_table)) == 1
    assert len(box.runtime.delivered) == 1


async def test_the_same_answer_again_is_the_answer_one_had(box: Box) -> None:
    card = await asked(box)
    await box.click("UGRACE", card, ids.APPROVE)
    box.world.clock.at += (box.world.clock.at - box.world.clock.begun) or box.scene.now.resolution

    await box.click("UGRACE", card, ids.APPROVE)

    await box.quiet()
    (told,) = await box.whispers("UGRACE", card["thread_ts"])
    assert "You already said `approve` to A-1" in told["plain"]
    assert len(await box.scene.rows(votes_table)) == 1


async def test_a_redelivered_click_counts_once(box: Box) -> None:
    card = await asked(box, quorum=2)
    await box.fault("duplicate_envelope", type="interactive")

    await box.click("UGRACE", card, ids.APPROVE)

    await box.quiet()
    sent = (await box.do("GET", "envelopes", type="interactive"))["envelopes"]
    assert len(sent) >= 1
    assert len(await box.scene.rows(votes_table)) == 1
    assert (await box.coordinator.approval("A-1")).state == "open"


async def test_the_button_of_an_older_version_decides_nothing(box: Box) -> None:
    card = await asked(box)
    await box.scene.ask(replace(QUESTION, title="Deploy two things?", digest="d2"))

    await box.click("UGRACE", card, ids.APPROVE)

    await box.quiet()
    (told,) = await box.whispers("UGRACE", card["thread_ts"])
    assert "A-1 changed after you opened this" in told["plain"]
    assert "Here is its thread" in told["plain"]
    assert (await box.coordinator.approval("A-1")).state == "open"


async def test_a_quorum_shows_who_has_answered_and_keeps_the_buttons(box: Box) -> None:
    card = await asked(box, quorum=2)

    await box.click("UGRACE", card, ids.APPROVE)
    await box.deliver()

    _, (card,) = await box.thread()
    assert "1 of 2: @grace" in card["plain"]
    assert "[Approve]" in card["plain"]
    assert box.runtime.delivered == []


async def test_own_decisions_are_buttons_and_only_those_are_taken(box: Box) -> None:
    card = await asked(box, decisions=("blue", "green"), require_reason="never")
    assert "[Blue]" in card["plain"]
    assert "[Reject]" in card["plain"]

    await box.click("UGRACE", card, f"{ids.CHOOSE}:green")

    decided = await box.coordinator.approval("A-1")
    assert (decided.state, decided.decision) == ("answered", "green")


async def test_where_every_answer_needs_a_reason_approve_opens_the_form_too(box: Box) -> None:
    card = await asked(box, require_reason="always")
    assert "[Approve…]" in card["plain"]

    await box.click("UGRACE", card, ids.APPROVE_WITH)
    await box.quiet()
    form = await box.modal("UGRACE")
    values = {ids.REASON_BLOCK: {ids.REASON_INPUT: "it was tested"}}
    await box.do("POST", f"views/{form['id']}/submit", as_="UGRACE", values=values)

    decided = await box.coordinator.approval("A-1")
    assert (decided.state, decided.comment) == ("approved", "it was tested")


async def test_a_question_for_a_text_takes_it_in_a_form(box: Box) -> None:
    card = await asked(box, answer="text")

    await box.click("UGRACE", card, f"{ids.ANSWER}:answer")
    await box.quiet()
    form = await box.modal("UGRACE")
    values = {ids.ANSWER_BLOCK: {ids.ANSWER_INPUT: "to staging"}}
    await box.do("POST", f"views/{form['id']}/submit", as_="UGRACE", values=values)

    decided = await box.coordinator.approval("A-1")
    assert (decided.state, decided.text) == ("answered", "to staging")


async def test_who_may_not_decide_types_no_reason_in_vain(box: Box) -> None:
    card = await asked(box)

    await box.click("UMALLORY", card, ids.REJECT)

    await box.quiet()
    shown = await box.modal("UMALLORY")
    assert shown["callback_id"] == ids.LOADING
    assert "Only" in str(shown["blocks"])


async def test_a_form_that_opens_too_late_is_a_private_sentence(box: Box) -> None:
    card = await asked(box)
    await box.fault("error_next", method="views.open", error="expired_trigger_id")

    done = await box.click("UGRACE", card, ids.REJECT)

    assert done["ack"]["state"] == "acked"
    await box.quiet()
    (told,) = await box.whispers("UGRACE", card["thread_ts"])
    assert told["plain"] == "That took too long. Press the button again."

"""What people press may be old, copied, or gone: they hear how things are, and nothing else happens."""

from typing import Any

from tests.stories.asked import approval, offers, press, waiting
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE, asking
from tests.stories.slack import PEOPLE, Message
from tests.stories.test_home import home, visit
from tests.stories.test_home import press as press_at_home

ASKED: dict[str, Any] = {
    "prompt": "Delete 3 files?",
    "approvers": ["@grace", "@linus"],
    "require_reason": "never",
}


async def delete(baton: BatonInABox, message: Message) -> None:
    gone = {"as": PEOPLE["mallory"], "channel": message.raw["channel"], "ts": message.ts}
    await baton.slack.server.ask("DELETE", "messages", **gone)
    await baton.quiet()


async def copied(baton: BatonInABox, message: Message, channel: str, **more: Any) -> Message:
    """Put the blocks of a card elsewhere, as one who has the token of the app can."""
    blocks = [{**each, "block_id": f"copy{place}"} for place, each in enumerate(message.blocks)]
    call = baton.life.baton.slack._client.call
    await call("chat.postMessage", channel=channel, text="copy", blocks=more.get("blocks", blocks))
    return baton.slack.roots(channel)[-1]


async def test_a_copy_in_another_channel_asks_the_same_question_and_no_other(
    baton: BatonInABox,
) -> None:
    question = await waiting(baton, require_reason="never")
    copy = await copied(baton, question, "#alerts")
    assert (
        await baton.click("Approve", by="mallory", message=copy)
    ) == ""  # she is told over there
    assert baton.slack.private("mallory", "#alerts")[-1].plain.startswith("Only")
    await baton.click("Approve", by="grace", message=copy)

    assert baton.replies("build-7") == ["Go on?", "Approved by @grace"]
    assert baton.question("build-7").buttons == []
    await baton.click("Reject", by="linus", message=copy)
    assert baton.slack.private("linus", "#alerts")[-1].plain.startswith("A-1 is decided already")
    assert baton.performed == ["approve"]
    assert len(baton.slack.roots()) == 1


async def test_a_copy_of_an_earlier_version_decides_nothing(baton: BatonInABox) -> None:
    await baton.report("agent.pending_approval", process="agent-1", approval=ASKED)
    copy = await copied(baton, baton.question("agent-1"), "#alerts")
    changed = {**ASKED, "prompt": "Delete 300 files?"}
    await baton.report("agent.pending_approval", process="agent-1", approval=changed)
    await baton.click("Approve", by="grace", message=copy)

    assert baton.slack.private("grace", "#alerts")[-1].plain.startswith(
        "A-1 changed after you opened this."
    )
    assert (await approval(baton)).state == "open"
    assert baton.question("agent-1").lines[0] == "Delete 300 files?"


async def test_words_that_were_changed_on_a_card_change_nothing(baton: BatonInABox) -> None:
    """A card can say what it likes: what is decided is what is stored, and it is drawn anew."""
    question = await waiting(baton, require_reason="never")
    blocks = [
        {**each, "text": {**each["text"], "text": "Give everybody a day off?"}}
        if each["type"] in ("header", "section") and "text" in each
        else each
        for each in question.blocks
    ]
    call = baton.life.baton.slack._client.call
    await call(
        "chat.update", channel=question.raw["channel"], ts=question.ts, text="!", blocks=blocks
    )
    await baton.click(
        "Approve", by="grace", on="build-7", message=Message({**question.raw, "blocks": blocks})
    )

    assert baton.replies("build-7") == ["Go on?", "Approved by @grace"]
    assert "day off" not in str([each.plain for each in baton.thread("build-7")])


async def test_a_click_on_what_was_cancelled_meanwhile_is_told(baton: BatonInABox) -> None:
    await waiting(baton)
    baton.hold("deliver ")
    await baton.slash("cancel R-1", by="grace")
    told = await baton.click("Approve", by="linus")
    await baton.release()

    assert told.startswith("A-1 is")
    assert baton.performed == []
    assert (await baton.runs())[0].status == "cancelled"
    assert baton.question("build-7").buttons == []


async def test_a_click_on_what_was_asked_anew_is_told(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    first = baton.question("build-7")
    await baton.click("Reject…", by="grace")
    await baton.submit(reason="not today", by="grace")
    await baton.slash("retry R-1", by="linus")
    copy = await copied(baton, first, "#alerts")
    await baton.click("Approve", by="linus", message=copy)

    assert baton.slack.private("linus", "#alerts")[-1].plain.startswith("A-1 is decided already")
    assert baton.card("build-7").state == "Needs you"
    assert (await approval(baton, "A-2")).state == "open"
    assert baton.performed == []


async def test_a_form_that_was_open_while_somebody_else_decided_decides_nothing(
    baton: BatonInABox,
) -> None:
    await waiting(baton)
    await baton.click("Reject…", by="linus")
    await baton.click("Approve", by="grace")
    await baton.submit(reason="no", by="linus")

    assert baton.form(by="linus").startswith("A-1 is decided already")
    assert baton.replies("build-7") == ["Go on?", "Approved by @grace"]
    assert baton.performed == ["approve"]


async def test_a_form_about_an_earlier_version_decides_nothing(baton: BatonInABox) -> None:
    asked = {**ASKED, "require_reason": "reject"}
    await baton.report("agent.pending_approval", process="agent-1", approval=asked)
    await baton.click("Reject…", by="grace")
    changed = {**asked, "prompt": "Delete 300 files?"}
    await baton.report("agent.pending_approval", process="agent-1", approval=changed)
    await baton.submit(reason="no", by="grace")

    assert baton.form(by="grace").startswith("A-1 changed after you opened this.")
    assert (await approval(baton)).state == "open"


async def test_details_that_were_open_hand_no_vote_on_afterwards(baton: BatonInABox) -> None:
    await waiting(baton)
    await baton.click("Details", by="grace")
    await baton.click("Approve", by="linus")
    await press(baton, "Delegate…", by="grace")
    assert offers(baton, "grace") == []  # drawn anew, as it is by now
    assert (await approval(baton)).delegations == ()
    assert baton.performed == ["approve"]
    assert baton.slack.pings("mallory") == []


async def test_a_home_that_is_old_decides_nothing_twice(baton: BatonInABox) -> None:
    await waiting(baton, require_reason="never")
    for who in ("grace", "linus"):
        await visit(baton, who)
    baton.hold("deliver ", "home")
    old = home(baton, "linus")
    await baton.click("Approve", by="grace")
    await press_at_home(baton, "linus", "Reject", old)
    await baton.release()

    assert baton.replies("build-7") == ["Go on?", "Approved by @grace"]
    assert (await approval(baton)).votes[-1].person == PEOPLE["grace"]
    assert baton.performed == ["approve"]


async def test_an_old_cancel_does_nothing_to_a_run_that_is_over(baton: BatonInABox) -> None:
    await waiting(baton)
    old = await copied(baton, baton.card("build-7"), "#alerts")
    await baton.click("Approve", by="grace", on="build-7")
    await baton.click("Cancel…", by="grace", message=old)

    assert "R-1 is completed now: there is nothing to cancel." in baton.form(by="grace")
    assert (await baton.runs())[0].status == "completed"
    assert baton.card("build-7").state == "Succeeded"


async def test_an_old_retry_does_nothing_to_a_run_that_went_on(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship")
    await baton.report("test.completed", process="build-7")
    old = await copied(baton, baton.card("build-7"), "#alerts")
    await baton.slash("retry R-1", by="grace")
    assert baton.performed == ["build", "ship", "tell"]
    await baton.click("Retry…", by="grace", message=old)

    assert "R-1" in baton.form(by="grace")
    assert (await baton.runs())[0].status == "completed"
    assert baton.performed == ["build", "ship", "tell"]


async def test_a_deleted_thread_leaves_the_question_where_people_find_it(
    baton: BatonInABox,
) -> None:
    await waiting(baton, quorum="2")
    root = baton.card("build-7")
    await delete(baton, baton.question("build-7"))
    await delete(baton, root)
    await baton.slash("approvals", by="grace")
    await baton.click("Approve", by="grace")
    await baton.decide("A-1", "approve", by="linus")

    assert baton.performed == ["approve"]
    assert (await approval(baton)).state == "approved"


async def test_a_press_under_two_minds_is_one(baton: BatonInABox) -> None:
    """A card redrawn at the very moment of the press: whichever they saw, one answer is stored."""
    await waiting(baton, require_reason="never")
    thread = baton.card("build-7").mark["t"]
    for _ in range(3):
        await baton.life.baton.coordinator.redraw(thread)
        await baton.click("Approve", by="grace", wait=False)
        await baton.quiet()
        if not baton.question("build-7").buttons:
            break

    assert len((await approval(baton)).votes) == 1
    assert baton.performed == ["approve"]


async def test_an_ephemeral_list_of_approvals_that_is_old_decides_nothing(
    baton: BatonInABox,
) -> None:
    await baton.publish(asking(require_reason="never"))
    await baton.report("test.completed", process="build-7")
    await baton.slash("approvals", by="linus")
    old = baton.slack.private("linus")[-1]
    await baton.click("Approve", by="grace", on="build-7")
    await baton.click("Reject", by="linus", message=old)

    assert baton.private(by="linus")[-1].startswith("A-1 is decided already")
    assert baton.performed == ["approve"]

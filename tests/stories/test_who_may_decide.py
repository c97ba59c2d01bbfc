"""Who may answer, and who may not: nobody's click is lost in silence, and none counts that should not."""

import asyncio
from typing import Any

import pytest

from coordination.errors import NotAllowed
from coordination.policy import Principal
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking

ASKED = {"prompt": "Delete 3 files?", "approvers": ["@grace", "@linus"], "require_reason": "never"}


async def waiting(baton: BatonInABox, definition: str = RELEASE) -> None:
    await baton.publish(definition)
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Needs you"


@pytest.mark.parametrize("who", ["mallory", "sam"])
async def test_who_is_not_asked_is_told_who_is(baton: BatonInABox, who: str) -> None:
    await waiting(baton)
    told = await baton.click("Approve", by=who)
    guest = "Guests and people of other workspaces do not decide or steer anything here."

    assert told == (guest if who == "sam" else "Only @grace, @linus can answer A-1.")
    assert baton.card("build-7").state == "Needs you"
    assert baton.question("build-7").buttons == ["Approve", "Reject…", "Details"]
    assert baton.performed == []


async def test_who_is_not_asked_gets_no_form_for_a_reason_either(baton: BatonInABox) -> None:
    await waiting(baton)
    await baton.click("Reject…", by="mallory")

    assert baton.form(by="mallory") == "Only @grace, @linus can answer A-1."
    assert baton.card("build-7").state == "Needs you"


async def test_whoever_asked_does_not_answer_their_own_question(baton: BatonInABox) -> None:
    """The token belongs to Ada, so the build is hers; and the workflow names her among others."""
    await waiting(baton, asking())
    told = await baton.click("Approve", by="ada")

    assert told.startswith("You asked for A-1, so somebody else answers it")
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []


async def test_whoever_asked_may_answer_where_the_workflow_says_so(baton: BatonInABox) -> None:
    await waiting(baton, asking(allow_self="true"))
    await baton.click("Approve", by="ada")

    assert baton.performed == ["approve"]


async def test_a_bot_decides_nothing(baton: BatonInABox) -> None:
    await waiting(baton)
    bot = Principal("person", "U0OTHERBOT", "U0OTHERBOT", "slack")
    with pytest.raises(NotAllowed, match="Bots and apps do not decide"):
        await baton.life.baton.coordinator.decide(bot, "A-1", "approve", via="slack")

    assert baton.performed == []


async def test_a_tool_cannot_decide_with_the_token_it_reports_with(baton: BatonInABox) -> None:
    await waiting(baton)
    answer = await baton.ask("POST", "/v1/approvals/A-1/decision", json={"choice": "approve"})

    assert answer.status_code == 403
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []


async def test_a_click_that_comes_late_is_told_who_was_first(baton: BatonInABox) -> None:
    await waiting(baton)
    baton.hold("deliver ")  # the cards do not change yet, as for somebody with a slow phone
    await baton.click("Approve", by="grace")
    told = await baton.click("Approve", by="linus")
    await baton.click("Reject…", by="linus")

    assert told.startswith("A-1 is decided already: :white_check_mark: *Approved* by @grace")
    assert baton.form(by="linus").startswith("A-1 is decided already")
    await baton.release()
    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert baton.performed == ["deploy build-7", "announce"]


async def test_the_same_click_twice_is_one_answer(baton: BatonInABox) -> None:
    await waiting(baton, asking(quorum="2"))
    assert await baton.click("Approve", by="grace") == ""
    told = await baton.click("Approve", by="grace")

    assert told.startswith("You already said `approve` to A-1")
    assert told.endswith("1 of 2 have answered.")
    assert "1 of 2: @grace" in baton.question("build-7").lines
    assert baton.performed == []


async def test_one_click_that_slack_delivers_twice_is_one_answer(baton: BatonInABox) -> None:
    await waiting(baton)
    await baton.slack.fault("duplicate_envelope")
    await baton.click("Approve", by="grace")

    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert baton.performed == ["deploy build-7", "announce"]


async def test_of_two_people_at_the_same_moment_one_wins_and_the_other_is_told(
    baton: BatonInABox,
) -> None:
    await waiting(baton, asking(require_reason="never"))
    baton.hold("deliver ")
    await asyncio.gather(
        baton.click("Approve", by="grace", wait=False),
        baton.click("Reject", by="linus", wait=False),
    )
    await baton.release()

    verdict = baton.replies("build-7")[1:]
    approved = verdict == ["Approved by @grace"]
    assert approved or verdict == ["Rejected by @linus"]
    winner, loser = ("grace", "linus") if approved else ("linus", "grace")
    (told,) = baton.private(by=loser)
    assert told.startswith("A-1 is decided already")
    assert f"by @{winner}" in told
    assert baton.private(by=winner) == []
    assert baton.performed == (["approve"] if approved else [])


async def test_however_many_press_at_once_one_answer_counts(baton: BatonInABox) -> None:
    await waiting(baton, asking(require_reason="never"))
    baton.hold("deliver ")
    crowd = [("Approve", "grace"), ("Reject", "linus"), ("Approve", "mallory"), ("Reject", "sam")]
    clicks = [baton.click(label, by=who, wait=False) for label, who in (*crowd, *crowd)]
    await asyncio.gather(*clicks)
    await baton.release()

    first, verdict = baton.replies("build-7")
    assert first == "Go on?"
    assert verdict in ("Approved by @grace", "Rejected by @linus")
    assert baton.performed == (["approve"] if verdict.startswith("Approved") else [])
    assert len(baton.private(by="mallory")) == len(baton.private(by="sam")) == 2


async def test_an_answer_to_an_older_question_does_not_count(baton: BatonInABox) -> None:
    await baton.report("agent.pending_approval", process="agent-1", approval=ASKED)
    baton.hold("deliver ")  # the card still shows the older question
    changed = {**ASKED, "prompt": "Delete 300 files?"}
    await baton.report("agent.pending_approval", process="agent-1", approval=changed)
    told = await baton.click("Approve", by="grace")
    await baton.release()

    assert told.startswith("A-1 changed after you opened this.")
    assert baton.question("agent-1").lines[0] == "Delete 300 files?"
    assert baton.question("agent-1").buttons == ["Approve", "Reject", "Details"]
    assert baton.card("agent-1").state == "Needs you"
    await baton.click("Approve", by="grace")
    assert baton.replies("agent-1") == ["Delete 300 files?", "Approved by @grace"]


async def test_a_question_that_is_asked_again_takes_a_new_answer(baton: BatonInABox) -> None:
    await waiting(baton)
    first = baton.question("build-7")
    await baton.click("Reject…", by="grace")
    await baton.submit(reason="not today", by="grace")
    await baton.slash("retry R-1", by="linus")

    assert baton.question("build-7").ts != first.ts
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []
    await baton.click("Approve", by="grace")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]


def forged(value: str, action_id: str = "baton_approve:v1") -> list[dict[str, Any]]:
    text = {"type": "plain_text", "text": "Free money"}
    button = {"type": "button", "action_id": action_id, "value": value, "text": text}
    return [{"type": "actions", "block_id": "d", "elements": [button]}]


@pytest.mark.parametrize(
    ("value", "action_id", "said"),
    [
        ("approve", "baton_approve:v1", "This button does not belong to anything I know"),
        ("ap_NOWHERE.1", "baton_approve:v1", "There is no approval"),
        ("{id}.7", "baton_approve:v1", "A-1 changed after you opened this"),
        ("{id}.1", "baton_choose:v1:deploy", "'deploy' is no answer to A-1"),
        ("{id}.1'; DROP TABLE runs", "baton_approve:v1", "This button does not belong"),
        ("{id}.1", "baton_approve:v9", "This button is from an older card"),
        ("{id}.1", "baton_retry:v1", "This button does not belong"),
    ],
)
async def test_a_forged_button_decides_nothing(
    baton: BatonInABox, value: str, action_id: str, said: str
) -> None:
    await waiting(baton)
    approval = await baton.life.baton.coordinator.approval("A-1")
    blocks = forged(value.replace("{id}", approval.id), action_id)
    call = baton.life.baton.slack._client.call
    await call("chat.postMessage", channel="#releases", text="Free money", blocks=blocks)
    told = await baton.click("Free money", by="grace")

    assert told.startswith(said)
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []


async def test_what_somebody_writes_in_the_thread_decides_nothing(baton: BatonInABox) -> None:
    await waiting(baton)
    where = {"as_": "U0GRACE", "channel": "#releases", "thread_ts": baton.card("build-7").ts}
    for text in ("approve", "/baton approve A-1", "yes", "@baton approve"):
        await baton.slack.do("messages", text=text, **where)
    await baton.quiet()

    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []


async def test_a_button_still_works_after_a_restart(baton: BatonInABox) -> None:
    await waiting(baton)
    await baton.restart()
    await baton.click("Approve", by="grace")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]

"""What comes if nobody answers: reminders, more people, somebody else in one's place, and asking again."""

from datetime import timedelta

from tests.stories.asked import ASKED, approval, letters, offers, press, waiting
from tests.stories.box import BatonInABox
from tests.stories.slack import PEOPLE


async def test_who_is_waited_for_is_reminded_once_and_can_put_it_off(baton: BatonInABox) -> None:
    card = await waiting(baton, remind="[30m, 40m]")
    assert "Reminders at" in card.plain
    await baton.advance(minutes=31)

    assert baton.replies("build-7")[1] == "A-1 still waits for @grace, @linus."
    (letter,) = letters(baton, "grace")
    assert letter.lines[0] == "A-1 still waits for you: Go on?"
    assert letters(baton, "ada") == letters(baton, "mallory") == []
    await baton.click("Snooze 1 h", by="grace", message=letter)
    await baton.advance(minutes=50)
    assert len(letters(baton, "grace")) == 1
    assert len(letters(baton, "linus")) == 1
    await baton.advance(minutes=12)
    assert len(letters(baton, "grace")) == 2
    await baton.click("Approve", by="linus")
    await baton.advance(hours=5)
    assert len(letters(baton, "grace")) == 2


async def test_after_a_while_more_people_may_answer_and_are_told(baton: BatonInABox) -> None:
    card = await waiting(baton, escalate='[{after: 1h, to: ["@mallory"]}]')
    assert "@mallory may answer too from" in card.plain
    assert (await baton.click("Approve", by="mallory")).startswith("Only @grace, @linus")
    await baton.advance(minutes=61)

    assert "A-1 yet: @mallory may answer as well now." in baton.replies("build-7")[1]
    assert "mention" in baton.slack.pings("mallory")
    assert "1 of @grace, @linus, @ada, @mallory" in baton.question("build-7").plain
    assert letters(baton, "mallory")[0].lines[0].startswith("Nobody has answered A-1 yet")
    await baton.click("Approve", by="mallory")
    assert baton.performed == ["approve"]


async def test_what_a_run_asked_in_vain_is_asked_again(baton: BatonInABox) -> None:
    await waiting(baton, timeout="4h", remind="1h")
    await baton.advance(hours=4, minutes=1)
    card = baton.question("build-7")
    assert baton.card("build-7").state == "Rejected"
    assert "because nobody answered in 4 h" in card.plain
    assert card.buttons == ["Ask again"]
    await baton.click("Ask again", by="mallory")
    assert (await baton.runs())[0].status == "failed"
    await baton.click("Ask again", by="grace", message=card)

    assert baton.card("build-7").state == "Needs you"
    again = await approval(baton, "A-2")
    assert again.again_of == (await approval(baton)).id
    old = next(each for each in baton.thread("build-7") if each.ts == card.ts)
    assert "Asked again as A-2." in old.plain
    assert old.buttons == []
    await baton.click("Approve", by="grace")
    assert baton.performed == ["approve"]


async def test_what_a_tool_asked_in_vain_is_asked_again(baton: BatonInABox) -> None:
    until = baton.life.world.clock.now() + timedelta(hours=1)
    asks = {**ASKED, "expires_at": until.isoformat(), "on_timeout": "fail"}
    await baton.report("agent.pending_approval", process="agent-1", approval=asks)
    await baton.advance(minutes=61)
    assert (await approval(baton)).state == "expired"
    assert baton.card("agent-1").state == "Running"
    await baton.click("Ask again", by="linus")

    assert baton.card("agent-1").state == "Needs you"
    assert baton.question("agent-1").buttons == ["Approve", "Reject…", "Details"]
    await baton.click("Approve", by="grace")
    assert (await approval(baton, "A-2")).state == "approved"
    assert (await approval(baton)).state == "expired"


# Handing a vote on


async def test_a_vote_is_handed_on_and_counts_as_that_of_who_had_it(baton: BatonInABox) -> None:
    await waiting(baton)
    await baton.click("Details", by="grace")
    await press(baton, "Delegate…", by="grace")
    errors = await baton.submit(to=PEOPLE["ada"], by="grace")
    assert errors == {"to": "@ada asked for A-1, so somebody else answers it."}
    assert await baton.submit(to=PEOPLE["mallory"], reason="I am away", by="grace") == {}
    assert "@U0MALLORY" in baton.form(by="grace")

    assert "@grace handed their vote to @mallory" in baton.question("build-7").plain
    (letter,) = letters(baton, "mallory")
    assert letter.lines[0] == "@grace handed you their vote on A-1: Go on?"
    assert "I am away" in letter.plain
    assert (await baton.click("Approve", by="grace", on="build-7")).startswith(
        "You handed your vote on A-1 to @mallory"
    )
    assert baton.performed == []
    await baton.click("Approve", by="mallory", on="build-7")
    assert baton.replies("build-7")[-1] == "Approved by @mallory for @grace"
    assert baton.performed == ["approve"]


async def test_a_vote_that_was_handed_on_can_be_taken_back(baton: BatonInABox) -> None:
    await waiting(baton)
    coordinator = baton.life.baton.coordinator
    await coordinator.delegate(baton.person("grace"), "A-1", PEOPLE["mallory"], via="api")
    await baton.quiet()
    await baton.click("Details", by="grace")
    assert offers(baton, "grace") == ["Take my vote back"]
    await press(baton, "Take my vote back", by="grace")

    assert (await approval(baton)).delegations == ()
    assert (await baton.click("Approve", by="mallory", on="build-7")).startswith("Only")
    await baton.click("Approve", by="grace", on="build-7")
    assert baton.performed == ["approve"]

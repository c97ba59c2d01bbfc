"""Between a question and what follows from it, people leave, become guests, and groups and channels change."""

from collections.abc import Awaitable, Callable

import pytest

from coordination.errors import NotAllowed
from tests.stories.asked import approval, group_asked, letters
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking
from tests.stories.slack import PEOPLE

Leaving = Callable[[BatonInABox, str], Awaitable[None]]
LATER = {"minutes": 5}  # as old as the directory may be


async def deactivated(baton: BatonInABox, who: str) -> None:
    await baton.slack.server.ask("PATCH", f"users/{PEOPLE[who]}", deleted=True)


async def made_a_guest(baton: BatonInABox, who: str) -> None:
    await baton.slack.server.ask("PATCH", f"users/{PEOPLE[who]}", is_guest=True)


async def taken_out_of_the_group(baton: BatonInABox, who: str) -> None:
    others = [PEOPLE[each] for each in ("grace", "linus") if each != who]
    await baton.slack.server.ask("PATCH", "groups/S0SRE", users=others)


WAYS: dict[str, Leaving] = {
    each.__name__: each for each in (deactivated, made_a_guest, taken_out_of_the_group)
}


async def answers(baton: BatonInABox, who: str) -> None:
    """Answer as *who* wherever one can: in Slack while it lets them, else on the web."""
    try:
        await baton.decide("A-1", "approve", by=who)
    except NotAllowed:
        return
    raise AssertionError(f"{who} was let")


@pytest.mark.parametrize("way", WAYS)
async def test_who_may_not_any_more_answers_nothing(baton: BatonInABox, way: str) -> None:
    await group_asked(baton)
    await WAYS[way](baton, "linus")
    await baton.advance(**LATER)
    await answers(baton, "linus")

    assert (await approval(baton)).votes == ()
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == []
    await baton.click("Approve", by="grace")
    assert baton.performed == ["approve"]


@pytest.mark.parametrize("way", ["made_a_guest", "taken_out_of_the_group"])
async def test_who_may_not_any_more_is_told_so(baton: BatonInABox, way: str) -> None:
    await group_asked(baton)
    await WAYS[way](baton, "linus")
    await baton.advance(**LATER)
    told = await baton.click("Approve", by="linus")

    assert told.startswith("Guests" if way == "made_a_guest" else "Only")
    assert baton.question("build-7").buttons == ["Approve", "Reject…", "Details"]
    assert baton.performed == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_yes_is_looked_at_again_before_anything_is_done(
    baton: BatonInABox, way: str
) -> None:
    await baton.publish(RELEASE.replace('["@grace", "@linus"]', '["@sre"]'))
    await baton.report("test.completed", process="build-7")
    baton.hold("action ")
    await baton.click("Approve", by="linus")
    await WAYS[way](baton, "linus")
    await baton.advance(**LATER)
    await baton.release()

    assert baton.performed == []
    assert baton.card("build-7").state == "Failed"
    assert "those who approved A-1 may not any more" in baton.card("build-7").plain


@pytest.mark.parametrize("way", WAYS)
async def test_the_first_of_two_votes_does_not_count_for_who_left(
    baton: BatonInABox, way: str
) -> None:
    await group_asked(baton, '["@sre", "@mallory"]', quorum="2")
    await baton.click("Approve", by="linus")
    await WAYS[way](baton, "linus")
    await baton.advance(**LATER)
    await baton.click("Approve", by="grace")
    assert baton.performed == []

    await baton.click("Approve", by="mallory")
    assert baton.performed == ["approve"]
    assert baton.card("build-7").state == "Succeeded"


async def test_an_empty_group_is_asked_and_nobody_else_may_answer_for_it(
    baton: BatonInABox,
) -> None:
    await group_asked(baton)
    await baton.slack.server.ask("PATCH", "groups/S0SRE", users=[])
    await baton.advance(**LATER)
    for who in ("grace", "linus", "mallory"):
        assert (await baton.click("Approve", by=who)) != ""

    assert baton.performed == []
    assert baton.card("build-7").state == "Needs you"
    await baton.slack.server.ask("PATCH", "groups/S0SRE", users=[PEOPLE["grace"]])
    await baton.advance(**LATER)
    await baton.click("Approve", by="grace")
    assert baton.performed == ["approve"]


async def test_a_group_that_is_switched_off_is_nobody(baton: BatonInABox) -> None:
    await group_asked(baton)
    await baton.slack.server.ask("PATCH", "groups/S0SRE", disabled=True)
    await baton.advance(**LATER)
    assert (await baton.click("Approve", by="grace")) != ""

    assert baton.performed == []
    assert (await approval(baton)).state == "open"


async def test_who_left_hears_nothing_more_and_nobody_else_waits_for_it(baton: BatonInABox) -> None:
    follow = baton.life.baton.coordinator.subscribe
    await follow(baton.person("linus"), "ci", {"only": "failed"})
    await baton.publish(asking(remind="1h"))
    await baton.report("test.completed", process="build-7")
    before = len(letters(baton, "linus"))
    for who in ("linus", "ada"):  # and who owns the token that reports
        await deactivated(baton, who)
    await baton.advance(**LATER)
    await baton.report("build.failed", process="build-8", error={"message": "no space left"})
    await baton.advance(hours=1)
    await baton.advance(minutes=30)

    assert len(letters(baton, "linus")) == before
    assert baton.card("build-8").state == "Failed"
    assert all(
        f"<@{PEOPLE['ada']}>" not in text
        for each in baton.thread("build-8")
        for text in each.markup
    )
    await baton.click("Approve", by="grace")
    assert baton.performed == ["approve"]


async def archive(baton: BatonInABox, *, archived: bool = True) -> None:
    await baton.slack.server.ask("PATCH", "channels/C0RELEASES", archived=archived)


async def test_a_question_in_an_archived_channel_is_answered_elsewhere(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await archive(baton)
    await baton.decide("A-1", "approve", by="grace")

    assert baton.performed == ["deploy build-7", "announce"]
    await archive(baton, archived=False)
    for _ in range(4):
        await baton.advance(minutes=11)
    assert baton.card("build-7").state == "Succeeded"
    assert baton.question("build-7").buttons == []


async def test_a_question_for_an_archived_channel_reaches_who_runs_the_workspace(
    baton: BatonInABox,
) -> None:
    await baton.slack.server.ask("PATCH", f"users/{PEOPLE['linus']}", is_admin=True)
    await baton.advance(**LATER)
    await baton.publish(RELEASE)
    await archive(baton)
    await baton.report("test.completed", process="build-7")

    await baton.advance(seconds=5)  # what its channel cannot hear is told to others right after
    (letter,) = [each for each in letters(baton, "linus") if each.slot.startswith("approval:")]
    assert letter.lines[0] == "Deploy to production?"
    assert letters(baton, "mallory") == []
    assert any("it is archived" in each for each in await baton.life.baton.problems())
    assert baton.performed == []
    await baton.click("Approve", by="linus", message=letter)
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_renamed_channel_keeps_its_threads(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.slack.server.ask("PATCH", "channels/C0RELEASES", name="ships")
    await baton.advance(**LATER)
    (question,) = baton.slack.thread(baton.card("build-7", "#ships"), "#ships")
    block_id, button = next(question.pressable())
    where = {"channel": question.raw["channel"], "ts": question.ts, "block_id": block_id}
    await baton.slack.do("click", as_=PEOPLE["grace"], action_id=button["action_id"], **where)
    await baton.quiet()

    assert baton.performed == ["deploy build-7", "announce"]
    assert baton.card("build-7", "#ships").state == "Succeeded"


async def test_where_baton_was_removed_a_decision_counts_and_is_shown_when_it_is_back(
    baton: BatonInABox,
) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.slack.do("members", channel="#releases", user="U0BOTUSER", op="leave")
    await baton.decide("A-1", "approve", by="grace")
    assert baton.performed == ["deploy build-7", "announce"]
    await baton.slack.do("members", channel="#releases", user="U0BOTUSER", op="join")
    for _ in range(4):
        await baton.advance(minutes=11)

    assert baton.card("build-7").state == "Succeeded"
    assert baton.question("build-7").buttons == []
    assert len(baton.slack.roots()) == 1

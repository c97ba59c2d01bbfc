"""Slack takes only so much: what is urgent goes first, the rest is joined, and nothing is lost."""

import asyncio
from dataclasses import replace

import pytest

from coordination.database import outbox, select
from coordination.noise import ChannelPolicy
from coordination.retention import Keeping, Purge
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking
from tests.stories.slack import PEOPLE, Message
from workflows.language.durations import parse_duration

NOTICES = select(outbox.c.key)
ELSEWHERE = asking().replace("steps:", 'settings: {channel: "#secops"}\nsteps:')


def direct(baton: BatonInABox, who: str) -> list[Message]:
    found = baton.slack.look("channels")["channels"]
    return [
        message
        for channel in found
        if channel["kind"] == "im" and PEOPLE[who] in channel["members"]
        for message in baton.slack.roots(channel["id"])
    ]


def edits(baton: BatonInABox) -> int:
    return len(baton.slack.calls("chat.update"))


async def test_slack_with_its_limits_on_never_has_to_say_that_it_is_too_much(
    baton: BatonInABox,
) -> None:
    await baton.slack.do("config", rate_limits=True)
    for number in range(12):
        await baton.report("build.started", process=f"build-{number}")
        await baton.report("build.in_progress", process=f"build-{number}", message="half")
    for _ in range(10):
        await baton.advance(seconds=10)

    assert len(baton.slack.roots()) == 12
    refused = [call for call in baton.slack.calls("chat.postMessage") if call["status"] == 429]
    refused += [call for call in baton.slack.calls("chat.update") if call["status"] == 429]
    assert refused == []


async def test_a_question_passes_all_the_progress_that_waits(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    processes = [f"build-{number}" for number in range(60)]
    for process in processes:
        await baton.report("build.started", process=process, wait=False)
    for _ in range(12):
        await baton.advance(seconds=6)
    before = edits(baton)
    for process in processes:
        await baton.report("build.in_progress", process=process, message="half", wait=False)
    await baton.advance(seconds=2)
    assert edits(baton) - before <= 40  # the others wait for the next minute
    await baton.report("test.completed", process="build-99")
    assert "Approve" in baton.question("build-99").buttons
    await baton.click("Approve", by="grace")

    assert baton.card("build-99").state == "Succeeded"
    assert "Approve" not in baton.question("build-99").buttons
    assert edits(baton) - before <= 50


async def test_progress_is_joined_and_the_last_word_is_shown(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    before = edits(baton)
    for number in range(30):
        await baton.report(
            "build.in_progress", process="build-7", message=f"file {number}", wait=False
        )
    await baton.quiet()

    assert "file 29" in baton.card("build-7").plain
    assert edits(baton) - before <= 3


# Slack refuses something


async def test_blocks_that_are_refused_become_simpler_until_they_are_taken(
    baton: BatonInABox,
) -> None:
    baton.expect("render_fallback")
    await baton.slack.fault(
        "error_next", count=2, method="chat.postMessage", error="msg_blocks_too_long"
    )
    await baton.report("test.started", process="build-7")
    first, second, third = baton.slack.calls("chat.postMessage")
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")

    blocks = [len(call["args"]["blocks"]) for call in (first, second, third)]
    assert blocks[0] > blocks[1] > blocks[2] == 0  # a few, then words alone
    assert "Approve" in baton.question("build-7").buttons


async def test_a_card_that_cannot_be_edited_any_more_gets_a_newer_one_below_it(
    baton: BatonInABox,
) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    await baton.slack.fault("error_next", method="chat.update", error="edit_window_closed")
    await baton.report("build.completed", process="build-7")

    (root,) = baton.slack.roots()
    (newer,) = baton.thread("build-7")
    assert "Running" in root.plain
    assert newer.state == "Succeeded"
    await baton.report("build.started", process="build-7", attempt=2)
    assert [each.ts for each in baton.thread("build-7")] == [newer.ts]
    assert baton.thread("build-7")[0].state == "Running"


async def test_a_thread_that_is_gone_is_continued_in_a_new_one(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    first = baton.card("build-7")
    await baton.slack.fault("error_next", method="chat.postMessage", error="thread_not_found")
    await baton.report("build.failed", process="build-7", message="one\ntwo")

    second = baton.card("build-7")
    assert second.ts != first.ts
    assert "an earlier thread" in second.plain
    assert first.ts.replace(".", "") in str(second.blocks)
    assert baton.replies("build-7") == ["*The end of what Build web printed*"]


async def test_a_token_that_was_revoked_stops_everything_and_loses_nothing(
    baton: BatonInABox,
) -> None:
    await baton.slack.fault("error_next", method="chat.postMessage", error="token_revoked")
    await baton.report("build.started", process="build-7", wait=False)
    await baton.until(lambda: baton.life.baton.slack.problem is not None)
    assert "token_revoked" in (await baton.life.baton.readiness())["slack"]
    assert baton.slack.roots() == []
    await baton.report("build.completed", process="build-7", wait=False)
    await baton.restart()

    assert baton.card("build-7").state == "Succeeded"
    assert "slack" not in await baton.life.baton.readiness()


async def test_a_scope_that_is_missing_turns_off_one_thing_and_is_named(baton: BatonInABox) -> None:
    await baton.slack.fault("api_500", method="chat.postMessage")
    await baton.slack.fault("error_next", method="conversations.history", error="missing_scope")
    await baton.report("build.started", process="build-7")
    await baton.advance(seconds=15)

    assert baton.card("build-7").state == "Running"  # a second card would do no harm
    assert any("lacks the scope" in note for note in await baton.life.baton.problems())


async def test_a_doubtful_post_is_looked_for_page_by_page(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    for _ in range(120):
        await baton.slack.do("messages", as_="U0ADA", channel="#releases", text="chatter")
    await baton.slack.fault("api_reset_after", method="chat.postMessage")
    await baton.report("build.started", process="build-8")
    for _ in range(120):
        await baton.slack.do("messages", as_="U0ADA", channel="#releases", text="chatter")
    await baton.advance(seconds=15)

    assert len(baton.slack.calls("chat.postMessage")) == 2
    assert len(baton.slack.calls("conversations.history")) > 1


# A channel that takes nothing


async def test_a_question_finds_another_channel_and_is_answered_there(baton: BatonInABox) -> None:
    coordinator = baton.life.baton.coordinator
    policy = ChannelPolicy(fallback="#alerts")
    coordinator.rules = replace(coordinator.rules, channels={"#secops": policy})
    await baton.publish(ELSEWHERE)
    await baton.report("test.completed", process="build-7")
    assert baton.slack.roots("#secops") == []
    await baton.until(
        lambda: any("Approve" in each.buttons for each in baton.slack.roots("#alerts"))
    )
    question = next(each for each in baton.slack.roots("#alerts") if "Approve" in each.buttons)
    assert "This belongs to #secops, where I cannot post." in question.plain
    assert any("#secops" in note for note in await baton.life.baton.problems())
    assert "slack" not in await baton.life.baton.readiness()
    await baton.click("Approve", by="grace", message=question)

    assert baton.performed == ["approve"]
    answered = next(each for each in baton.slack.roots("#alerts") if each.ts == question.ts)
    assert "Approve" not in answered.buttons
    assert "Approved by @grace" in answered.plain or "*Approved* by @grace" in answered.plain


async def test_without_another_channel_its_owners_are_written_to(baton: BatonInABox) -> None:
    coordinator = baton.life.baton.coordinator
    policy = ChannelPolicy(owners=("@linus",))
    coordinator.rules = replace(coordinator.rules, channels={"#secops": policy})
    await baton.publish(ELSEWHERE)
    await baton.report("test.completed", process="build-7")

    await baton.until(lambda: any("Approve" in each.buttons for each in direct(baton, "linus")))
    assert direct(baton, "ada") == []


async def test_a_parked_channel_comes_back_when_baton_is_invited(baton: BatonInABox) -> None:
    await baton.publish(ELSEWHERE)
    await baton.report("test.completed", process="build-7")
    assert baton.slack.roots("#secops") == []
    while not any("#secops" in note for note in await baton.life.baton.problems()):
        await asyncio.sleep(0.01)  # until Slack has refused it, and it is put aside
    await baton.slack.do("members", channel="#secops", user="U0BOTUSER", op="join")
    await baton.until(lambda: baton.slack.roots("#secops") != [])
    await baton.quiet()

    assert baton.card("R-1", "#secops").state == "Needs you"
    assert not any("#secops" in note for note in await baton.life.baton.problems())


async def test_a_channel_that_is_archived_in_between_parks_what_it_had_to_hear(
    baton: BatonInABox,
) -> None:
    await baton.report("build.started", process="build-7")
    channel = "channels/C0RELEASES"
    await baton.slack.server.ask("PATCH", channel, archived=True)
    await baton.report("build.failed", process="build-7", message="one\ntwo")
    assert any("archived" in note for note in await baton.life.baton.problems())
    await baton.slack.server.ask("PATCH", channel, archived=False)
    await baton.advance(minutes=11)
    await baton.until(lambda: baton.replies("build-7") != [])

    assert baton.replies("build-7") == ["*The end of what build-7 printed*"]


async def test_a_channel_that_is_renamed_in_between_is_still_known(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await baton.slack.server.ask("PATCH", "channels/C0RELEASES", name="deliveries")
    await baton.restart()
    await baton.report("build.started", process="build-8")

    assert baton.card("build-8", "#deliveries").state == "Running"
    assert baton.card("build-7", "#deliveries").state == "Running"


# The end of a life


async def test_what_is_urgent_is_said_before_the_program_ends(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    baton.hold("deliver")
    await baton.report("build.completed", process="build-7", wait=False)
    assert baton.card("build-7").state == "Running"
    await baton.life.stop()

    assert baton.card("build-7").state == "Succeeded"
    await baton.begin()


@pytest.mark.parametrize("hours", [1, 20])
async def test_after_an_outage_every_card_shows_how_things_are(
    baton: BatonInABox, hours: int
) -> None:
    for number in range(3):
        await baton.report("build.started", process=f"build-{number}")
    await baton.slack.fault("api_503", count=None)
    for number in range(3):
        await baton.report("build.in_progress", process=f"build-{number}", message="half")
    await baton.advance(hours=hours)  # progress of so long ago is not worth an edit by itself
    await baton.slack.well()
    await baton.report("build.completed", process="build-0")
    await baton.advance(minutes=5)

    assert baton.card("build-0").state == "Succeeded"
    assert all("half" in baton.card(f"build-{number}").plain for number in (1, 2))


async def test_notices_that_are_over_are_forgotten(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    for number in range(5):
        await baton.report("build.in_progress", process="build-7", message=f"file {number}")
    door, clock = baton.life.door, baton.life.world.clock

    async def left() -> int:
        """Count what is left after a round; the housekeeping of the program may have been first."""
        await Purge(door, clock, Keeping(parse_duration)).round()
        return len(await door.read(lambda reader: reader.fetch_all(NOTICES)))

    told = await left()
    await baton.advance(days=31)
    assert await left() < told
    assert baton.card("build-7").state == "Running"

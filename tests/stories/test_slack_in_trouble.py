"""Slack limits, breaks, forgets and refuses: what was to be said is said, once, and in order."""

import pytest

from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking

ELSEWHERE = RELEASE.replace("name: release", "name: elsewhere").replace(
    "steps:", 'settings: {channel: "#secops"}\nsteps:'
)


async def released(baton: BatonInABox) -> None:
    """Tell the whole story of a release that is approved, whatever Slack does meanwhile."""
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    for _ in range(3):
        await baton.advance(seconds=40)
    await baton.click("Approve", by="grace")
    for _ in range(3):
        await baton.advance(seconds=40)


def told_in_order(baton: BatonInABox) -> None:
    assert len(baton.slack.roots()) == 1
    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert baton.question("build-7").buttons == []
    assert baton.performed == ["deploy build-7", "announce"]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
@pytest.mark.parametrize(
    "switch",
    ["ratelimit_next", "api_500", "api_503", "api_non_json", "api_reset_before", "api_reset_after"],
)
async def test_what_slack_fails_to_take_is_said_later_and_once(
    baton: BatonInABox, switch: str, method: str
) -> None:
    await baton.slack.fault(switch, count=2, method=method)
    await released(baton)

    told_in_order(baton)


async def test_slack_limits_us_as_long_as_it_says(baton: BatonInABox) -> None:
    await baton.slack.fault("ratelimit_next", method="chat.postMessage", retry_after=20)
    await baton.report("build.started", process="build-7")
    assert baton.slack.roots() == []
    await baton.advance(seconds=10)
    assert baton.slack.roots() == []
    await baton.advance(seconds=15)

    assert baton.card("build-7").state == "Running"


async def test_a_slack_that_is_down_for_hours_hears_everything_afterwards(
    baton: BatonInABox,
) -> None:
    await baton.publish(RELEASE)
    await baton.slack.fault("api_503", count=None)
    await baton.report("test.completed", process="build-7")
    for _ in range(6):
        await baton.advance(hours=1)
    assert baton.slack.roots() == []
    await baton.slack.well()
    await baton.advance(hours=1)

    assert baton.replies("build-7") == ["Deploy to production?"]
    await baton.click("Approve", by="grace")
    told_in_order(baton)


async def test_a_click_counts_while_slack_takes_no_edits(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.slack.fault("api_503", count=None, method="chat.update")
    await baton.click("Approve", by="grace")
    assert baton.performed == ["deploy build-7", "announce"]
    assert baton.question("build-7").buttons == ["Approve", "Reject…", "Details"]
    late = await baton.click("Approve", by="linus")
    assert late.startswith("A-1 is decided already")
    await baton.slack.well()
    await baton.advance(minutes=10)

    told_in_order(baton)


async def test_a_channel_it_is_not_in_holds_up_that_thread_alone(baton: BatonInABox) -> None:
    await baton.publish(ELSEWHERE)
    await baton.report("test.completed", process="build-7")
    await baton.report("build.completed", process="build-8")
    assert baton.slack.roots("#secops") == []
    assert baton.card("build-8").state == "Succeeded"

    await baton.slack.do("members", channel="#secops", user="U0BOTUSER", op="join")
    await baton.advance(minutes=11)
    await baton.until(lambda: len(baton.slack.roots("#secops")) == 1)
    await baton.quiet()
    assert baton.card("R-1", "#secops").state == "Needs you"
    (question,) = baton.thread("R-1", "#secops")
    await baton.click("Approve", by="grace", message=question)
    assert baton.card("R-1", "#secops").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_question_that_somebody_deleted_is_asked_again(baton: BatonInABox) -> None:
    await baton.publish(asking(quorum="2"))
    await baton.report("test.completed", process="build-7")
    first = baton.question("build-7")
    gone = {"as": "U0MALLORY", "channel": "#releases", "ts": first.ts}
    await baton.slack.server.ask("DELETE", "messages", **gone)
    assert baton.replies("build-7") == []
    answer = await baton.decide("A-1", "approve", by="grace")

    assert answer.state == "open"
    again = baton.question("build-7")
    assert again.ts != first.ts
    assert again.buttons == ["Approve", "Reject…", "Details"]
    await baton.click("Approve", by="linus")
    assert baton.replies("build-7") == ["Go on?", "Approved by @linus"]
    assert baton.performed == ["approve"]


async def test_a_card_that_somebody_deleted_comes_back_with_the_next_news(
    baton: BatonInABox,
) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    gone = {"as": "U0MALLORY", "channel": "#releases", "ts": baton.card("build-7").ts}
    await baton.slack.server.ask("DELETE", "messages", **gone)
    await baton.report("build.failed", process="build-7", message="one\ntwo")

    assert baton.card("build-7").state == "Failed"
    assert baton.replies("build-7") == ["*The end of what Build web printed*"]


async def test_a_lost_connection_is_made_anew_and_clicks_count_again(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    sockets = baton.slack.server.emulator.sockets
    (before,) = [each.id for each in sockets.connections]
    await baton.slack.do("chaos", switch="disconnect_warning")
    await baton.until(lambda: [each.id for each in sockets.connections] not in ([], [before]))
    await baton.until(lambda: before not in [each.id for each in sockets.connections])
    assert baton.performed == []
    assert baton.question("build-7").buttons == ["Approve", "Reject…", "Details"]
    await baton.click("Approve", by="grace")

    told_in_order(baton)


async def test_a_card_whose_updates_slack_holds_back_says_so_until_it_is_up_to_date(
    baton: BatonInABox,
) -> None:
    await baton.report("build.started", process="build-7")
    await baton.slack.fault("ratelimit_next", method="chat.update", retry_after=90)
    await baton.report("build.in_progress", process="build-7", message="compiling")
    await baton.advance(seconds=20)
    assert "compiling" not in baton.card("build-7").plain
    await baton.advance(seconds=75)
    late = baton.card("build-7")
    assert "compiling" in late.plain
    assert "Updates delayed" in late.plain

    await baton.advance(seconds=61)
    assert "Updates delayed" not in baton.card("build-7").plain
    assert "compiling" in baton.card("build-7").plain
    edits = len(baton.slack.calls("chat.update"))
    await baton.advance(minutes=5)  # and it is drawn once for that, not for ever
    assert len(baton.slack.calls("chat.update")) == edits


async def test_a_card_that_gets_news_all_the_while_says_so_too(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await baton.slack.fault("ratelimit_next", method="chat.update", retry_after=90)
    for step in range(5):
        await baton.report("build.in_progress", process="build-7", message=f"step {step}")
        await baton.advance(seconds=19)
    late = baton.card("build-7")
    assert "step 4" in late.plain
    assert "Updates delayed" in late.plain

    await baton.advance(seconds=61)
    await baton.report("build.in_progress", process="build-7", message="step 5")
    await baton.advance(seconds=11)
    assert "step 5" in baton.card("build-7").plain
    assert "Updates delayed" not in baton.card("build-7").plain


async def test_a_short_pause_or_an_end_is_not_called_late(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    for pause, status in ((30, "in_progress"), (90, "completed")):
        await baton.slack.fault("ratelimit_next", method="chat.update", retry_after=pause)
        await baton.report(f"build.{status}", process="build-7", message=status)
        await baton.advance(seconds=pause + 5)
        assert "Updates delayed" not in baton.card("build-7").plain
    assert baton.card("build-7").state == "Succeeded"

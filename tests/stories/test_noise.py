"""A channel hears as much as it wants: mentions, replies, nights, digests, and what people follow."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from coordination.errors import InvalidInputs, NotAllowed, NotFound
from coordination.noise import ChannelPolicy, QuietHours
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking
from tests.stories.slack import PEOPLE, Message

CHANNEL_ID = "C0RELEASES"


def loudness(baton: BatonInABox, **policy: object) -> None:
    """Let the configuration say how loud Baton may be in #releases."""
    coordinator = baton.life.baton.coordinator
    made = ChannelPolicy(**policy)  # type: ignore[arg-type]
    coordinator.rules = replace(coordinator.rules, channels={"#releases": made})


def night(baton: BatonInABox, hours: int = 2) -> QuietHours:
    """Return quiet hours that reign now, for *hours* more."""
    now = baton.life.world.clock.now()
    begun, ends = now - timedelta(hours=1), now + timedelta(hours=hours)
    return QuietHours(_minute(begun), _minute(ends), "UTC")


def _minute(at: datetime) -> time:
    return at.astimezone(UTC).time().replace(second=0, microsecond=0)


def pings(baton: BatonInABox) -> dict[str, list[str]]:
    return {who: found for who in PEOPLE if (found := baton.slack.pings(who))}


def direct(baton: BatonInABox, who: str) -> list[Message]:
    """Return what Baton wrote to *who*."""
    found = baton.slack.look("channels")["channels"]
    return [
        message
        for channel in found
        if channel["kind"] == "im" and PEOPLE[who] in channel["members"]
        for message in baton.slack.roots(channel["id"])
    ]


async def fail(baton: BatonInABox, process: str, why: str = "no space left on disk") -> None:
    await baton.report("build.failed", process=process, message=f"compiling\n{why}")


async def test_routine_success_is_an_edit_and_nothing_else(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await baton.report("build.completed", process="build-7")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == []
    assert pings(baton) == {}


async def test_the_author_hears_of_a_failure_and_nobody_else(baton: BatonInABox) -> None:
    await fail(baton, "build-7")

    assert pings(baton) == {"ada": ["mention"]}
    (reply,) = baton.thread("build-7")
    assert reply.lines[-1] == "For @ada"


async def test_a_channel_without_threads_has_everything_on_the_card(baton: BatonInABox) -> None:
    loudness(baton, thread=False)
    await fail(baton, "build-7")

    assert baton.replies("build-7") == []
    card = baton.card("build-7")
    assert card.state == "Failed"
    assert "1 more not posted here" in card.plain
    assert pings(baton) == {}


async def test_without_threads_questions_are_asked_all_the_same(baton: BatonInABox) -> None:
    loudness(baton, thread=False, top_level_per_thread=2)
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    card, question = baton.slack.roots()
    assert "Approve" in question.buttons
    await baton.click("Approve", by="grace", message=question)

    assert baton.card("build-7").state == "Succeeded"
    assert [each.ts for each in baton.slack.roots()] == [card.ts, question.ts]
    assert baton.replies("build-7") == []


async def test_after_so_many_replies_the_card_has_the_rest(baton: BatonInABox) -> None:
    loudness(baton, replies=2)
    for attempt in range(1, 6):
        await baton.report("build.started", process="build-7", attempt=attempt)
        await baton.report(
            "build.failed", process="build-7", attempt=attempt, message=f"one\n{attempt} broke"
        )
        await baton.advance(minutes=5)

    assert len(baton.replies("build-7")) == 2
    assert "3 more not posted here" in baton.card("build-7").plain


async def test_a_thread_notifies_three_times_at_most(baton: BatonInABox) -> None:
    for attempt in range(1, 6):
        await baton.report("build.started", process="build-7", attempt=attempt)
        await baton.report(
            "build.failed", process="build-7", attempt=attempt, message=f"one\n{attempt} broke"
        )
        await baton.advance(minutes=5)

    assert len(baton.replies("build-7")) == 5
    assert pings(baton)["ada"].count("mention") == 3
    assert set(pings(baton)) == {"ada"}


async def test_a_channel_that_wants_it_sees_failures_itself(baton: BatonInABox) -> None:
    loudness(baton, broadcast=("failed",))
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await fail(baton, "build-8")

    (reply,) = baton.thread("build-8")
    assert reply.raw["subtype"] == "thread_broadcast"
    assert baton.question("build-7").raw.get("subtype") is None


async def test_at_night_a_question_comes_without_a_mention_and_is_repeated_in_the_morning(
    baton: BatonInABox,
) -> None:
    loudness(baton, quiet_hours=night(baton))
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    assert "Approve" in baton.question("build-7").buttons
    assert pings(baton) == {}

    await baton.advance(hours=2, minutes=1)
    assert [line.split(":")[0] for line in baton.replies("build-7")] == [
        "Deploy to production?",
        "A-1 still waits for @grace, @linus",
    ]
    assert pings(baton) == {"grace": ["mention"], "linus": ["mention"]}
    await baton.advance(hours=1)
    assert len(baton.replies("build-7")) == 2  # once


async def test_work_that_begins_at_night_is_shown_in_the_morning_or_when_it_asks(
    baton: BatonInABox,
) -> None:
    loudness(baton, quiet_hours=night(baton))
    await baton.publish(RELEASE)
    for process in ("build-7", "build-8"):
        await baton.report("build.started", process=process)
    assert baton.slack.roots() == []
    await baton.report("test.completed", process="build-7")
    assert "Approve" in baton.question("build-7").buttons
    assert len(baton.slack.roots()) == 1

    await baton.advance(hours=2, minutes=1)
    assert baton.card("build-8").state == "Running"
    assert len(baton.slack.roots()) == 2


async def test_who_answered_at_night_is_not_reminded_in_the_morning(baton: BatonInABox) -> None:
    loudness(baton, quiet_hours=night(baton))
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    await baton.advance(hours=2, minutes=1)

    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert "linus" not in pings(baton)


async def test_what_failed_at_night_is_in_one_digest_in_the_morning(baton: BatonInABox) -> None:
    loudness(baton, quiet_hours=night(baton))
    for number in (7, 8, 9):
        await fail(baton, f"build-{number}")
    assert [baton.card(f"build-{number}").state for number in (7, 8, 9)] == ["Failed"] * 3
    assert all(baton.replies(f"build-{number}") == [] for number in (7, 8, 9))
    assert pings(baton) == {}

    await baton.advance(hours=2, minutes=1)
    *_, digest = baton.slack.roots()
    assert digest.slot.startswith("digest:")
    assert digest.lines[0] == "What you did not hear of"
    assert sum("Failed" in line for line in digest.lines) == 3
    assert len(baton.slack.roots()) == 4
    await baton.advance(hours=24)
    assert len(baton.slack.roots()) == 4


async def test_many_failures_of_one_cause_are_one_card(baton: BatonInABox) -> None:
    for number in range(12):
        await fail(baton, f"build-{number}", why=f"no space left on /dev/sda after {number} s")
        await baton.advance(seconds=2)

    said = [number for number in range(12) if baton.replies(f"build-{number}")]
    (rollup,) = [each for each in baton.slack.roots() if each.slot.startswith("rollup:")]
    assert said == [0, 1, 2, 3, 4]
    assert "12 similar failures" in rollup.lines[0]
    assert all(baton.card(f"build-{number}").state == "Failed" for number in range(12))


# What people follow


async def test_who_follows_failures_hears_of_them_and_of_nothing_else(baton: BatonInABox) -> None:
    follow = baton.life.baton.coordinator.subscribe
    await follow(baton.person("mallory"), "ci", {"only": "failed"})
    await baton.report("build.started", process="build-7", name="Build web")
    await baton.report("build.completed", process="build-7")
    assert direct(baton, "mallory") == []
    await baton.report("build.failed", process="build-8", name="Build api")

    (told,) = direct(baton, "mallory")
    assert told.lines[0] == ":x: *Failed* · Build api"
    assert baton.slack.pings("mallory") == ["dm"]
    assert direct(baton, "linus") == []


async def test_who_follows_everything_hears_of_each_turn_once(baton: BatonInABox) -> None:
    await baton.publish(asking())
    follow = baton.life.baton.coordinator.subscribe
    first = await follow(baton.person("mallory"), "asking", {})
    again = await follow(baton.person("mallory"), "asking", {})
    assert first == again
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")

    words = [each.lines[0].split("*")[1] for each in direct(baton, "mallory")]
    assert words == ["Needs you", "Succeeded"]


async def test_filters_name_branches(baton: BatonInABox) -> None:
    follow = baton.life.baton.coordinator.subscribe
    await follow(baton.person("mallory"), "*", {"branch": "release/*"})
    for process, ref in (("build-7", "refs/heads/main"), ("build-8", "release/1.8")):
        await baton.report("build.failed", process=process, subject={"ref": ref})

    (told,) = direct(baton, "mallory")
    assert "build-8" in told.plain


async def test_who_follows_no_longer_hears_nothing_more(baton: BatonInABox) -> None:
    coordinator, mallory = baton.life.baton.coordinator, baton.person("mallory")
    await coordinator.subscribe(mallory, "ci", {})
    await coordinator.subscribe(mallory, "ci", {"only": "failed"})
    assert len(await coordinator.subscriptions(mallory)) == 2
    assert await coordinator.unsubscribe(mallory, "ci") == 2
    assert await coordinator.unsubscribe(mallory, "ci") == 0
    await fail(baton, "build-7")

    assert direct(baton, "mallory") == []


async def test_what_nobody_reports_cannot_be_followed(baton: BatonInABox) -> None:
    coordinator, mallory = baton.life.baton.coordinator, baton.person("mallory")
    with pytest.raises(NotFound):
        await coordinator.subscribe(mallory, "no such thing", {})
    with pytest.raises(InvalidInputs) as wrong:
        await coordinator.subscribe(mallory, "*", {"only": "sometimes", "colour": "red"})
    assert [name for name, _ in wrong.value.problems] == ["only", "colour"]
    assert await coordinator.subscriptions(mallory) == ()


# Settings


async def test_an_operator_changes_what_the_file_says_and_it_stays(baton: BatonInABox) -> None:
    loudness(baton, replies=3, notifications=2)
    changes = {"thread": False, "quiet_hours": {"from": "22:00", "to": "07:00", "zone": "UTC"}}
    change = baton.life.baton.coordinator.change_channel_policy
    after = await change(baton.person("grace"), CHANNEL_ID, changes)
    assert (after.thread, after.quiet_hours) == (False, QuietHours(time(22), time(7), "UTC"))
    await baton.restart()
    loudness(baton, replies=3, notifications=2)

    found = await baton.life.baton.coordinator.channel_policy(CHANNEL_ID, "releases")
    assert (found.thread, found.replies, found.notifications) == (False, 3, 2)


async def test_only_operators_and_owners_change_a_channel(baton: BatonInABox) -> None:
    change = baton.life.baton.coordinator.change_channel_policy
    with pytest.raises(NotAllowed):
        await change(baton.person("ada"), CHANNEL_ID, {"replies": 4})
    await change(baton.person("grace"), CHANNEL_ID, {"owners": ["@ada"]})
    assert (await change(baton.person("ada"), CHANNEL_ID, {"replies": 4})).replies == 4


async def test_every_setting_that_is_wrong_is_named(baton: BatonInABox) -> None:
    wrong = {
        "replies": 0,
        "thread": "no",
        "broadcast": ["everything"],
        "digest": -1,
        "quiet_hours": {"from": "22:00", "to": "07:00", "zone": "Mars/Olympus"},
        "fallback": "ops",
        "colour": "red",
    }
    with pytest.raises(InvalidInputs) as refused:
        await baton.life.baton.coordinator.change_channel_policy(
            baton.person("grace"), CHANNEL_ID, wrong
        )
    assert [name for name, _ in refused.value.problems] == list(wrong)
    assert await baton.life.baton.coordinator.channel_policy(CHANNEL_ID) == ChannelPolicy()


async def test_the_figures_of_a_channel_say_how_loud_it_was(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.advance(minutes=4)
    await baton.click("Approve", by="grace")
    figures = await baton.life.baton.coordinator.channel_figures(CHANNEL_ID)

    assert (figures["threads"], figures["messages"], figures["decisions"]) == (1, 3, 1)
    named = {PEOPLE[who]: 1 for who in ("grace", "linus", "ada")}  # who is asked, and for whom
    assert figures["mentions_per_person"] == named
    said = await baton.slash("settings", by="mallory")
    assert "mentions_per_person: " in said
    assert all(f"@{who} 1" in said for who in ("grace", "linus", "ada"))
    took = figures["time_to_decision"]
    assert isinstance(took, timedelta)
    assert 240 <= took.total_seconds() < 250

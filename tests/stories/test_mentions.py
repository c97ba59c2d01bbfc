"""`@Baton` in a thread: it answers there about that thread, and bothers nobody who did not ask."""

from typing import Any

from coordination.errors import Unavailable
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE
from tests.stories.slack import PEOPLE, Message


async def say(baton: BatonInABox, who: str, text: str, on: str | None = None, **more: Any) -> None:
    """Type a message, in the thread of *on* or in the channel."""
    where = {"thread_ts": baton.card(on).ts} if on else {}
    fields = {"as_": PEOPLE[who], "channel": "#releases", "text": text, **where, **more}
    await baton.slack.do("messages", **fields)
    await baton.quiet()


def said(baton: BatonInABox, on: str) -> list[Message]:
    """Return what Baton answered in a thread, beside its own notices."""
    ours = [each for each in baton.thread(on) if each.raw.get("bot_id") == "B0DEVSLACK"]
    return [each for each in ours if not each.slot]


async def test_status_says_in_the_thread_what_its_card_says(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await say(baton, "mallory", "@Baton status", on="build-7")

    (answer,) = said(baton, "build-7")
    assert "Needs you" in answer.plain
    assert baton.card("build-7").says in answer.plain
    assert answer.buttons == []
    assert baton.private(by="mallory") == []
    assert len(baton.slack.roots()) == 1


async def test_status_of_a_thread_in_which_no_workflow_runs(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", message="compiling <!channel>")
    await say(baton, "ada", "@Baton, status please", on="build-7")

    (answer,) = said(baton, "build-7")
    assert "Running" in answer.plain
    assert "compiling <!channel>" in answer.plain
    assert [text for text in answer.markup if "<!channel>" in text] == []


async def test_why_says_why_what_is_here_belongs_together(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    await baton.report("test.completed", process="build-7")
    await say(baton, "ada", "@Baton WHY?", on="build-7")

    (answer,) = said(baton, "build-7")
    assert answer.plain.startswith("*Why this thread is as it is*")
    assert answer.plain.count("•") >= 2


async def test_approvals_lead_to_their_cards_and_have_no_buttons(baton: BatonInABox) -> None:
    """Buttons in an answer would stay when the approval is decided; those of its card do not."""
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await say(baton, "ada", "@Baton approvals", on="build-7")
    await baton.click("Approve", by="grace")
    await say(baton, "ada", "@Baton approvals", on="build-7")

    first, second = said(baton, "build-7")
    assert "Deploy to production?" in first.plain
    assert baton.question("build-7").ts.replace(".", "") in str(first.raw)
    assert (first.buttons, second.buttons) == ([], [])
    assert second.plain == "Nobody is asked anything here."
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_sentence_in_a_thread_approves_nothing(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    for text in ("@Baton approve A-1", "@Baton yes, deploy", "approve"):
        await say(baton, "grace", text, on="build-7")

    assert (await baton.life.baton.coordinator.approval("A-1")).state == "open"
    assert baton.performed == []
    assert said(baton, "build-7") == []
    first, second = baton.private(by="grace")
    assert first.startswith("`approve` is typed as `/baton approve`, outside of threads.")
    assert second.startswith("I do not know `yes`.")


async def test_an_unknown_word_is_answered_privately_with_the_nearest(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await say(baton, "ada", "@Baton stauts", on="build-7")

    (told,) = baton.private(by="ada")
    assert told.startswith("I do not know `stauts`. Did you mean `status`?")
    assert said(baton, "build-7") == []
    assert baton.private(by="grace") == []


async def test_outside_of_a_thread_there_is_help_for_who_asked(baton: BatonInABox) -> None:
    await say(baton, "ada", "@Baton")
    await say(baton, "ada", "@Baton status")

    first, second = baton.private(by="ada")
    assert "`@Baton status`" in first
    assert second.startswith("`status` works in a thread of mine")
    assert [each for each in baton.slack.roots() if each.raw.get("bot_id")] == []


async def test_a_thread_that_is_not_ours_is_said_to_be_none(baton: BatonInABox) -> None:
    await say(baton, "ada", "lunch?")
    (lunch,) = baton.slack.roots()
    fields = {"as_": PEOPLE["ada"], "channel": "#releases", "text": "@Baton status"}
    await baton.slack.do("messages", **fields, thread_ts=lunch.ts)
    await baton.quiet()

    (told,) = baton.private(by="ada")
    assert told.startswith("I know of no work that belongs to this thread.")


async def test_a_mention_that_slack_sends_again_is_answered_once(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await baton.slack.fault("duplicate_envelope", type="events_api")
    await say(baton, "ada", "@Baton status", on="build-7")
    sent = baton.slack.look("envelopes", type="events_api")["envelopes"]
    mention = next(each for each in sent if each["payload"]["event"]["type"] == "app_mention")
    await baton.slack.do("redeliver", event_id=mention["payload"]["event_id"])
    await baton.quiet()

    assert len(said(baton, "build-7")) == 1


async def test_another_bot_is_never_answered(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await say(baton, "ada", "@Baton status", on="build-7", bot=True)

    assert said(baton, "build-7") == []
    assert baton.private(by="ada") == []


async def test_a_direct_message_says_what_works(baton: BatonInABox) -> None:
    emulator = baton.slack.server.emulator
    channel = emulator.workspace.open_dm(PEOPLE["ada"]).id
    await baton.slack.do("messages", as_=PEOPLE["ada"], channel=channel, text="please ship it")
    await baton.quiet()

    found = baton.slack.look("messages", channel=channel, as_=PEOPLE["ada"])["messages"]
    (mine,) = found
    below = baton.slack.look("messages", channel=channel, as_=PEOPLE["ada"], thread_ts=mine["ts"])[
        "messages"
    ][1:]
    (answer,) = below
    assert "/baton help" in answer["plain"]
    assert baton.slack.calls("chat.postMessage") != []


async def test_a_thread_is_found_in_the_next_life_too(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await baton.restart()
    await say(baton, "ada", "@Baton status", on="build-7")

    assert len(said(baton, "build-7")) == 1


async def test_a_database_that_does_not_answer_is_said_privately(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")

    async def broken(*_: Any) -> None:
        raise Unavailable("the disk is full")

    baton.life.baton.coordinator.thread_at = broken  # type: ignore[assignment]
    await say(baton, "ada", "@Baton status", on="build-7")

    (told,) = baton.private(by="ada")
    assert "my database does not answer" in told
    assert said(baton, "build-7") == []

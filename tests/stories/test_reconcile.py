"""What stands in Slack is brought in line with what is stored, whatever became of it there."""

import sqlite3
from contextlib import closing

import pytest

from bot.operations import perform
from coordination.errors import NotFound
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking
from tests.stories.slack import Message


async def delete(baton: BatonInABox, message: Message) -> None:
    gone = {"as": "U0MALLORY", "channel": "#releases", "ts": message.ts}
    await baton.slack.server.ask("DELETE", "messages", **gone)
    await baton.quiet()


async def scribble(baton: BatonInABox, message: Message) -> None:
    """Let somebody with Baton's own token write over a card."""
    slack = baton.life.baton.slack._client
    await slack.call(
        "chat.update", channel=message.raw["channel"], ts=message.ts, text="nonsense", blocks=[]
    )


async def test_a_card_that_shows_something_else_is_drawn_again(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7", name="Build web")
    thread = baton.card("build-7").mark["t"]
    await scribble(baton, baton.card("build-7"))
    assert baton.card("build-7").plain == "nonsense"
    assert await baton.life.baton.coordinator.redraw(thread) == 1
    await baton.quiet()

    assert baton.card("build-7").state == "Running"
    assert len(baton.slack.roots()) == 1


async def test_a_run_stands_for_its_thread(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    for message in (baton.card("build-7"), baton.question("build-7")):
        await scribble(baton, message)
    assert await baton.life.baton.coordinator.redraw("R-1") == 2
    await baton.quiet()

    assert baton.card("build-7").state == "Needs you"
    await baton.click("Approve", by="grace")
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_thread_that_is_not_there_is_not_redrawn(baton: BatonInABox) -> None:
    with pytest.raises(NotFound):
        await baton.life.baton.coordinator.redraw("th_no_such_thread")


async def test_what_is_right_already_is_not_shown_twice(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    before = [each.plain for each in baton.thread("build-7")]
    await baton.life.baton.coordinator.redraw("R-1")
    await baton.quiet()

    assert [each.plain for each in baton.thread("build-7")] == before
    assert len(baton.slack.roots()) == 1


async def test_a_question_whose_card_is_gone_is_asked_again_at_once(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await baton.report("test.completed", process="build-7")
    gone = baton.question("build-7")
    await delete(baton, gone)

    again = baton.question("build-7")
    assert again.ts != gone.ts
    assert "Posted again: somebody deleted the earlier card." in again.plain
    await baton.click("Approve", by="linus")
    assert baton.performed == ["approve"]


async def test_a_deletion_that_slack_tells_twice_is_one(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await baton.report("test.completed", process="build-7")
    gone = baton.question("build-7")
    await delete(baton, gone)
    assert not await baton.life.baton.coordinator.message_gone("C0RELEASES", gone.ts)
    await baton.quiet()

    assert len(baton.replies("build-7")) == 1


async def test_a_card_of_what_is_over_stays_deleted(baton: BatonInABox) -> None:
    await baton.report("build.completed", process="build-7")
    card = baton.card("build-7")
    await delete(baton, card)

    assert baton.slack.roots() == []
    await baton.life.baton.coordinator.redraw(card.mark["t"])  # unless somebody wants it back
    await baton.quiet()
    assert baton.card("build-7").state == "Succeeded"


async def test_messages_of_other_people_are_none_of_ours(baton: BatonInABox) -> None:
    await baton.slack.do("messages", as_="U0ADA", channel="#releases", text="hello")
    (said,) = baton.slack.roots()
    assert not await baton.life.baton.coordinator.message_gone("C0RELEASES", said.ts)


async def test_the_command_draws_all_cards_again(baton: BatonInABox) -> None:
    for number in (7, 8):
        await baton.report("build.started", process=f"build-{number}")
        await scribble(baton, baton.card(f"build-{number}"))
    life = baton.life
    request = {"command": "reconcile", "thread": None}
    done = await perform(life.door, life.world, life.baton.sessions, request, life.baton.settings)
    await baton.quiet()

    assert done == {"cards": 2}
    assert [baton.card(f"build-{number}").state for number in (7, 8)] == ["Running", "Running"]


async def test_a_life_that_ended_before_it_was_said_says_it_in_the_next(baton: BatonInABox) -> None:
    await baton.report("build.started", process="build-7")
    await baton.life.kill()
    place = baton.life.birth.data / "baton.db"
    with closing(sqlite3.connect(place)) as database:  # as if the row of the last edit was lost
        database.execute("UPDATE processes SET status = 'completed', ended_at = updated_at")
        database.execute("UPDATE threads SET updated_at = updated_at + 60000000")
        database.commit()
    baton.sleep(minutes=2)
    await baton.begin()

    await baton.until(lambda: baton.card("build-7").state == "Succeeded")

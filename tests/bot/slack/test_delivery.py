"""What people see is a projection of rows: in order, never lost, never doubled."""

from typing import Any

import pytest

from bot.slack.client import SlackTrouble
from coordination.database import outbox as outbox_table
from coordination.outbox import ROOT, Lane
from coordination.policy import Principal
from tests.bot.slack.box import Box

OLGA = Principal("person", "UOLGA", admin=True)


async def test_a_reply_waits_for_the_card_of_its_thread_and_all_keep_their_order(box: Box) -> None:
    for text in ("one", "two", "three"):
        await box.reply(text)

    await box.deliver()

    card, replies = await box.thread()
    assert card["plain"].startswith("Pipeline")
    assert [each["plain"] for each in replies] == ["one", "two", "three"]
    assert set(await box.states()) == {"sent"}


async def test_a_card_that_shows_it_already_is_left_alone(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.tell()
    await box.deliver()

    assert len(await box.calls("chat.postMessage")) == 1
    assert await box.calls("chat.update") == []
    assert await box.states() == ["sent", "superseded"]


async def test_a_change_is_an_edit_of_the_one_card(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.set_run(status="completed", ended_at=box.world.clock.now())
    await box.tell()
    await box.deliver()

    (card,) = await box.posts()
    assert "*Succeeded*" in card["plain"]
    assert "[Cancel]" not in card["plain"]


async def test_metadata_names_the_slot_and_holds_ids_only(box: Box) -> None:
    name = await box.tell()
    await box.deliver()

    (card,) = await box.posts()
    payload = card["metadata"]["event_payload"]
    assert payload == {"o": name, "s": ROOT, "t": "th_1"}


async def test_whoever_waits_for_a_message_hears_that_slack_has_it(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.reply("one")
    with box.scene.door.changes.subscribe("outbox") as heard:
        await box.deliver()
        changes = await heard.wait(0)

    assert await box.said() == ["one"]
    assert len(changes) == 1


async def test_a_post_without_an_answer_is_found_and_not_posted_again(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.reply("only once")
    await box.fault("api_reset_after", method="chat.postMessage")
    await box.deliver()
    assert await box.said() == ["only once"]

    await box.later(seconds=11)

    assert await box.said() == ["only once"]
    assert len(await box.calls("chat.postMessage")) == 2
    assert (await box.states())[-1] in ("sent", "superseded")


async def test_a_post_that_never_arrived_is_posted_after_a_look(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.reply("at last")
    await box.fault("api_500", method="chat.postMessage")
    await box.deliver()
    assert await box.said() == []

    await box.later(seconds=5)
    assert await box.said() == []
    await box.later(seconds=6)

    assert await box.said() == ["at last"]
    assert len(await box.calls("conversations.replies")) == 1


async def test_a_card_whose_post_had_no_answer_is_found_in_the_channel(box: Box) -> None:
    await box.tell()
    await box.fault("api_reset_after", method="chat.postMessage")
    await box.deliver()
    await box.reply("below it")

    await box.later(seconds=11)

    card, replies = await box.thread()
    assert [each["plain"] for each in replies] == ["below it"]
    assert card["plain"].startswith("Pipeline")


async def test_after_the_end_of_the_process_nothing_is_lost_and_nothing_doubled(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.reply("posted, not written down")
    await box.reply("not even posted")

    claimed = await box.claim()
    real = box.client.call

    async def posts_then_dies(method: str, **arguments: Any) -> Any:
        answer = await real(method, **arguments)
        if method == "chat.postMessage":
            raise KeyboardInterrupt
        return answer

    box.client.call = posts_then_dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        await box.delivery.deliver(claimed)
    box.client.call = real  # type: ignore[method-assign]
    box.restart()
    await box.take_back()

    await box.deliver()

    assert await box.said() == ["posted, not written down", "not even posted"]


async def test_an_edit_without_an_answer_is_sent_again(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.set_run(status="completed", ended_at=box.world.clock.now())
    await box.tell()
    await box.fault("api_empty", method="chat.update")
    await box.deliver()

    await box.later(seconds=11)

    (card,) = await box.posts()
    assert "*Succeeded*" in card["plain"]


async def test_429_pauses_as_long_as_slack_asks_and_is_no_attempt(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.reply("patience")
    await box.fault("ratelimit_next", method="chat.postMessage", retry_after=30)
    await box.deliver()
    assert await box.said() == []

    await box.later(seconds=29)
    assert await box.said() == []
    await box.later(seconds=3)

    assert await box.said() == ["patience"]
    row = (await box.scene.rows(outbox_table))[-1]
    assert row.attempts == 1
    assert await box.calls("conversations.replies") == []


async def test_an_edit_that_has_to_wait_holds_up_no_decision(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.set_run(status="running")
    await box.tell()
    await box.fault("ratelimit_next", method="chat.update", retry_after=60)
    await box.deliver()

    await box.ask()

    assert [text.splitlines()[0] for text in await box.said()] == ["Deploy to production?"]
    (card,) = await box.posts()
    assert "Needs you" not in card["plain"]
    await box.later(seconds=62)
    (card,) = await box.posts()
    assert "*Needs you*" in card["plain"]


async def test_blocks_that_slack_refuses_are_drawn_more_simply_at_once(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.fault("error_next", count=1, method="chat.postMessage", error="invalid_blocks")

    await box.ask()

    (asked,) = await box.said()
    assert asked.startswith("A-1: Deploy to production? Waiting for 1 of @grace")
    assert "[Approve]" in asked
    assert (await box.states())[-1] == "sent"


async def test_where_no_blocks_are_taken_the_words_remain(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.fault("error_next", count=2, method="chat.postMessage", error="invalid_blocks")

    await box.ask()

    (asked,) = await box.said()
    assert "A-1: Deploy to production?" in asked
    assert "[Approve]" not in asked


async def test_a_simpler_drawing_is_no_further_post_that_has_to_wait_for_room(box: Box) -> None:
    await box.tell(lane=Lane.PROGRESS)
    await box.fault("error_next", count=2, method="chat.postMessage", error="msg_blocks_too_long")
    await box.deliver()

    tried = [len(each["args"]["blocks"]) for each in await box.calls("chat.postMessage")]
    assert tried[0] > tried[1] > tried[2] == 0
    assert len(tried) == 3
    assert await box.states() == ["sent"]


async def test_a_question_that_somebody_deleted_is_asked_again_while_it_is_open(box: Box) -> None:
    asked = await box.ask(quorum=2)
    _, (card,) = await box.thread()
    await box.do("DELETE", "messages", as_="UADA", channel="#releases", ts=card["ts"])
    await box.scene.answer("grace", asked)

    await box.deliver()

    (again,) = await box.said()
    assert "1 of 2: @grace" in again


async def test_a_card_that_somebody_deleted_comes_back_with_news_and_says_so(box: Box) -> None:
    await box.ask()
    card, _ = await box.thread()
    await box.do("DELETE", "messages", as_="UADA", channel="#releases", ts=card["ts"])
    await box.quiet()
    await box.set_run(status="completed", ended_at=box.world.clock.now())
    await box.tell()
    await box.deliver()

    gone, again = await box.posts()
    assert gone["ts"] == card["ts"]
    assert "*Succeeded*" in again["plain"]
    assert "an earlier thread" in again["plain"]


async def test_the_last_word_on_a_card_has_whoever_deleted_it_unless_it_asks(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.fault("error_next", method="chat.update", error="message_not_found")
    await box.set_run(status="completed", ended_at=box.world.clock.now())
    await box.tell()
    await box.deliver()

    assert (await box.states())[-1] == "failed"
    assert len(await box.calls("chat.postMessage")) == 1


async def test_a_token_that_is_no_good_stops_delivery_and_loses_nothing(box: Box) -> None:
    await box.tell()
    await box.fault("revoke_token")
    await box.deliver()
    assert box.delivery.refused is not None
    assert "token" in box.delivery.refused
    assert await box.states() == ["queued"]

    await box.do("DELETE", "chaos")
    box.restart()
    await box.later(seconds=61)

    assert await box.states() == ["sent"]


async def test_edits_stay_within_the_budget_and_decisions_have_a_reserve(box: Box) -> None:
    limits = box.delivery._limits
    for _ in range(40):
        limits.enter("chat.update", "C1", 4)
    with pytest.raises(SlackTrouble) as caught:
        limits.enter("chat.update", "C1", 3)
    waits = caught.value.trouble.retry_after
    assert waits is not None
    assert 59 < waits.total_seconds() < 61
    for _ in range(10):
        limits.enter("chat.update", "C1", 1)
    box.world.clock.at += waits
    limits.enter("chat.update", "C1", 4)


async def test_a_post_into_another_channel_is_no_reply(box: Box) -> None:
    await box.do("POST", "channels", name="ops", as_="UADA")
    await box.do("POST", "members", channel="#ops", user="U0BOTUSER", op="join")
    await box.tell("reply:x", "reply", text="hello ops", channel="#ops")

    await box.deliver()

    found = await box.do("GET", "messages", channel="#ops")
    assert "hello ops" in [each["plain"] for each in found["messages"]]
    assert await box.posts() == []


async def test_delivery_runs_by_itself_and_wakes_up_for_what_is_new(box: Box) -> None:
    box.world.tasks.start("delivery", box.delivery.run())
    await box.reply("woken")

    await box.do("POST", "wait", until={"message": {"contains": "woken"}}, timeout_ms=4000)

    assert len(await box.posts()) == 1

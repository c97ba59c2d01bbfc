"""What Slack refuses is drawn more simply, remembered for a day, and mostly not sent at all."""

from datetime import timedelta

import pytest

from bot.slack.blocks import (
    ALL_TEXT,
    Shown,
    actions,
    at_rung,
    button,
    context,
    fit,
    header,
    section,
)
from bot.slack.checks import problems_of, problems_of_view
from bot.slack.client import Meaning, SlackTrouble, Trouble
from bot.slack.rungs import Refusals
from bot.slack.telling import Message, Where
from coordination.outbox import ROOT
from tests.bot.slack.box import Box, World

PLAN = {"type": "plan", "block_id": "p", "title": "Steps", "tasks": []}
PRESS = actions([button("Approve", "a", value="ap_1.1")], "d:1")
RICH = Shown("Deploy?", (header("Deploy?", "h"), PLAN, section("why", "e"), PRESS))


def kinds(shown: Shown) -> list[str]:
    return [block["type"] for block in shown.blocks]


def test_each_rung_is_simpler_and_buttons_stay_as_long_as_there_are_blocks() -> None:
    drawn = [at_rung(RICH, rung, "https://baton.example/r/R-1") for rung in range(4)]
    assert [kinds(shown) for shown in drawn] == [
        ["header", "plan", "section", "actions"],
        ["header", "section", "actions"],
        ["section", "actions"],
        [],
    ]
    assert drawn[3].text == "Deploy? <https://baton.example/r/R-1|Open it>"


def refused(pointer: str) -> Trouble:
    why = f"unsupported type: plan [json-pointer:{pointer}]"
    return Trouble(Meaning.SIMPLER, "invalid_blocks", details=(why,))


def test_a_kind_that_was_refused_is_left_out_for_a_day() -> None:
    world = World()
    refusals = Refusals(world)  # type: ignore[arg-type]
    assert refusals.first(RICH) == 0
    assert refusals.note(RICH, refused("/blocks/1/type")) == "plan"
    assert (refusals.first(RICH), refusals.first(at_rung(RICH, 1, None))) == (1, 0)
    world.clock.at += timedelta(hours=23)
    assert refusals.first(RICH) == 1
    world.clock.at += timedelta(hours=2)
    assert refusals.first(RICH) == 0


@pytest.mark.parametrize("pointer", ["/blocks/2/text/text", "/blocks/9", "/text"])
def test_a_text_that_was_refused_says_nothing_of_its_kind(pointer: str) -> None:
    refusals = Refusals(World())  # type: ignore[arg-type]
    refusals.note(RICH, refused(pointer))
    assert refusals.kinds == {}


# Our own check


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ([header("x" * 10, "h"), header("y", "h")], "/blocks"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/text"),
        ([{"type": "section", "block_id": "s"}], "/blocks/0"),
        ([{"type": "section", "fields": []}], "/blocks/0/fields"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "/blocks/0/text"),
        (
            [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
            "/blocks/0/text",
        ),
        (
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
            "/blocks/0/fields/0",
        ),
        ([{"type": "context", "elements": []}], "/blocks/0/elements"),
        ([actions([PRESS["elements"][0]] * 2, "d")], "/blocks/0/elements/1/action_id"),
        ([actions([button("x", "a", value="v" * 2001)], "d")], "/blocks/0/elements/0/value"),
        ([{"type": "alert", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/type"),
        ([context("x", f"c{number}") for number in range(46)], "/blocks"),
        ([section("x" * 2_800, f"s{number}") for number in range(5)], "/blocks"),
    ],
)
def test_what_slack_would_refuse_is_found_before(
    blocks: list[dict[str, object]], pointer: str
) -> None:
    assert pointer in [each.pointer for each in problems_of(Shown("x", tuple(blocks)))]


@pytest.mark.parametrize("text", ["", " ", "x" * 401])
def test_the_sentence_of_a_message_is_never_missing_and_never_long(text: str) -> None:
    assert [each.pointer for each in problems_of(Shown(text))] == ["/text"]


def test_a_message_that_was_fitted_has_nothing_wrong() -> None:
    blocks = [section("x" * 5_000, f"s{number}") for number in range(60)]
    shown = fit("x" * 900, [*blocks, PRESS])
    assert problems_of(shown) == ()
    assert shown.blocks[-1] is PRESS
    assert sum(len(block["text"]["text"]) for block in shown.blocks[:-1]) <= ALL_TEXT


def test_a_form_that_asks_says_how_it_is_sent() -> None:
    label = {"type": "plain_text", "text": "Why?"}
    asks = {"type": "input", "label": label, "element": {"type": "plain_text_input"}}
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}, "blocks": [asks]}
    assert [each.pointer for each in problems_of_view(view)] == ["/title", "/submit"]
    home = {"type": "home", "blocks": [section("x", f"s{number}") for number in range(91)]}
    assert [each.pointer for each in problems_of_view(home)] == ["/blocks"]


async def test_what_our_own_check_finds_is_never_sent(box: Box) -> None:
    telling = box.delivery._saying._means.telling
    bad = Shown("Deploy?", ({"type": "alert", "block_id": "a"}, PRESS))

    await box.tell()
    leased = await box.claim()

    async def redraw(rung: int) -> Shown:
        return at_rung(bad, rung, None)

    posted = await telling.post(
        Message(leased, ROOT, bad, redraw), Where("#releases", None, "th_1")
    )
    (card,) = await box.posts()
    assert card["ts"] == posted.ts
    assert [block["type"] for block in card["blocks"]] == ["actions"]
    assert len(await box.calls("chat.postMessage")) == 1


async def test_a_stream_that_is_open_is_closed_first(box: Box) -> None:
    await box.tell()
    await box.deliver()
    await box.fault("error_next", method="chat.update", error="streaming_state_conflict")
    await box.fault("error_next", method="chat.stopStream", error="message_not_in_streaming_state")
    await box.set_run(status="completed", ended_at=box.world.clock.now())
    await box.tell()
    await box.deliver()
    await box.later(seconds=5)

    assert len(await box.calls("chat.stopStream")) == 1
    (card,) = await box.posts()
    assert "*Succeeded*" in card["plain"]


async def test_what_is_done_already_is_no_trouble(box: Box) -> None:
    await box.fault("error_next", method="reactions.add", error="already_reacted")
    assert (await box.client.call("reactions.add", name="eyes"))["ok"]
    await box.fault("error_next", method="reactions.add", error="invalid_name")
    with pytest.raises(SlackTrouble):
        await box.client.call("reactions.add", name="eyes")

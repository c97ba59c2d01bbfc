"""Private answers: where people look, and only to Slack."""

import pytest

from bot.slack.client import SlackTrouble
from bot.slack.screens import SlackScreens
from handlers.slack.answers import Sentence
from handlers.slack.clicks import Place
from tests.bot.slack.box import URL, Box

HELLO = Sentence("hello <@UADA> <!channel>")


async def test_an_address_that_is_used_up_gives_way_to_a_message_of_our_own(box: Box) -> None:
    await box.tell()
    await box.deliver()
    card, _ = await box.thread()
    used = f"{box.slack.url}/actions/T0DEVSLACK/1/used"
    place = Place("UADA", "C0RELEASES", card["ts"], used)

    await SlackScreens(box.client, public_url=URL).tell(place, HELLO)

    (told,) = await box.whispers("UADA", card["ts"])
    assert told["plain"] == "hello @ada <!channel>"
    assert len(await box.calls("chat.postEphemeral")) == 1
    assert (await box.do("GET", "notifications", as_="UGRACE"))["notifications"] == []


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://hooks.slack.com/actions/T/1/x", True),
        ("https://slack.com/x", True),
        ("http://hooks.slack.com/actions", False),
        ("https://slack.com.evil.example/x", False),
        ("https://evilslack.com/x", False),
        ("http://169.254.169.254/latest", False),
    ],
)
async def test_answers_go_to_slack_and_nowhere_else(box: Box, url: str, *, ours: bool) -> None:
    assert box.client.owns(url) is ours
    if not ours:
        with pytest.raises(SlackTrouble, match="foreign"):
            await box.client.answer(url, {"text": "x"})


async def test_nothing_breaks_where_nobody_can_be_told(box: Box) -> None:
    screens = SlackScreens(box.client, public_url=URL)
    await screens.tell(Place("UADA"), HELLO)
    await screens.tell(Place("UADA", "C0NOWHERE"), HELLO)
    await screens.show_answer("V0NOTHING", HELLO)
    assert await box.whispers("UADA") == []

"""The connection to Slack: checked before it opens, watched, built anew when it is dead."""

import asyncio
from datetime import timedelta

import pytest

from bot.slack.app import Identity, build_bolt, forget_proxies
from bot.slack.client import Meaning, SlackClient, SlackTrouble, open_session, open_web
from bot.slack.socket import SlackSocket
from tests.bot.slack.box import Box


async def test_a_connection_is_one_socket_after_one_look_at_each_token(box: Box) -> None:
    assert box.socket.health.state == "connected"
    assert (await box.do("GET", "health"))["connections"] == 1
    assert len(await box.calls("auth.test")) == 1


@pytest.mark.parametrize("bad", ["bot", "app"])
async def test_a_bad_token_is_known_as_one_and_nothing_hangs(box: Box, bad: str) -> None:
    keys = box.slack.keys
    bot = "xoxb-devslack-wrong" if bad == "bot" else keys.bot_token
    app = "xapp-devslack-wrong" if bad == "app" else keys.app_token
    async with open_session() as session:
        client = SlackClient(open_web(session, api_url=box.slack.api_url, token=bot))
        identity = Identity(client, bot)
        bolt = build_bolt(session, identity, api_url=box.slack.api_url)
        socket = SlackSocket(bolt, app, identity, box.world)  # type: ignore[arg-type]

        with pytest.raises(SlackTrouble) as caught:
            await socket.connect()

    assert caught.value.trouble.meaning is Meaning.NO_TOKEN
    assert socket.health.state == "auth_failed"
    assert (await box.do("GET", "health"))["connections"] == 1


async def watched(box: Box, until: str) -> None:
    """Let the watch run until the connection is in the state *until*."""
    for _ in range(300):
        if box.socket.health.state == until:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(box.socket.health)


async def test_a_connection_that_dies_is_built_anew(box: Box) -> None:
    first = box.socket._live
    assert first is not None
    box.world.tasks.start("watch", box.socket.watch())
    first.client.auto_reconnect_enabled = False
    first.client.default_auto_reconnect_enabled = False
    await box.do("POST", "chaos", switch="tcp_drop")

    await watched(box, "reconnecting")
    await watched(box, "connected")

    assert box.socket._live is not first
    _, text = await box.slash("UADA", "status")
    assert "R-3" in text


async def test_a_slack_that_is_away_is_asked_again_with_longer_and_longer_waits(box: Box) -> None:
    await box.socket._drop()
    await box.fault("api_500", count=3, method="auth.test")
    before = box.world.clock.at
    box.world.tasks.start("watch", box.socket.watch())

    await watched(box, "reconnecting")
    await watched(box, "connected")

    assert len(await box.calls("auth.test")) == 5
    assert box.world.clock.at - before > timedelta(seconds=20)


async def test_closing_takes_nothing_in_any_more(box: Box) -> None:
    await box.socket.close()
    assert box.socket.health.state == "closed"
    done, _ = await box.slash("UADA", "help")
    assert done["ack"]["state"] == "none_connected"


def test_proxies_are_taken_out_of_the_environment_and_handed_over() -> None:
    environment = {"HTTPS_PROXY": "http://p:1", "http_proxy": "http://q:2", "HOME": "/h"}
    assert forget_proxies(environment) == {"HTTPS_PROXY": "http://p:1", "http_proxy": "http://q:2"}
    assert environment == {"HOME": "/h"}

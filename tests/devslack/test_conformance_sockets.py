"""How the SDK's Socket Mode client connects, and what brings it to connect again.

The rows of these tests are in the table of ``docs/reference/devslack.md``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


@pytest.fixture
async def slack(start: Any) -> Any:
    return await start(clock="virtual")


@pytest.fixture
async def handler(slack: Any) -> AsyncIterator[AsyncSocketModeHandler]:
    """A handler that pings and tries again so often that a test can wait for it."""
    keys = slack.server.keys
    web = AsyncWebClient(token=keys.bot_token, base_url=slack.server.api_url, retry_handlers=[])
    made = AsyncSocketModeHandler(AsyncApp(client=web), keys.app_token, ping_interval=0.05)  # type: ignore[arg-type]  # a fraction works
    yield made
    await made.close_async()


async def opened(slack: Any) -> list[bool]:
    """Return whether each call of ``apps.connections.open`` went well."""
    calls = (await slack.get("calls", method="apps.connections.open"))["calls"]
    return [call["ok"] for call in calls]


async def test_after_a_failed_handshake_the_sdk_tries_the_same_ticket(
    slack: Any, handler: Any
) -> None:
    await slack.do("chaos", switch="refuse_handshake")
    with suppress(TimeoutError):
        await asyncio.wait_for(handler.connect_async(), 0.4)

    assert await opened(slack) == [True]  # one ticket, used up by the handshake that failed
    assert (await slack.get("health"))["connections"] == 0
    assert (await slack.get("chaos"))["switches"] == []


async def test_a_bad_app_token_is_tried_for_ever_and_nothing_raises(
    slack: Any, handler: Any
) -> None:
    handler.client.app_token = "xapp-devslack-wrong"  # noqa: S105  it is wrong on purpose
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(handler.connect_async(), 0.4)

    assert len(await opened(slack)) > 1
    assert set(await opened(slack)) == {False}


@pytest.mark.parametrize("switch", ["disconnect_warning", "refresh_requested"])
async def test_a_disconnect_frame_brings_a_new_ticket(
    slack: Any, handler: Any, switch: str
) -> None:
    await handler.connect_async()
    await slack.do("chaos", switch=switch)
    for _ in range(100):
        if len(await opened(slack)) == 2:
            break
        await asyncio.sleep(0.02)
    await slack.wait(connections=1)

    assert await opened(slack) == [True, True]


async def test_without_pongs_the_sdk_opens_another_connection(slack: Any, handler: Any) -> None:
    await handler.connect_async()
    await slack.do("chaos", switch="no_pong", count=None)
    for _ in range(150):
        if len(await opened(slack)) > 1:
            break
        await asyncio.sleep(0.02)
    await slack.do("chaos", method="DELETE")

    assert len(await opened(slack)) > 1

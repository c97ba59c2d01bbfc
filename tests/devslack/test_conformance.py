"""What Bolt and the SDK do with a payload, measured on devslack: acks and redelivery.

The table in ``docs/reference/devslack.md`` has one row for each test here, in
``test_conformance_sockets.py`` and in ``test_conformance_calls.py``; a new version of either library has to be measured again.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_bolt.version import __version__ as bolt_version
from slack_sdk.version import __version__ as sdk_version
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]
HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "reference" / "devslack.md"
SHORT = 60  # ms within which an ack must come where one is not expected


@pytest.fixture
async def slack(start: Any) -> Any:
    return await start(clock="virtual")


@pytest.fixture
async def make(slack: Any) -> AsyncIterator[Any]:
    """Make and connect an app with the settings and listeners a test is about."""
    keys, handlers = slack.server.keys, []
    async with aiohttp.ClientSession() as session:

        async def run(listen: Any, *, shared: bool = True, **settings: Any) -> AsyncApp:
            web = AsyncWebClient(
                token=keys.bot_token,
                base_url=slack.server.api_url,
                session=session if shared else None,
                retry_handlers=[],
            )
            app = AsyncApp(client=web, **settings)
            listen(app)
            handlers.append(AsyncSocketModeHandler(app, keys.app_token, ping_interval=5))
            await handlers[-1].connect_async()
            return app

        yield run
        for handler in handlers:
            await handler.close_async()


async def say(slack: Any, text: str = "hi", **more: Any) -> Json:
    reply = await slack.do("messages", as_="U0ADA", channel="#general", text=text, **more)
    return dict(reply.body)


async def deliveries(slack: Any) -> list[tuple[int, str]]:
    """Return retry number and state of each delivery of an event."""
    await slack.wait(quiet=SHORT * 2)
    kept = (await slack.get("envelopes", type="events_api"))["envelopes"]
    return [(e["retry"], e["state"]) for e in kept if e["state"] != "not_subscribed"]


def nothing(app: AsyncApp) -> None:
    """Register no listener."""


# -- acks ----------------------------------------------------------------------------------------


async def test_an_event_is_acked_before_its_listener_ends(slack: Any, make: Any) -> None:
    go, ended = asyncio.Event(), asyncio.Event()

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def heard() -> None:
            await go.wait()
            ended.set()

    await make(listen)
    done = await say(slack)
    assert (done["ack"]["state"], ended.is_set()) == ("acked", False)
    go.set()
    await asyncio.wait_for(ended.wait(), 3)


async def test_an_event_whose_listener_raises_never_comes_again(slack: Any, make: Any) -> None:
    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def heard() -> None:
            raise RuntimeError("too late to matter")

    await make(listen)
    await say(slack)
    await slack.do("clock", advance_s=86_400)

    assert await deliveries(slack) == [(0, "acked")]


async def test_a_middleware_that_raises_gets_the_event_again(slack: Any, make: Any) -> None:
    seen: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.middleware
        async def keep(body: Json, next: Any) -> None:  # noqa: A002  Bolt's name
            seen.append(body["event_id"])
            if len(seen) == 1:
                raise RuntimeError("the store is locked")
            await next()

        @app.event("message")
        async def heard() -> None: ...

    await slack.do("config", ack_timeout_ms=SHORT)
    await make(listen)
    await say(slack)

    assert await deliveries(slack) == [(0, "timeout"), (1, "acked")]
    assert seen[0] == seen[1]


async def test_an_unmatched_event_is_not_acked_and_comes_again(slack: Any, make: Any) -> None:
    await slack.do("config", ack_timeout_ms=SHORT)
    await make(nothing)
    await say(slack)
    assert await deliveries(slack) == [(0, "timeout"), (1, "timeout")]
    await slack.do("clock", advance_s=400)

    assert await deliveries(slack) == [(n, "timeout") for n in range(4)]


async def test_an_error_handler_may_ack_what_nothing_matched(slack: Any, make: Any) -> None:
    errors: list[type] = []

    def listen(app: AsyncApp) -> None:
        @app.error
        async def on_error(error: Exception) -> BoltResponse:
            errors.append(type(error))
            return BoltResponse(status=200, body="")

    await make(listen, raise_error_for_unhandled_request=True)
    await say(slack)

    assert await deliveries(slack) == [(0, "acked")]
    assert errors == [BoltUnhandledRequestError]


async def test_what_the_error_handler_returns_becomes_the_ack(slack: Any, make: Any) -> None:
    def listen(app: AsyncApp) -> None:
        @app.command("/baton")
        async def broken() -> None:
            raise RuntimeError("before the ack")

        @app.error
        async def on_error(error: Exception) -> BoltResponse:
            return BoltResponse(status=200, body=f"Sorry: {error}")

    await make(listen)
    done = await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="")

    assert (done["ack"]["state"], done["ack"]["payload"]) == (
        "acked",
        {"text": "Sorry: before the ack"},
    )
    (shown,) = await slack.messages(**{"as": "U0ADA", "include": "ephemeral"})
    assert shown["plain"] == "Sorry: before the ack"


async def test_bolt_gives_up_on_a_command_after_three_seconds(slack: Any, make: Any) -> None:
    def listen(app: AsyncApp) -> None:
        @app.command("/baton")
        async def forgets() -> None: ...

    await make(listen)
    asked = {"as_": "U0ADA", "channel": "#general", "command": "/baton", "text": ""}
    done = await slack.do("slash", **asked)

    assert done["ack"]["state"] == "timeout"
    assert 2990 < done["ack"]["ms"] < 3500
    (sent,) = (await slack.get("envelopes", type="slash_commands"))["envelopes"]
    assert (sent["state"], sent["ack"]) == ("timeout", None)  # nothing came late either
    (shown,) = await slack.messages(**{"as": "U0ADA", "include": "ephemeral"})
    assert shown["plain"] == '/baton failed with the error "operation_timeout"'


async def test_a_click_is_not_acked_by_itself_and_not_sent_again(
    slack: Any, make: Any, card: list[Json]
) -> None:
    def listen(app: AsyncApp) -> None:
        @app.action("yes")
        async def raises() -> None:
            raise RuntimeError("before the ack")

    await slack.do("config", ack_timeout_ms=SHORT)
    app = await make(listen)
    posted = await app.client.chat_postMessage(channel="C0GENERAL", text="?", blocks=card)
    there = {"channel": "C0GENERAL", "ts": posted["ts"], "action_id": "yes"}
    done = await slack.do("click", as_="U0ADA", **there)
    await slack.do("clock", advance_s=86_400)

    assert done["ack"]["state"] == "timeout"
    assert len((await slack.get("envelopes", type="interactive"))["envelopes"]) == 1


async def test_the_first_listener_that_matches_wins(slack: Any, make: Any) -> None:
    heard: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def every(event: Json) -> None:
            heard.append(f"every {event.get('subtype', '')}".strip())

        @app.event({"type": "message", "subtype": "message_changed"})
        async def changed() -> None:
            heard.append("changed")

    await make(listen)
    typed = await say(slack)
    there = {"as_": "U0ADA", "channel": "#general", "ts": typed["message"]["ts"], "text": "ho"}
    await slack.do("messages", method="PATCH", **there)
    await slack.wait(quiet=30)

    assert heard == ["every", "every message_changed"]


@pytest.mark.parametrize("ignoring", [True, False])
async def test_bolt_drops_what_our_own_bot_caused(slack: Any, make: Any, *, ignoring: bool) -> None:
    heard: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.middleware
        async def keep(body: Json, next: Any) -> None:  # noqa: A002  Bolt's name
            heard.append(body["event"].get("subtype") or body["event"].get("bot_id"))
            await next()

        @app.event("message")
        async def message() -> None: ...

    app = await make(listen, ignoring_self_events_enabled=ignoring)
    posted = await app.client.chat_postMessage(channel="C0GENERAL", text="card")
    await slack.do("messages", method="DELETE", as_="U0ADA", channel="C0GENERAL", ts=posted["ts"])
    await slack.do("messages", bot=True, channel="C0GENERAL", text="from elsewhere")
    await slack.wait(quiet=30)

    ours = [] if ignoring else ["B0DEVSLACK", "message_deleted"]
    assert heard == [*ours, "B0OTHER"]
    assert {state for _, state in await deliveries(slack)} == {"acked"}


async def test_the_error_of_a_lazy_listener_reaches_no_handler(slack: Any, make: Any) -> None:
    errors, ran = [], asyncio.Event()

    def listen(app: AsyncApp) -> None:
        async def at_once(ack: Any) -> None:
            await ack()

        async def work() -> None:
            ran.set()
            raise RuntimeError("lost")

        app.command("/baton")(ack=at_once, lazy=[work])

        @app.error
        async def on_error(error: Exception) -> None:
            errors.append(error)

    # Bolt copies the request, client and all; a client that holds a session cannot be copied.
    await make(listen, shared=False)
    await slack.do("slash", as_="U0ADA", channel="#general", command="/baton", text="")
    await asyncio.wait_for(ran.wait(), 3)
    await slack.wait(quiet=30)

    assert errors == []


# -- deliveries that repeat ----------------------------------------------------------------------


async def test_the_very_first_delivery_says_retry_zero(slack: Any, make: Any) -> None:
    seen: list[tuple[Any, Any]] = []

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def heard(request: Any) -> None:
            number = request.headers.get("x-slack-retry-num")
            seen.append((number, request.headers.get("x-slack-retry-reason")))

    await make(listen)
    await say(slack)
    await slack.wait(quiet=30)

    assert seen == [(["0"], [""])]


async def test_bolt_hands_a_repeated_envelope_over_twice(slack: Any, make: Any) -> None:
    ids: list[str] = []

    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def heard(body: Json) -> None:
            ids.append(body["event_id"])

    await make(listen)
    await slack.do("chaos", switch="duplicate_envelope")
    await say(slack)
    await slack.wait(quiet=60)

    assert len(ids) == 2
    assert ids[0] == ids[1]


async def test_each_of_many_first_requests_asks_who_we_are(slack: Any, make: Any) -> None:
    def listen(app: AsyncApp) -> None:
        @app.event("message")
        async def heard() -> None: ...

    await make(listen)
    await asyncio.gather(*(say(slack, str(n)) for n in range(4)))
    first = len((await slack.get("calls", method="auth.test"))["calls"])
    await say(slack, "later")
    then = len((await slack.get("calls", method="auth.test"))["calls"])

    assert 1 < first <= 4
    assert then == first


# -- the table -----------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_test_and_names_the_versions() -> None:
    files = sorted(HERE.glob("test_conformance*.py"))
    sources = "".join(file.read_text(encoding="utf-8") for file in files)
    tests = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE))
    rows = re.findall(
        r"^\|.*\| (\w+ [\d.]+) \|.*\| `(test_\w+)` \|$", PAGE.read_text(), re.MULTILINE
    )
    names = [name for _, name in rows]

    assert len(names) == len(set(names))
    assert set(names) == {name for name in tests if "the_table_has" not in name}
    assert {version for version, _ in rows} == {f"Bolt {bolt_version}", f"SDK {sdk_version}"}

"""A devslack on a loopback port, a person's hands on it, and a real Bolt app connected to it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from devslack.app import Server
from devslack.emulator import Options

Json = dict[str, Any]


@dataclass
class Reply:
    status: int
    body: Any
    headers: Any

    def __getitem__(self, key: str) -> Any:
        return self.body[key]


@dataclass
class Slack:
    """A running devslack, seen over HTTP."""

    server: Server
    http: aiohttp.ClientSession

    async def http_call(self, method: str, path: str, **more: Any) -> Reply:
        async with self.http.request(method, self.server.url + path, **more) as reply:
            text = await reply.text()
            is_json = "json" in reply.headers.get("content-type", "")
            return Reply(reply.status, await reply.json() if is_json else text, reply.headers)

    async def get(self, path: str, **query: str) -> Reply:
        return await self.http_call("GET", f"/devslack/{path}", params=query)

    async def do(self, path: str, *, method: str = "POST", **fields: Any) -> Reply:
        """Act; ``as_`` stands for the field ``as``, which Python keeps for itself."""
        body = {name.rstrip("_"): value for name, value in fields.items()}
        return await self.http_call(method, f"/devslack/{path}", json=body)

    async def api(self, method: str, auth: str | None = None, **args: Any) -> Reply:
        """Call the Web API with JSON and the bot's token."""
        headers = {"authorization": f"Bearer {auth or self.server.keys.bot_token}"}
        return await self.http_call("POST", f"/api/{method}", json=args, headers=headers)

    async def wait(self, **until: Any) -> Reply:
        reply = await self.do("wait", until=until, timeout_ms=3000)
        assert reply.status == 200, reply.body
        return reply

    async def messages(self, channel: str = "#general", **query: str) -> list[Json]:
        found: list[Json] = (await self.get("messages", channel=channel, **query))["messages"]
        return found


Start = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a devslack with the options a test needs; all of them are stopped at its end."""
    servers: list[Server] = []
    async with aiohttp.ClientSession() as http:

        async def run(**options: Any) -> Slack:
            options.setdefault("seed", "1")
            server = await Server(Options(**options)).start()
            servers.append(server)
            return Slack(server, http)

        yield run
    for server in servers:
        await server.stop()


@pytest.fixture
async def slack(start: Start) -> Slack:
    running: Slack = await start()
    return running


@dataclass
class Bolt:
    """A real Bolt app, not yet connected."""

    app: AsyncApp
    web: AsyncWebClient
    handler: AsyncSocketModeHandler

    async def connect(self) -> None:
        await self.handler.connect_async()


@pytest.fixture
async def bolt(slack: Slack) -> AsyncIterator[Bolt]:
    keys = slack.server.keys
    async with aiohttp.ClientSession() as session:
        web = AsyncWebClient(
            token=keys.bot_token, base_url=slack.server.api_url, session=session, retry_handlers=[]
        )
        app = AsyncApp(client=web)
        handler = AsyncSocketModeHandler(app, keys.app_token, ping_interval=5)
        yield Bolt(app, web, handler)
        await handler.close_async()


def button(action_id: str = "go", value: str = "1", text: str = "Go", **more: Any) -> Json:
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "value": value, "text": label, **more}


@pytest.fixture
def card() -> list[Json]:
    """A section and two buttons."""
    return [
        {
            "type": "section",
            "block_id": "s",
            "text": {"type": "mrkdwn", "text": "*Deploy?* <@U0ADA>"},
        },
        {
            "type": "actions",
            "block_id": "d",
            "elements": [
                button("yes", "ap.1", "Approve", style="primary"),
                button("no", "ap.1", "Reject…"),
            ],
        },
    ]


@pytest.fixture
def modal() -> Json:
    """A modal with one required and one optional input."""
    return {
        "type": "modal",
        "callback_id": "reason",
        "title": {"type": "plain_text", "text": "Reject"},
        "submit": {"type": "plain_text", "text": "Send"},
        "private_metadata": "ap.1",
        "notify_on_close": True,
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why?"},
                "element": {"type": "plain_text_input", "action_id": "text", "min_length": 3},
            },
            {
                "type": "input",
                "block_id": "who",
                "optional": True,
                "label": {"type": "plain_text", "text": "Who?"},
                "element": {"type": "users_select", "action_id": "user"},
            },
        ],
    }

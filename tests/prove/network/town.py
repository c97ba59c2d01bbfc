"""The real `bot serve`, a Slack, and a server that runs call, with a proxy before each of them."""

import asyncio
import contextlib
import json
import os
import re
import sqlite3
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bot.admin import ask
from bot.slack.app import PROXIES
from bot.slack.manifest import manifest
from devslack.app import Server
from devslack.emulator import Options
from devslack.manifest import understand
from tests.prove.children import gone
from tests.prove.network.proxy import Proxy
from tests.stories.slack import Slack

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 150.0  # s, for the server to be ready
SOURCE = "builder"
ROLES = "roles:\n  operator: ['@grace', '@linus']\n"
WORKFLOW = """
name: ship
title: Ship it
triggers:
  - event: build.completed
steps:
  - id: warm
    action: http.request
    params: {{url: "http://127.0.0.1:{port}/warm/{{{{ trigger.process_id }}}}", timeout: 2s}}
    retry: {{attempts: 10, delay: 1s}}
  - id: gate
    approval: {{title: "Ship {{{{ trigger.process_id }}}}?", approvers: ["@grace"]}}
  - id: deploy
    action: http.request
    params:
      url: "http://127.0.0.1:{port}/deploy/{{{{ trigger.process_id }}}}"
      method: POST
      json: {{ship: true}}
      timeout: 2s
    retry: {{attempts: 8, delay: 1s}}
"""
_PATH = re.compile(rb"^[A-Z]+ (\S+)")


@dataclass
class Target:
    """What runs call: it notes each request, and answers."""

    asked: Counter[str] = field(default_factory=Counter)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            found = _PATH.match(head)
            assert found is not None
            self.asked[found[1].decode()] += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        writer.close()


@dataclass
class Town:
    """Everything that runs, and the proxies between."""

    data: Path
    server: Server
    slack: Slack
    target: Target
    proxies: dict[str, Proxy]  # slack, client, target
    address: str = ""  # of Baton, behind its proxy
    token: str = ""
    env: Mapping[str, str] = field(default_factory=dict)  # of the server
    child: Process | None = None

    async def post(self, body: dict[str, Any], key: str) -> httpx.Response:
        """Report once, on a connection of its own."""
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": key}
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            return await client.post(f"{self.address}/v1/notify", json=body, headers=headers)

    async def up(self) -> None:
        """Start the server, and wait until it serves."""
        with (self.data / "baton.log").open("ab") as log:
            self.child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "serve", "--port", "0"),
                cwd=ROOT,
                env=self.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self.child.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = (await self.child.stdout.readline()).decode()
        assert "serves at" in line, (self.data / "baton.log").read_text()
        self.proxies["client"].port = int(line.strip().rpartition(":")[2])

    async def kill(self) -> None:
        """End the server as a crash would."""
        assert self.child is not None
        self.child.kill()
        await gone(self.child)

    def look(self, sql: str) -> list[tuple[Any, ...]]:
        """Read from the database beside the server, without any way of writing to it."""
        uri = f"file:{self.data / 'baton.db'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as reader:
            return reader.execute(sql).fetchall()


@asynccontextmanager
async def town(
    data: Path,
    workflows: Mapping[str, str] = {"ship": WORKFLOW},  # nobody changes it
    more: Mapping[str, str] = {},
) -> AsyncIterator[Town]:
    """Run everything inside the block.

    Args:
        data: the folder of Baton's data, made here.
        workflows: the texts by name, with `{port}` where the target's proxy stands.
        more: variables for the server.
    """
    data.mkdir(parents=True)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(Options(manifest=understand(manifest()))))
        proxies = {name: Proxy(name) for name in ("slack", "client", "target")}
        ports = {name: await proxy.start() for name, proxy in proxies.items()}
        for proxy in proxies.values():
            stack.push_async_callback(proxy.stop)
        proxies["slack"].port = int(server.url.rpartition(":")[2])
        server.emulator.base_url = f"http://127.0.0.1:{ports['slack']}"
        target = Target()
        hosted = await asyncio.start_server(target.serve, "127.0.0.1", 0)
        stack.callback(hosted.close)
        proxies["target"].port = hosted.sockets[0].getsockname()[1]
        made = Town(data, server, Slack(server), target, proxies)
        furnish(data, workflows, ports["target"])
        made.env = {**environment(made, ports), **more}
        await stack.enter_async_context(serving(made))
        made.address = f"http://127.0.0.1:{ports['client']}"
        yield made


def furnish(data: Path, workflows: Mapping[str, str], port: int) -> None:
    (data / "baton.yaml").write_text(ROLES)
    (data / "workflows").mkdir()
    for name, text in workflows.items():
        (data / "workflows" / f"{name}.yaml").write_text(text.format(port=port))


def environment(town: Town, ports: dict[str, int]) -> dict[str, str]:
    keys = town.server.keys
    own = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    for name in (*PROXIES, "ALL_PROXY", "all_proxy"):
        own.pop(name, None)
    return {
        **own,
        "SLACK_API_URL": f"http://127.0.0.1:{ports['slack']}/api/",
        "SLACK_BOT_TOKEN": keys.bot_token,
        "SLACK_APP_TOKEN": keys.app_token,
        "BATON_DATA": str(town.data),
        "BATON_WORKFLOWS": str(town.data / "workflows"),
        "BATON_CHANNEL": "#releases",
        "BATON_HTTP_ALLOW": f"127.0.0.1:{ports['target']}",
    }


@asynccontextmanager
async def serving(town: Town) -> AsyncIterator[None]:
    """Run `bot serve` inside the block, and make a token for the tool that reports."""
    try:
        await town.up()
        town.token = await token(town.data)
        yield
    finally:
        if town.child is not None:
            await stopped(town.child)


async def stopped(child: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(gone(child), 20)
    except TimeoutError:
        child.kill()
        await gone(child)


async def token(data: Path) -> str:
    request = {
        "command": "token-create",
        "source": SOURCE,
        "scopes": ["notify"],
        "owner": "U0ADA",
        "channel": "#releases",
        "days": 365,
        "kind": "ci",
    }
    made = await ask(data / "admin.sock", request)
    assert made is not None, "the server is up, and its socket is not"
    return str(json.loads(json.dumps(made))["token"])

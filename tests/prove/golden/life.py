"""One life of the golden scenario: the real composition and the real HTTP, with a Slack on a line.

It is meant to be begun by a fork of a process that has imported everything, so that a life costs
hardly more than what it does: thousands of them are killed, or see a call of the system fail.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import Field

import bot.lifecycle
import bot.slack.delivery
from baton.connector import ActionContext, Connector, Params, action
from bot.app import Baton, Fittings, assemble
from bot.configuration import Configuration
from bot.lifecycle import serving
from bot.settings import Settings, read_settings
from bot.slack.client import Meaning, SlackClient, SlackTrouble, Trouble
from bot.slack.connection import SlackConnection
from bot.slack.delivery import Delivery
from bot.slack.directory import SlackDirectory
from bot.slack.drawings import SlackDrawings
from bot.store_watch import end_if_broken, end_where_broken
from bot.world import SystemWorld, make_world
from bot.world.listening import listen, port_of
from coordination.changes import Changes
from coordination.coordinator import Coordinator
from coordination.database import Door, open_sqlite, outbox, select
from coordination.database.door import SqliteDoor
from coordination.database.statements import Statements
from handlers.http import Edge, create_api
from workflows.runtimes.embedded import embedded_runtime

WORKFLOW = """
name: golden
title: Golden
triggers:
  - event: test.completed
steps:
  - {id: prepare, action: test.work, params: {what: prepare}}
  - id: gate
    approval:
      title: Deploy?
      approvers: ["@grace", "@linus"]
      covers: [deploy]
  - {id: deploy, action: test.deploy, params: {what: deploy}}
  - {id: announce, action: test.work, params: {what: announce}}
"""
OPERATORS = ("@grace", "@linus")
BROKEN = 3  # how the life ends whose database was not to be trusted any more
_UNSAID = select(outbox.c.key).where(outbox.c.state.in_(("queued", "leased"))).limit(1)
REST = 1.5  # s that a life gets to say what is left


@dataclass(frozen=True)
class Lines:
    """What leads out of a life: to Slack, to the world in which it acts, to whoever watches it."""

    slack: socket.socket
    world: socket.socket
    watch: socket.socket


@dataclass
class Warm:
    """What every life would make anew, and takes from the first one instead."""

    compiled: tuple[Statements, Statements] = field(
        default_factory=lambda: (Statements(), Statements())
    )
    api: Any = None

    def application(self, edge: Edge, *, version: str) -> Any:
        if self.api is None:
            self.api = create_api(edge, version=version)
        self.api.state.edge = edge
        return self.api


class Job(Params):
    what: str = Field(min_length=1, description="What is done.")


def connector(world: socket.socket) -> Connector:
    """Return actions that tell the world outside what they did."""

    def act(job: Job, ctx: ActionContext) -> dict[str, str]:
        did = {"run": ctx.run.id, "path": ctx.run.step, "attempt": ctx.attempt}
        world.send(json.dumps({**did, "key": ctx.idempotency_key}).encode() + b"\n")
        return {"did": job.what}

    @action("test.work", repeatable=True)
    async def work(params: Job, ctx: ActionContext) -> dict[str, str]:
        """Do something that may well be done twice."""
        return act(params, ctx)

    @action("test.deploy", repeatable=False)
    async def deploy(params: Job, ctx: ActionContext) -> dict[str, str]:
        """Do something that must never be done twice by accident."""
        return act(params, ctx)

    return Connector("test", (work, deploy))


class SlackOnALine:
    """Stands where the connection to Slack stands. The other end answers a line with a line."""

    requests = None
    notes: tuple[str, ...] = ()

    def __init__(self, line: socket.socket, world: SystemWorld) -> None:
        self._line = line
        self._world = world
        self._asked = 0
        self._open: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self.directory = SlackDirectory(cast("SlackClient", self))

    @property
    def problem(self) -> str | None:
        return None

    async def call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        self._asked += 1
        number, loop = self._asked, asyncio.get_running_loop()
        self._open[number] = answer = loop.create_future()
        told = {"id": number, "method": method, "arguments": arguments}
        if self._writer is None:
            raise SlackTrouble(Trouble(Meaning.NOT_SENT, "no line"))
        try:
            self._writer.write(json.dumps(told).encode() + b"\n")
            await self._writer.drain()
            found = await asyncio.wait_for(answer, 10)
        except (OSError, TimeoutError) as error:
            raise SlackTrouble(Trouble(Meaning.AMBIGUOUS, type(error).__name__)) from error
        finally:
            self._open.pop(number, None)
        return found

    async def begin(self, coordinator: Coordinator, door: Door, program: Any) -> None:
        reader, self._writer = await asyncio.open_connection(sock=self._line)
        self._world.tasks.start("slack line", self._listen(reader))
        await coordinator.refresh_directory()
        drawings = SlackDrawings(door, public_url="http://baton.test", channel=lambda: "#releases")
        delivery = Delivery(door, self._world, cast("SlackClient", self), drawings, coordinator)
        self._world.tasks.keep("delivery", delivery.run)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            told = json.loads(line)
            waiting = self._open.get(told["id"])
            if waiting is not None and not waiting.done():
                waiting.set_result(told["answer"])

    async def close(self) -> None:
        return

    async def flush(self) -> None:
        return

    async def release(self) -> None:
        if self._writer is not None:
            self._writer.close()


async def live(data: Path, lines: Lines, warm: Warm) -> int:
    """Live until the watcher says so, and return the exit code."""
    taken = listen("127.0.0.1", 0)
    async with AsyncExitStack() as stack:
        stack.enter_context(quickened(warm))
        for end in (taken, lines.watch, lines.world, lines.slack):
            stack.callback(end.close)
        baton = await composed(data, lines, warm)
        stack.callback(end_if_broken, baton.door, broken)
        stack.push_async_callback(baton.stop)
        ending = end_where_broken(baton.door, broken)
        baton.world.tasks.start("store", ending)
        await baton.begin()
        await stack.enter_async_context(serving(baton, taken, None))
        await watched(baton, lines, port_of(taken))
    return 0


@contextmanager
def quickened(warm: Warm) -> Iterator[None]:
    """Let a life take its API from the first one, and look at once for what it may have said.

    Afterwards all is as it was: the first lives are lived in the process of the tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bot.lifecycle, "create_api", warm.application)
        patch.setattr(bot.slack.delivery, "LOOK_AGAIN", timedelta(milliseconds=50))
        yield


def broken(_: int) -> None:
    """End as the program does, with a code of our own."""
    sys.stderr.flush()
    os._exit(BROKEN)


async def composed(data: Path, lines: Lines, warm: Warm) -> Baton:
    """Wire the parts as `bot.app.build` does."""
    settings = settings_of(data)
    world = make_world(root=settings.work, http_allow=(), programs=())
    door = cast(
        "SqliteDoor", await open_sqlite(settings.database, changes=Changes(world.ids.new("boot")))
    )
    door._statements, door._writer._session._statements = warm.compiled  # type: ignore[union-attr]  # it is open
    slack = cast("SlackConnection", SlackOnALine(lines.slack, world))
    fittings = Fittings((connector(lines.world),), embedded_runtime)
    configuration = Configuration(roles={"operator": OPERATORS})
    baton = assemble(settings, configuration, world, door, slack, fittings)
    baton.definitions.library = data / "library"
    return baton


def settings_of(data: Path) -> Settings:
    return read_settings(
        _env_file=None,
        slack_bot_token="xoxb-devslack",  # noqa: S106 - no secret: nobody looks at it
        slack_app_token="xapp-devslack",  # noqa: S106
        slack_api_url="http://127.0.0.1:1/api/",
        data=data,
        host="127.0.0.1",
        public_url="http://baton.test",
        channel="#releases",
        key="0123456789abcdef" * 2,
        root=data / "work",
        workflows=None,
        stop_grace=timedelta(seconds=0.2),
    )


async def watched(baton: Baton, lines: Lines, port: int) -> None:
    """Tell where it serves; return when it is to end."""
    loop = asyncio.get_running_loop()
    lines.watch.settimeout(0)
    await loop.sock_sendall(lines.watch, b"%d\n" % port)
    if await loop.sock_recv(lines.watch, 16) == b"end\n":
        await at_rest(baton.door)


async def at_rest(door: Door) -> None:
    """Wait until everything is said, for a little while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(REST):
            while await door.read(lambda reader: reader.fetch_one(_UNSAID)) is not None:
                await asyncio.sleep(0.005)


def run(data: Path, lines: Lines, warm: Warm) -> int:
    """Live in this process; what goes wrong at a start is one sentence, as of the program."""
    try:
        return asyncio.run(live(data, lines, warm))
    except Exception as error:  # noqa: BLE001 - the edge of a life: told, and ended
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1

"""One life of the program inside a test: the real composition, begun, asked, and ended either way."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx

from bot.app import Baton, Fittings, assemble
from bot.configuration import BusConfig, Configuration
from bot.lifecycle import STATIC
from bot.settings import Settings, read_settings
from bot.slack.connection import SlackConnection
from bot.world import SystemWorld
from coordination.changes import Change, Changes
from coordination.database import (
    events,
    exists,
    open_sqlite,
    outbox,
    runs,
    select,
    timers,
    triggers,
    waits,
    wakeups,
    workflows,
)
from coordination.database.door import Reader, SqliteDoor
from coordination.database.statements import Statements
from devslack.app import Server
from handlers.http import Edge
from tests.handlers.http.application import application
from tests.stories.work import Work
from tests.stories.world import HeldTasks, Spawned, Time, in_life, make_moved_world
from workflows.runtimes.host import Host

OPERATORS = ("@grace", "@linus")
ADDRESS = "http://baton.test"
# What goes on for as long as the program lives; all else is work in progress.
STANDING = {
    "dispatcher",
    "timers",
    "clockwork",
    "files",
    "definitions",
    "configuration",
    "directory",
    "housekeeping",
    "loop lag",
    "delivery",
    "slack socket",
    "bus sweep",
    "homes",
    "runs",
    "recovery",
}
STANDING_WORK = (
    "_ring_after",
    "receive_messages",
    "monitor_current_session",
    "process_messages",
    "until_sent",
)
CONNECTING = "BaseSubprocessTransport._connect_pipes"
KEY = "0123456789abcdef" * 2  # of the instance
SOON = timedelta(seconds=5)  # what is due so soon is brought about by moving the clock

_WAITING = {
    "event": select(events.c.seq).where(events.c.dispatched_at.is_(None)).limit(1),
    "run": select(runs.c.key)
    .where(runs.c.status == "queued", runs.c.held_since.is_(None))
    .limit(1),
    "schedule": select(triggers.c.key)
    .join(workflows, workflows.c.name == triggers.c.workflow)
    .where(workflows.c.status == "active", triggers.c.kind.in_(("schedule", "every")))
    .where(~exists().where(timers.c.slot == triggers.c.workflow + "/" + triggers.c.trigger_id))
    .limit(1),
    "look back": select(waits.c.key).where(waits.c.state == "looking").limit(1),
    "wake-up": select(wakeups.c.key).where(wakeups.c.done_at.is_(None)).limit(1),
    "notice in flight": select(outbox.c.key).where(outbox.c.state == "leased").limit(1),
}
_NEXT_NOTICE = (
    select(outbox.c.due_at).where(outbox.c.state == "queued").order_by(outbox.c.due_at).limit(1)
)
_NEXT_TIMER = select(timers.c.due_at).order_by(timers.c.due_at).limit(1)


@dataclass(frozen=True, slots=True)
class Birth:
    """What every life of one story has in common."""

    server: Server
    data: Path
    time: Time
    work: Work
    compiled: tuple[Statements, Statements]  # to read and to write; making them anew takes long
    runtime: Callable[..., Host]
    approvers: Collection[str] = ()
    bus: Mapping[str, BusConfig] = field(default_factory=dict)

    def settings(self) -> Settings:
        keys = self.server.keys
        return read_settings(
            _env_file=None,
            slack_bot_token=keys.bot_token,
            slack_app_token=keys.app_token,
            slack_api_url=self.server.api_url,
            port=8765,
            host="127.0.0.1",
            data=self.data,
            public_url=ADDRESS,
            channel="#releases",
            key=KEY,
            root=self.data / "work",
            workflows=None,
            http_allow=(),
            shell_allow=(),
            stop_grace=timedelta(seconds=0.2),
        )


@dataclass
class Life:
    """A Baton that was begun."""

    birth: Birth
    baton: Baton
    door: SqliteDoor
    world: SystemWorld
    spawned: Spawned
    over: bool = False
    _served: Edge | None = None
    _bells: int = field(default=0)

    @property
    def tasks(self) -> HeldTasks:
        return cast("HeldTasks", self.world.tasks)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request to the HTTP application."""
        self._served = self._served or self._edge()
        carrier = httpx.ASGITransport(app=application(self._served), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=carrier, base_url=ADDRESS) as client:
            return await client.request(method, path, **more)

    def _edge(self) -> Edge:
        return Edge(
            coordinator=self.baton.coordinator,
            world=self.world,
            changes=self.door.changes,
            sessions=self.baton.sessions,
            readiness=self.baton.readiness,
            rehearsals=self.baton.rehearsals,
            public_url=ADDRESS,
            static=STATIC,
            metrics=self.baton.watch.metrics,
        )

    def ring(self) -> None:
        """Wake the loops that sleep on real time, after the clock was moved."""
        self._bells += 1
        bell = f"bell-{self._bells}"
        self.door.changes.publish([Change("outbox", bell), Change("timer", bell)])

    async def unrest(self) -> list[str]:
        """Name what is going on, or is left to be done now."""
        return self.busy() or await self.door.read(self._left) or self.busy()

    def busy(self) -> list[str]:
        """Name what goes on. What a test made hang, or holds back, is left out."""
        if not self.baton.host._recovery.caught_up:
            return ["recovery"]
        hanging = len(self.birth.work.hanging)
        going = [name for each in self.spawned if (name := work_of(each))]
        actions = [name for name in going if name.startswith("action ")]
        others = [name for name in going if not name.startswith("action ")]
        return others if len(actions) <= hanging else going

    async def _left(self, reader: Reader) -> list[str]:
        """Name the rows that somebody still has to act upon. What is held back stays there."""
        if self.tasks.held:
            return []
        found = [
            name for name, rows in _WAITING.items() if await reader.fetch_one(rows) is not None
        ]
        now = self.world.clock.now()
        for name, soonest in (("notice", _NEXT_NOTICE), ("timer", _NEXT_TIMER)):
            row = await reader.fetch_one(soonest)
            if row is not None and row.due_at <= now:
                found.append(f"{name} due at {row.due_at}")
        return found

    async def next_notice(self) -> datetime | None:
        """Say when the next notice is due."""
        row = await self.door.read(lambda reader: reader.fetch_one(_NEXT_NOTICE))
        due: datetime | None = row.due_at if row is not None else None
        return due

    async def stop(self) -> None:
        """End it politely."""
        self.over = True
        self.tasks.release()
        await self.baton.stop()
        await self._bury()

    async def kill(self) -> None:
        """End it as `kill -9` does: nothing more is stored, sent or said from here on."""
        self.over = True
        self.door._closing = self.door._writer._closing = True
        while not self.door._writer._queue.empty():
            self.door._writer._queue.get_nowait()
        self.tasks.forget()
        await self._bury()
        await self.birth.server.ask("POST", "chaos", switch="tcp_drop")
        await self.baton.slack._session.close()
        await self.world.http.close()
        for connection in self.door._idle:
            await connection.close()
        await self.door._writer.close()
        self.door._lock.release()

    async def _bury(self) -> None:
        """Cancel whatever is left of this life, and close the SDK's own session.

        What connects a program that was just started to its pipes ends by itself: broken off, it
        would leave them open.
        """
        live = getattr(self.baton.slack._intake, "_live", None)
        while left := [each for each in self.spawned if each is not asyncio.current_task()]:
            for each in left:
                if coroutine_of(each) != CONNECTING:
                    each.cancel()
            await asyncio.wait(left, timeout=0.1)
        if live is not None:
            await live.client.aiohttp_client_session.close()


def coroutine_of(task: "asyncio.Task[Any]") -> str:
    return str(getattr(task.get_coro(), "__qualname__", ""))


def work_of(task: "asyncio.Task[Any]") -> str | None:
    """Name the work that *task* is; None for a loop that only waits for some."""
    name = coroutine_of(task)
    if task.done() or task.get_name() in STANDING or name.endswith(STANDING_WORK):
        return None
    return task.get_name() if not task.get_name().startswith("Task-") else name


async def begin(birth: Birth) -> Life:
    """Begin a life on the files of *birth*."""
    spawned: Spawned = set()
    life: Life = await in_life(spawned, lambda: _begin(birth, spawned))
    return life


async def _begin(birth: Birth, spawned: Spawned) -> Life:
    settings = birth.settings()
    world = make_moved_world(birth.time, settings.work)
    settings.work.mkdir(parents=True, exist_ok=True)
    changes = Changes(world.ids.new("boot"))
    door = cast("SqliteDoor", await open_sqlite(settings.database, changes=changes))
    reading, door._writer._session._statements = birth.compiled  # type: ignore[union-attr]  # it is open
    door._statements = reading
    tokens = settings.slack_tokens()
    slack = SlackConnection(settings, tokens, world)
    fittings = Fittings(connectors=(birth.work.connector(),), runtime=birth.runtime)
    baton = assemble(settings, configuration(birth), world, door, slack, fittings)
    baton.definitions.library = birth.data / "library"  # stories bring their own
    await baton.begin()
    await baton.coordinator.refresh_directory()
    return Life(birth, baton, door, world, spawned)


def configuration(birth: Birth) -> Configuration:
    roles: Mapping[str, tuple[str, ...]] = {"operator": OPERATORS}
    return Configuration(roles=roles, approvers=tuple(birth.approvers), bus=birth.bus)

"""Baton's Slack side whole: a real database, the Coordinator, Bolt over a real socket, Delivery."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.slack.app import Identity, build_bolt
from bot.slack.client import SlackClient, open_session, open_web
from bot.slack.delivery import Delivery
from bot.slack.directory import SlackDirectory
from bot.slack.drawings import SlackDrawings
from bot.slack.home import HomeTabs
from bot.slack.looks import SlackLooks
from bot.slack.manifest import manifest
from bot.slack.screens import SlackScreens
from bot.slack.socket import SlackSocket
from bot.slack.sweep import Marks
from bot.world.tasks import OwnedTasks
from coordination import outbox, turns
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import Transaction, insert, update
from coordination.database import definitions as definitions_table
from coordination.database import outbox as outbox_table
from coordination.database import runs as runs_table
from coordination.database import steps as steps_table
from coordination.database import workflows as workflows_table
from coordination.outbox import ROOT, Lane, Leased, Notice
from coordination.policy import Role, Roles
from coordination.turns import Claim
from devslack.app import Server
from devslack.control import ask as control
from devslack.emulator import Options
from devslack.manifest import understand
from handlers.slack import register
from handlers.slack.bus import Bus
from handlers.slack.overhearing import Overhearing
from tests.coordination.scene import QUESTION, CountingIds, Scene, open_scene
from workflows.language.definition import InputCheck

Json = dict[str, Any]
URL = "http://127.0.0.1:8765"
ROLES = Roles({Role.OPERATOR: ("@olga",)})
PEOPLE = [
    {"id": f"U{name.upper()}", "name": name, "real_name": name.title()}
    for name in ("ada", "grace", "linus", "olga", "mallory")
]
CHANNELS = [{"id": "C0RELEASES", "name": "releases", "members": "everybody", "app": True}]
LOOPS = ("delivery", "watch")


class MovedClock:
    """Begins now, since Slack's stamps are real, and moves when a test moves it."""

    def __init__(self) -> None:
        self.begun = self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - self.begun).total_seconds()

    async def sleep(self, duration: timedelta) -> None:
        self.at += duration
        await asyncio.sleep(0.01)


class Tasks(OwnedTasks):
    async def settle(self) -> None:
        """Wait for everything that was started by itself and has an end."""
        while waited := [task for task in self._running if task.get_name() not in LOOPS]:
            await asyncio.wait(waited, timeout=5)


class Middling:
    def random(self) -> float:
        return 0.5


@dataclass
class World:
    clock: MovedClock = field(default_factory=MovedClock)
    ids: CountingIds = field(default_factory=CountingIds)
    rng: Middling = field(default_factory=Middling)
    tasks: Tasks = field(default_factory=Tasks)


class NotedRuntime:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.delivered: list[int] = []

    async def start(self, run_id: str) -> None:
        self.started.append(run_id)

    async def deliver(self, wakeup_id: int) -> None:
        self.delivered.append(wakeup_id)


class NotedProgram:
    """The program around the listeners, as far as people ask about it."""

    def __init__(self) -> None:
        self.wrong: tuple[str, ...] = ()
        self.links: list[str] = []

    async def problems(self) -> tuple[str, ...]:
        return self.wrong

    def login_link(self, person: str) -> str:
        self.links.append(person)
        return f"{URL}/login?t={person}"


@dataclass
class Box:
    """What a story holds in its hands."""

    slack: Server
    scene: Scene
    world: World
    client: SlackClient
    runtime: NotedRuntime
    coordinator: Coordinator
    delivery: Delivery
    socket: SlackSocket
    program: NotedProgram
    homes: HomeTabs

    async def ask(self, **more: Any) -> Any:
        """Ask people something and show it in Slack."""

        asked = await self.scene.ask(replace(QUESTION, **more))
        await self.deliver()
        return asked

    async def tell(
        self, slot: str = ROOT, kind: str = "thread", lane: Lane | None = None, **body: Any
    ) -> str:
        """Queue a notice for the scene's thread; return its id."""
        lane = lane or (Lane.RESULT if slot == ROOT else Lane.DECISION)
        notice = Notice(self.scene.thread_key, slot, lane, kind, body)
        name, now = self.world.ids.new("nt"), self.world.clock.now()
        await self.scene.door.write(lambda tx: outbox.add(tx, notice, id=name, now=now))
        return name

    async def reply(self, text: str) -> None:
        """Queue a reply in the scene's thread."""
        await self.tell(f"reply:{self.world.ids.new('nt')}", "reply", text=text)

    async def said(self) -> list[str]:
        """Return the replies of the thread, as people read them."""
        _, replies = await self.thread()
        return [each["plain"] for each in replies]

    async def states(self) -> list[str]:
        """Return what became of each notice."""
        return [row.state for row in await self.scene.rows(outbox_table)]

    async def deliver(self) -> None:
        """Let Delivery say all that is due."""
        while await self.delivery.round():
            await self.world.tasks.settle()

    async def later(self, **span: float) -> None:
        """Let time pass, then deliver."""
        self.world.clock.at += timedelta(**span)
        self.scene.now = self.world.clock.at
        await self.deliver()

    async def claim(self) -> Leased:
        """Take the next notice as Delivery would."""
        now = self.world.clock.now()
        claimed = await self.scene.door.write(
            lambda tx: turns.claim(tx, Claim(now, timedelta(minutes=1), 1))
        )
        (leased,) = claimed.leased
        return leased

    async def take_back(self) -> None:
        now = self.world.clock.now()
        await self.scene.door.write(lambda tx: outbox.take_back(tx, now=now))

    def restart(self) -> None:
        """Take a new Delivery, as after the end of the process."""
        self.delivery = delivery_of(self.scene, self.world, self.client, self.coordinator)

    async def do(self, verb: str, path: str, /, **fields: Any) -> Json:
        """Act as a person does; ``as_`` stands for the field ``as``."""
        named = {name.rstrip("_"): value for name, value in fields.items()}
        return await control(self.slack.emulator, verb, path, named)

    async def fault(self, switch: str, count: int | None = 1, **args: Any) -> None:
        await self.do("POST", "chaos", switch=switch, count=count, args=args)

    async def posts(self, thread_ts: str | None = None) -> list[Json]:
        """Return what stands in the channel, or in a thread below its root."""
        more = {"thread_ts": thread_ts} if thread_ts else {}
        found = await self.do("GET", "messages", channel="#releases", include="metadata", **more)
        messages: list[Json] = found["messages"]
        return messages[1:] if thread_ts else messages

    async def thread(self) -> tuple[Json, list[Json]]:
        """Return the one card and its replies."""
        (card,) = await self.posts()
        return card, await self.posts(card["ts"]) if card["reply_count"] else []

    async def whispers(self, who: str, thread_ts: str | None = None) -> list[Json]:
        """Return what only *who* sees."""
        more = {"thread_ts": thread_ts} if thread_ts else {}
        found = await self.do(
            "GET", "messages", channel="#releases", as_=who, include="ephemeral", **more
        )
        return [each for each in found["messages"] if each.get("ephemeral")]

    async def click(self, who: str, message: Json, action_id: str, **more: Any) -> Json:
        return await self.do(
            "POST",
            "click",
            as_=who,
            channel="#releases",
            ts=message["ts"],
            action_id=action_id,
            **more,
        )

    async def slash(self, who: str, text: str) -> tuple[Json, str]:
        """Type a command; return what came of it and what only *who* then saw."""
        before = len(await self.whispers(who))
        done = await self.do(
            "POST", "slash", as_=who, channel="#releases", command="/baton", text=text
        )
        await self.quiet()
        new = (await self.whispers(who))[before:]
        return done, "\n".join(each["plain"] for each in new)

    async def quiet(self) -> None:
        await self.do("POST", "wait", until={"quiet": 60}, timeout_ms=5000)
        await self.world.tasks.settle()

    async def calls(self, method: str) -> list[Json]:
        found: list[Json] = (await self.do("GET", "calls", method=method))["calls"]
        return found

    async def modal(self, who: str) -> Json:
        (view,) = (await self.do("GET", "views", as_=who))["stack"]
        found: Json = view
        return found

    async def set_run(self, **values: Any) -> None:
        key = self.scene.run_key

        def unit(tx: Transaction) -> None:
            tx.execute(update(runs_table).where(runs_table.c.key == key), **values)

        await self.scene.door.write(unit)

    async def add_step(self, path: str, status: str, **more: Any) -> None:
        values = {"kind": "action", "name": path, "attempts": 1, "redo": 0, "position": 1} | more

        def unit(tx: Transaction) -> None:
            tx.execute(
                insert(steps_table), run_key=self.scene.run_key, path=path, status=status, **values
            )

        await self.scene.door.write(unit)

    async def set_step(self, path: str, **values: Any) -> None:
        here = (steps_table.c.run_key == self.scene.run_key, steps_table.c.path == path)

        def unit(tx: Transaction) -> None:
            tx.execute(update(steps_table).where(*here), **values)

        await self.scene.door.write(unit)

    async def publish(self, name: str, inputs: Json) -> None:
        now = self.world.clock.now()
        body = {"name": name, "settings": {}, "inputs": inputs}

        def unit(tx: Transaction) -> None:
            tx.execute(
                insert(definitions_table),
                hash=f"hash-{name}",
                name=name,
                revision=1,
                title=name.title(),
                description=f"What {name} does.",
                body=body,
                source="",
                published_at=now,
                published_by="UADA",
            )
            tx.execute(
                insert(workflows_table),
                name=name,
                status="active",
                hash=f"hash-{name}",
                problems=None,
                updated_at=now,
            )

        await self.scene.door.write(unit)


def delivery_of(
    scene: Scene, world: World, client: SlackClient, coordinator: Coordinator
) -> Delivery:
    drawings = SlackDrawings(scene.door, public_url=URL, channel=lambda: coordinator.rules.channel)
    return Delivery(scene.door, world, client, drawings)  # type: ignore[arg-type]


@asynccontextmanager
async def open_box(path: Path) -> AsyncIterator[Box]:
    """Start it all; everything is closed after it."""
    options = Options(
        manifest=understand(manifest()), fixture={"users": PEOPLE, "channels": CHANNELS}
    )
    world = World()
    scene = await open_scene(path)
    scene.now, scene.ids = world.clock.now(), world.ids
    async with Server(options) as slack, open_session() as session:
        client = SlackClient(open_web(session, api_url=slack.api_url, token=slack.keys.bot_token))
        runtime = NotedRuntime()
        ports = Ports(runtime, InputCheck(), SlackDirectory(client))  # type: ignore[arg-type]
        coordinator = Coordinator(scene.door, world, ports, Rules(ROLES, channel="#releases"))  # type: ignore[arg-type]
        await coordinator.refresh_directory()
        identity = Identity(client, slack.keys.bot_token)
        bolt = build_bolt(session, identity, api_url=slack.api_url)
        program = NotedProgram()
        homes = HomeTabs(client, coordinator, program, world, URL)  # type: ignore[arg-type]
        screens = SlackScreens(client, public_url=URL, homes=homes)
        others = Overhearing(coordinator, SlackLooks(client))
        bus = Bus(coordinator, world, Marks(client), others)  # type: ignore[arg-type]
        register(bolt, coordinator, screens, world, program, bus)  # type: ignore[arg-type]
        socket = SlackSocket(bolt, slack.keys.app_token, identity, world)  # type: ignore[arg-type]
        await socket.connect()
        delivery = delivery_of(scene, world, client, coordinator)
        try:
            yield Box(
                slack,
                scene,
                world,
                client,
                runtime,
                coordinator,
                delivery,
                socket,
                program,
                homes,
            )
        finally:
            await socket.close()
            await world.tasks.drain()
    await scene.door.close()

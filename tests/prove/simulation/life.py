"""One life of a simulated server: all of Baton but its sockets, on a disk and a Slack that outlive it."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI

from baton.connector import ActionContext, Connector, Params, action
from bot.app import REFRESH, make_timers
from bot.slack.client import SlackClient
from bot.slack.delivery import Delivery
from bot.slack.drawings import SlackDrawings
from bot.slack.home import HomeTabs
from bot.slack.looks import SlackLooks
from bot.slack.screens import SlackScreens
from bot.slack.sweep import Marks
from coordination.changes import Changes
from coordination.clockwork import Clockwork
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import Lock
from coordination.dispatcher import Dispatcher
from coordination.policy import Roles
from coordination.ports import Group, Person
from coordination.secrets import Secrets
from coordination.slack_bus import BusChannel
from handlers.http import Edge, create_api
from handlers.http.sessions import Sessions
from handlers.slack import approvals, bus, commands, controls, errors, home, mentions, runs
from handlers.slack.bus import Bus
from handlers.slack.listening import Edge as SlackEdge
from handlers.slack.overhearing import Overhearing
from tests.prove.simulation.disk import Disk
from tests.prove.simulation.door import SimDoor, Trouble
from tests.prove.simulation.faults import Faults
from tests.prove.simulation.listeners import Listeners
from tests.prove.simulation.plans import PLANS
from tests.prove.simulation.slack import BUS, Line, SimSlack
from tests.prove.simulation.world import SimWorld
from workflows.actions.registry import Registry
from workflows.language.definition import InputCheck
from workflows.language.expressions import Evaluator
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host, HostSettings
from workflows.schedule import next_slot

URL = "http://baton.test"
SWEEP = timedelta(seconds=30)
ROLES = Roles.read({"operator": ["@grace", "@maya"]})
RULES = Rules(ROLES, channel="#releases", bus=(BusChannel(BUS, {"B0CI": "builder"}),))


class Told(Params):
    """What the scripted actions take."""

    say: Any = None


@cache
def sealing() -> Secrets:
    return Secrets(b"k" * 32, {"TOKEN": "unused"}.__getitem__)


@cache
def application(version: str = "0") -> FastAPI:
    """Return the HTTP application; every life gives it an edge of its own."""
    unbegun: Any = Edge(
        coordinator=cast("Any", None),
        world=cast("Any", SimWorld(random.Random(0))),  # noqa: S311 - a simulation
        changes=Changes("none"),
        sessions=Sessions(b"s" * 32),
        readiness=cast("Any", None),
        rehearsals=cast("Any", None),
        public_url=URL,
        static=Path("/nowhere"),
    )
    return create_api(unbegun, version=version)


@dataclass
class Everybody:
    """The directory, as the port has it."""

    here: Callable[[], tuple[Person, ...]]
    known: Callable[[], tuple[Group, ...]]

    async def people(self) -> tuple[Person, ...]:
        return self.here()

    async def groups(self) -> tuple[Group, ...] | None:
        return self.known()


@dataclass(frozen=True)
class Surroundings:
    """What outlives every life of one history."""

    disk: Disk
    slack: SimSlack
    faults: Faults
    perform: Callable[..., Awaitable[Any]]
    people: Callable[[], tuple[Person, ...]]
    groups: Callable[[], tuple[Group, ...]]
    next_place: Callable[[], int]
    knows: Callable[[int], None]  # who is in the groups is known up to that place
    secrets: Mapping[str, str]
    committing: Callable[[Callable[[], None]], None]
    committed: Callable[[tuple[Any, ...]], None]


class Nobody:
    """The program around the listeners, of which nothing is the matter."""

    async def problems(self) -> tuple[str, ...]:
        return ()

    def login_link(self, person: str) -> str:
        return f"{URL}/login/{person}"


@dataclass
class Life:
    """A Baton that lives until its loop is dropped."""

    around: Surroundings
    world: SimWorld
    door: SimDoor
    host: Host
    coordinator: Coordinator
    delivery: Delivery
    listeners: Listeners
    homes: HomeTabs
    line: Line
    lock: Lock
    timers: Any
    dispatcher: Dispatcher
    clockwork: Clockwork
    ready: bool = field(default=False)

    async def begin(self) -> None:
        """Take up what an earlier life left, as the program does when it starts."""
        await self.refresh()
        await self.host.begin()
        tasks = self.world.tasks
        tasks.keep("dispatcher", self.dispatcher.run)
        tasks.keep("timers", self.timers.run)
        tasks.keep("clockwork", self.clockwork.run)
        tasks.keep("directory", self._directory)
        tasks.keep("delivery", self.delivery.run)
        self.ready = True

    async def _directory(self) -> None:
        while True:
            await self.world.clock.sleep(REFRESH)
            await self.refresh()

    async def refresh(self) -> None:
        """Read who there is, and say outside up to which moment that is known."""
        place = self.around.next_place()
        await self.coordinator.refresh_directory()
        self.around.knows(place)

    def die(self) -> None:
        """Touch nothing any more."""
        self.door.dead = self.line.cut = True
        self.lock.release()


@lru_cache(maxsize=1)
def connector(perform: Callable[..., Awaitable[Any]]) -> Connector:
    """Return the scripted actions of one history, which all of its lives have."""

    @action("test.again", repeatable=True)
    async def again(params: Told, ctx: ActionContext) -> Any:
        """Do something that may be done twice."""
        return await perform(params, ctx, repeatable=True)

    @action("test.once", repeatable=False)
    async def once(params: Told, ctx: ActionContext) -> Any:
        """Do something that must not be done twice."""
        return await perform(params, ctx, repeatable=False)

    return Connector("test", actions=(again, once))


def assemble(around: Surroundings, world: SimWorld) -> Life:
    """Wire one life together, as `bot.app` does."""
    changes, lock = Changes("boot"), Lock.take(around.disk.path)
    trouble = Trouble(around.faults)
    door = SimDoor(
        around.disk, changes, around.committing, around.committed, around.faults, trouble
    )
    registry = Registry((connector(around.perform),))
    host = embedded_runtime(
        door,
        world,
        registry=registry,
        read_plan=lambda content, body: PLANS[content],
        secrets=around.secrets.__getitem__,
        sealing=sealing(),
        settings=HostSettings(
            instance_key=b"key", roles=lambda: ROLES, actions_at_once=3, sweep=SWEEP
        ),
    )
    evaluator, inputs = Evaluator(), InputCheck()
    ports = Ports(
        host, inputs, Everybody(around.people, around.groups), sealing(), None, evaluator, next_slot
    )
    coordinator = Coordinator(door, world, ports, RULES)
    clockwork = Clockwork(door, world, next_slot)
    line = Line(around.slack)
    client = SlackClient(cast("Any", line))
    homes = HomeTabs(client, coordinator, cast("Any", Nobody()), world, URL)
    return Life(
        around,
        world,
        door,
        host,
        coordinator,
        deliver(door, world, client, coordinator),
        listen(coordinator, world, client, homes),
        homes,
        line,
        lock,
        make_timers(door, cast("Any", world), coordinator, clockwork),
        Dispatcher(
            door,
            world,
            expressions=evaluator,
            inputs=inputs,
            runtime=host,
            channel=RULES.channel,
            secrets=sealing(),
        ),
        clockwork,
    )


def deliver(
    door: SimDoor, world: SimWorld, client: SlackClient, coordinator: Coordinator
) -> Delivery:
    drawings = SlackDrawings(door, public_url=URL, channel=lambda: coordinator.rules.channel)
    return Delivery(door, world, client, drawings, coordinator)


def listen(
    coordinator: Coordinator, world: SimWorld, client: SlackClient, homes: HomeTabs
) -> Listeners:
    """Register who listens to buttons, forms, commands, Home, mentions, and messages of the bus."""
    bolt = Listeners()
    screens = SlackScreens(client, public_url=URL, homes=homes)
    edge = SlackEdge(coordinator, screens, world, cast("Any", Nobody()))
    others = Overhearing(coordinator, SlackLooks(client))
    bus.register(cast("Any", bolt), Bus(coordinator, world, Marks(client), others))
    for part in (approvals, runs, controls, commands, home, mentions, errors):
        part.register(cast("Any", bolt), edge)
    return bolt


async def open_edge(life: Life) -> FastAPI:
    """Point the HTTP application at *life*."""
    app = application()
    app.state.edge = Edge(
        coordinator=life.coordinator,
        world=life.world,
        changes=life.door.changes,
        sessions=Sessions(b"s" * 32),
        readiness=cast("Any", None),
        rehearsals=cast("Any", None),
        public_url=URL,
        static=Path("/nowhere"),
    )
    return app


__all__ = ["ROLES", "Life", "Surroundings", "application", "assemble", "open_edge"]

"""The composition root: the only place that knows everybody."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from baton.connector import Connector
from bot.configuration import Configuration
from bot.definitions import Definitions
from bot.file_triggers import FileTriggers
from bot.housekeeping import Housekeeping, keeping_of
from bot.keys import derived, instance_key
from bot.looking import Finding, of_slack
from bot.rereading import Rereading
from bot.running_programs import RunningPrograms
from bot.settings import InvalidSettings, Settings
from bot.slack.connection import SlackConnection
from bot.store_watch import StoreWatch
from bot.vitals import Watch
from bot.world import SystemWorld, make_world
from bot.written_files import WrittenFiles
from coordination import leases, windows
from coordination.changes import Changes
from coordination.clockwork import OWNER as TRIGGER
from coordination.clockwork import Clockwork
from coordination.coordinator import Coordinator, Ports
from coordination.database import Door, open_sqlite
from coordination.dispatcher import Dispatcher
from coordination.lookups import Rules
from coordination.policy import Roles
from coordination.secrets import Secrets
from coordination.signalling import Signalling
from coordination.timers import Timers
from handlers.http.sessions import OWN_LINK_LIFE, Sessions
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.compile import compile_body
from workflows.language.definition import InputCheck
from workflows.language.expressions import Evaluator
from workflows.language.reading import DefinitionReader
from workflows.rehearsal import PublishedRehearsals, Rehearsal
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host, HostSettings
from workflows.runtimes.host.timers import fire_timer
from workflows.schedule import next_slot

log = structlog.get_logger()

REFRESH = timedelta(minutes=4)  # votes are judged by a directory of at most 5 minutes


@dataclass(frozen=True, slots=True)
class Fittings:
    """What is fitted in beside Baton's own: connectors, and the runtime that drives the runs."""

    connectors: tuple[Connector, ...] = ()
    runtime: Callable[..., Host] = embedded_runtime


OWN = Fittings()


@dataclass(frozen=True, slots=True)
class Baton:
    """Everything of one running Baton, wired and not yet started."""

    settings: Settings
    world: SystemWorld
    door: Door
    host: Host
    coordinator: Coordinator
    dispatcher: Dispatcher
    timers: Timers
    clockwork: Clockwork
    files: FileTriggers
    definitions: Definitions
    sessions: Sessions
    rehearsals: PublishedRehearsals
    slack: SlackConnection
    rereading: Rereading
    store: StoreWatch
    housekeeping: Housekeeping
    watch: Watch

    async def begin(self) -> None:
        """Load definitions, take up what an earlier life left, and go on; Slack comes last."""
        await self.rereading.begin()
        await self.definitions.load()
        await self.host.begin()
        tasks = self.world.tasks
        tasks.keep("dispatcher", self.dispatcher.run)
        tasks.keep("timers", self.timers.run)
        tasks.keep("clockwork", self.clockwork.run)
        tasks.keep("files", self.files.run)
        tasks.keep("definitions", self.definitions.watch)
        tasks.keep("configuration", lambda: self.rereading.watch(self._take_rules))
        tasks.keep("directory", self._directory)
        tasks.keep("housekeeping", self.housekeeping.run)
        tasks.keep("loop lag", self.watch.lag.run)
        await self.slack.begin(self.coordinator, self.door, self)

    async def stop(self) -> None:
        """Take nothing in any more, bring in what is in flight, and close."""
        await self.slack.close()
        await self.host.stop()
        await self.slack.flush()
        await self.world.close()
        await self.slack.release()
        await self.door.close()

    async def problems(self) -> tuple[str, ...]:
        """Return a sentence for each part that is not well."""
        return tuple(f"{each.what}: {each.says}" for each in await self.findings() if not each.good)

    async def findings(self) -> tuple[Finding, ...]:
        """Look at everything this Baton stands on, but for what the store itself tells."""
        failing = await self.readiness()
        failing.pop("slack", None)  # more of it is said below
        file = self.rereading
        return (
            *(Finding(part, good=False, says=word) for part, word in failing.items()),
            *await of_slack(self.slack, self.world),
            *await self.watch.findings(),
            *(
                Finding("definitions", good=False, says=each)
                for each in self.definitions.complaints()
            ),
            *(Finding("files", good=False, says=each) for each in self.files.troubles.values()),
            Finding("baton.yaml", file.problem is None, file.problem or str(file.place)),
        )

    async def rehearse(self, name: str, given: Mapping[str, Any]) -> Rehearsal:
        """Show what a run of a published workflow would do. Raises: Refused."""
        return await self.rehearsals.rehearse(name, given)

    def login_link(self, person: str) -> str:
        """Return a link that logs *person* in on the web, once, within five minutes."""
        now, nonce = self.world.clock.now(), self.world.ids.new("ln")
        token = self.sessions.link(person, now=now, nonce=nonce, life=OWN_LINK_LIFE)
        return f"{self.settings.address}/login?t={token}"

    async def readiness(self) -> dict[str, str]:
        """Return what is not ready, each with a word that says how."""
        failing: dict[str, str] = {}
        if (word := await self.store.problem()) is not None:
            failing["database"] = word
        if self.slack.problem is not None:
            failing["slack"] = self.slack.problem
        failing.update({f"loop {name}": "failed" for name in self.world.tasks.down})
        return failing

    def _take_rules(self, rules: Rules) -> None:
        self.coordinator.rules = rules

    async def _directory(self) -> None:
        """Keep the directory fresh; a failure is tried again soon, and shows as old votes waiting."""
        while True:
            pause = REFRESH
            try:
                await self.coordinator.refresh_directory()
            except Exception as error:  # noqa: BLE001 - the edge of a loop: recorded, tried again
                log.warning("directory_not_read", error=str(error))
                pause = timedelta(seconds=5)
            await self.world.clock.sleep(pause)


async def build(settings: Settings, configuration: Configuration) -> Baton:
    """Open the data folder and wire the parts together.

    Raises:
        InvalidSettings: a setting is missing or wrong.
        DatabaseInUse, DatabaseUnusable: the data folder is another server's, or not usable.
    """
    tokens = settings.slack_tokens()
    await asyncio.to_thread(make_folders, settings)
    world = make_world(
        root=settings.work, http_allow=settings.http_allow, programs=settings.shell_allow
    )
    changes = Changes(world.ids.new("boot"))
    door = await open_sqlite(settings.database, changes=changes)
    slack = SlackConnection(settings, tokens, world)
    try:
        return assemble(settings, configuration, world, door, slack)
    except BaseException:
        await slack.release()
        await door.close()
        raise


def assemble(
    settings: Settings,
    configuration: Configuration,
    world: SystemWorld,
    door: Door,
    slack: SlackConnection,
    fittings: Fittings = OWN,
) -> Baton:
    """Wire the parts together; nothing of them is begun."""
    rereading = Rereading(
        settings.configuration, configuration, channel=settings.channel, door=door, world=world
    )
    registry = make_registry(settings, world, door, fittings)
    host = make_host(settings, world, door, registry, fittings, lambda: rereading.rules.roles)
    inputs, evaluator, secrets = InputCheck(), Evaluator(), secrets_of(settings, world)
    ports = Ports(
        host, inputs, slack.directory, secrets, DefinitionReader(registry), evaluator, next_slot
    )
    coordinator = Coordinator(door, world, ports, rereading.rules)
    dispatcher = Dispatcher(
        door,
        world,
        expressions=evaluator,
        inputs=inputs,
        runtime=host,
        channel=settings.channel,
        secrets=secrets,
    )
    clockwork = Clockwork(door, world, next_slot)
    return Baton(
        settings=settings,
        world=world,
        door=door,
        host=host,
        coordinator=coordinator,
        dispatcher=dispatcher,
        timers=make_timers(door, world, coordinator, clockwork),
        clockwork=clockwork,
        files=FileTriggers(door, world, settings.work),
        definitions=Definitions(coordinator, settings.workflows),
        sessions=Sessions(derived(instance_key(settings, world.ids), "sessions")),
        rehearsals=PublishedRehearsals(coordinator.workflow, registry, world.clock),
        slack=slack,
        rereading=rereading,
        store=StoreWatch(door, world.clock),
        housekeeping=Housekeeping(door, world, keeping_of(settings)),
        watch=Watch(door, world, settings.database),
    )


def make_registry(
    settings: Settings, world: SystemWorld, door: Door, fittings: Fittings
) -> Registry:
    """Make the list of all actions that steps may use."""
    own = built_in(
        environment=settings.child_environment(),
        repositories=world.repositories,
        signals=Signalling(door, world),
    )
    return Registry((*own, *fittings.connectors))


def make_timers(
    door: Door, world: SystemWorld, coordinator: Coordinator, clockwork: Clockwork
) -> Timers:
    """Make the one loop of timers, with what fires those of each owner."""
    fires = {
        "run": fire_timer,
        "approval": coordinator.fire_approval,
        "process": leases.fire,
        TRIGGER: clockwork.fire,
        windows.OWNER: windows.fire,
    }
    return Timers(door, world, fires)


def make_host(
    settings: Settings,
    world: SystemWorld,
    door: Door,
    registry: Registry,
    fittings: Fittings,
    roles: Callable[[], Roles],
) -> Host:
    """Make what drives the runs."""
    written = WrittenFiles(door, world.clock, world.files)
    return fittings.runtime(
        door,
        world,
        registry=registry,
        read_plan=lambda revision, body: compile_body(revision, body, registry),
        secrets=settings.secret,
        sealing=secrets_of(settings, world),
        settings=HostSettings(
            instance_key=derived(instance_key(settings, world.ids), "runs"),
            public_url=settings.address,
            actions_at_once=settings.action_limit,
            grace=settings.stop_grace,
            roles=roles,
            files=written.of,
            programs=RunningPrograms(world, written).of,
        ),
    )


def secrets_of(settings: Settings, world: SystemWorld) -> Secrets:
    """Return what closes and opens secrets under the key of this instance."""
    return Secrets(derived(instance_key(settings, world.ids), "secrets"), settings.secret)


def make_folders(settings: Settings) -> None:
    for folder in (settings.data, settings.work):
        make_folder(folder)


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InvalidSettings(
            f"{folder}: {error.strerror}. Set BATON_DATA to a folder that Baton may write."
        ) from None

"""The host of the core: finds runs that have something to do, and drives each in its mailbox."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from coordination import revisions, run_views
from coordination.database import Door, Reader
from coordination.errors import NotFound
from coordination.ports import Definition, Revision, RunView
from coordination.revisions import Writing
from coordination.run_secrets import opened
from coordination.secrets import Secrets
from coordination.world import World
from workflows import store
from workflows.actions.registry import Registry
from workflows.runs import UnknownRun
from workflows.runtimes.host.limits import HostSettings
from workflows.runtimes.host.lives import Lives
from workflows.runtimes.host.parts import Parts, PlanReader
from workflows.runtimes.host.performing import Performer, SecretLookup
from workflows.runtimes.host.recovery import Recovery
from workflows.runtimes.host.slots import Slots

__all__ = ["Host"]

log = structlog.get_logger(__name__)


class Host:
    """Drives runs durably. Satisfies `coordination.ports.Runtime`.

    Args:
        door: the database.
        world: of this life.
        registry: the actions that steps may use.
        read_plan: compiles the body of a stored definition; gets its content hash too.
        secrets: gives the text of a secret by name; raises KeyError.
        sealing: opens the secret inputs of runs, and seals those of children.
        settings: how it works.
        journaled: keep every run in its journal; otherwise runs live in memory and end with it.
    """

    def __init__(  # noqa: PLR0913 - each is a part that the composition root hands in
        self,
        door: Door,
        world: World,
        *,
        registry: Registry,
        read_plan: PlanReader,
        secrets: SecretLookup,
        settings: HostSettings,
        journaled: bool,
        sealing: Secrets | None = None,
    ) -> None:
        async def inputs(run_key: int) -> Mapping[str, str]:
            return await door.read(lambda reader: opened(reader, run_key, sealing))

        self._parts = Parts(
            door=door,
            world=world,
            performer=Performer(world, registry, secrets, inputs, settings),
            sealing=sealing,
            settings=settings,
            read_plan=read_plan,
            journaled=journaled,
            slots=Slots(settings.actions_at_once),
        )
        self._lives = Lives(self._parts)
        self._recovery = Recovery(self._parts, self._lives)

    async def begin(self) -> None:
        """Start to drive runs: those that an earlier life left, and all that come.

        Raises:
            Unavailable: the database cannot be written.
        """
        self._parts.fence = await self._parts.door.write(store.raise_fence)
        log.info("host_begins", fence=self._parts.fence)
        self._parts.world.tasks.start("runs", self._listen())
        self._parts.world.tasks.start("recovery", self._recovery.run())

    async def stop(self) -> None:
        """Begin nothing new; give what is in flight a moment, then stop it.

        What was stopped counts as interrupted: the next life runs it again, or asks people.
        """
        self._parts.stopping = True
        flying = tuple(self._parts.aloft)
        if flying:
            log.info("host_drains", actions=len(flying))
            await self._landed(self._parts.settings.grace)
        for each in tuple(self._parts.aloft):
            each.cancel()
        await self._landed(self._parts.settings.grace)
        while self._lives.working and self._parts.door.broken is None:
            await self._parts.world.clock.sleep(timedelta(milliseconds=20))

    async def _landed(self, within: timedelta) -> None:
        try:
            async with asyncio.timeout(within.total_seconds()):
                for each in tuple(self._parts.aloft):
                    await each.gone()
        except TimeoutError:
            log.warning("actions_still_in_flight", actions=len(self._parts.aloft))

    async def publish_definition(
        self, definition: Definition, *, by: str, draft: bool = False
    ) -> Revision:
        """Store *definition* for ever, and put its workflow on it.

        Args:
            definition: checked; the same body gives the same revision.
            by: who publishes it.
            draft: a workflow that is new starts nothing by itself until somebody activates it.
        """
        now = self._parts.world.clock.now()
        new = Writing(definition=definition, by=by, via="runtime", draft=draft)
        published = await self._parts.door.write(
            lambda tx: revisions.publish(tx, new, gains=lambda *_: (), at=now)
        )
        return published.revision

    async def start(self, run_id: str) -> None:
        """Begin the queued run *run_id*, or do nothing if it has begun."""
        key = await self._parts.door.read(lambda reader: store.key_of(reader, run_id))
        if key is not None:
            self._lives.hint(key)

    async def deliver(self, wakeup_id: int) -> None:
        """Drain the wake-up row *wakeup_id*."""
        key = await self._parts.door.read(lambda reader: store.run_of_wakeup(reader, wakeup_id))
        if key is not None:
            self._lives.hint(key)

    async def describe(self, run_id: str) -> RunView:
        """Say where the run stands.

        Raises:
            UnknownRun: there is no run of that id.
        """

        async def query(reader: Reader) -> RunView:
            return await run_views.view(reader, await run_views.row_of(reader, run_id))

        try:
            return await self._parts.door.read(query)
        except NotFound as error:
            raise UnknownRun(run_id) from error

    async def _listen(self) -> None:
        """Hear of wake-ups as they are stored."""
        with self._parts.door.changes.subscribe("wakeup", "start") as changes:
            while not self._parts.stopping:
                for change in await changes.wait():
                    self._lives.hint(int(change.id))

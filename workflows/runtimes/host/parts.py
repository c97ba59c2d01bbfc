"""What all runs of one life share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

import structlog

from coordination.database import Door, Transaction, Unavailable
from coordination.policy import Roles
from coordination.ports import Definition
from coordination.secrets import Secrets
from coordination.store import definitions as definition_store
from coordination.store import triggers as trigger_store
from coordination.world import World
from workflows import store
from workflows.core.hiding import hidden
from workflows.core.plan import Plan
from workflows.runs import Faulted
from workflows.runtimes.host.limits import HostSettings
from workflows.runtimes.host.performing import Performer
from workflows.runtimes.host.plain_records import Places, places_of
from workflows.runtimes.host.records import has_secrets
from workflows.runtimes.host.slots import Slots

__all__ = ["Landing", "Parts", "PlanReader"]

T = TypeVar("T")
PlanReader: TypeAlias = Callable[[str, Any], Plan]
"""Compiles the body of a stored definition; the first argument is its content hash."""

log = structlog.get_logger(__name__)


class Landing(Protocol):
    """An attempt, as far as others have to wait for its end."""

    async def gone(self) -> None: ...
    def cancel(self) -> None: ...


@dataclass(slots=True)
class Parts:
    """Handed to every run of this life.

    Args:
        door: the database.
        world: of this life.
        performer: performs actions.
        sealing: seals the secret inputs of runs; without it none can begin with any.
        settings: of the host.
        read_plan: compiles definitions.
        journaled: whether runs are kept in journals, or in memory alone.
        slots: the places in which actions are performed.
        fence: the number of this life.
        stopping: nothing new is begun.
        plans: that were compiled, by content hash.
        secretive: those of which a step gives what must not be seen, by content hash.
        places: what the records of their steps say from the beginning, likewise.
        compiling: held by whoever compiles one.
        hidden: those under which all that is given is secret.
        definitions: of children, by content hash.
        aloft: the attempts that are not over yet, with run and path.
        newest: the one of them that began last, by run and path.
    """

    door: Door
    world: World
    performer: Performer
    sealing: Secrets | None
    settings: HostSettings
    read_plan: PlanReader
    journaled: bool
    slots: Slots
    fence: int = 0
    stopping: bool = False
    plans: dict[str, Plan] = field(default_factory=dict)
    secretive: set[str] = field(default_factory=set)
    places: dict[str, Places] = field(default_factory=dict)
    compiling: asyncio.Lock = field(default_factory=asyncio.Lock)
    hidden: dict[str, Plan] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    aloft: dict["Landing", tuple[int, str]] = field(default_factory=dict)
    newest: dict[tuple[int, str], "Landing"] = field(default_factory=dict)

    @property
    def roles(self) -> Roles:
        return self.settings.roles()

    def is_aloft(self, place: tuple[int, str]) -> bool:
        """Say whether an attempt at *place* is not over yet."""
        return place in self.newest

    def lift(self, flying: "Landing", place: tuple[int, str]) -> "Landing | None":
        """Note that *flying* is aloft; return the one at *place* that has to be gone before it."""
        before = self.newest.get(place)
        self.aloft[flying] = place
        self.newest[place] = flying
        return before

    def land(self, flying: "Landing") -> None:
        """Note that *flying* is over."""
        place = self.aloft.pop(flying, None)
        if place is not None and self.newest.get(place) is flying:
            del self.newest[place]

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        """Store *unit*, however long the database takes to come back.

        Raises:
            Unavailable: it will not come back in this life.
        """
        while True:
            try:
                return await self.door.write(unit)
            except Unavailable as error:
                if self.stopping or self.door.broken is not None:
                    raise
                log.warning("store_unavailable", error=str(error))
            await self.world.clock.sleep(self.settings.pause)

    async def plan(self, content: str) -> Plan:
        """Return the plan of the revision with this content hash.

        Raises:
            Faulted: the revision is not stored, or cannot be compiled any more.
        """
        if content not in self.plans:
            async with self.compiling:  # after a start, thousands of runs may want the same one
                if content not in self.plans:
                    plan = await self._compiled(content)
                    if has_secrets(plan):
                        self.secretive.add(content)
                    self.places[content] = places_of(plan)
                    self.plans[content] = plan
        return self.plans[content]

    async def _compiled(self, content: str) -> Plan:
        body = await self.door.read(lambda reader: store.body(reader, content))
        if body is None:
            raise Faulted(f"the definition {content} of this run is not stored")
        try:
            return self.read_plan(content, body)
        except ValueError as error:
            raise Faulted(f"the definition of this run does not compile: {error}") from error

    async def hidden_plan(self, content: str) -> Plan:
        """Return the plan for a run that gives nothing but secrets. Raises: Faulted, as `plan`."""
        if content not in self.hidden:
            self.hidden[content] = hidden(await self.plan(content))
        return self.hidden[content]

    async def definition(self, content: str) -> Definition | None:
        """Return the revision with this content hash; None where it is not stored."""
        if content not in self.definitions:
            row = await self.door.read(lambda reader: trigger_store.definition(reader, content))
            if row is None:
                return None
            self.definitions[content] = definition_store.definition(row, [])
        return self.definitions[content]

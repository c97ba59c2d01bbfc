"""A scene with a Coordinator on it, and as much of the layers above as it calls."""

from collections.abc import Mapping
from typing import Any

from baton.reading import Reading, Source, read_event
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import Transaction, update
from coordination.errors import (
    InvalidInputs,
)
from coordination.ports import Definition, Group, Person, RunView
from coordination.reporting import Told
from coordination.tokens import Credential
from tests.coordination.scene import (
    PEOPLE,
    ROLES,
    Scene,
    SmallWorld,
)

SOURCE = Source("ci", "ci", "generic")
TOOL = Credential("abc", SOURCE, frozenset({"notify"}), owner="UADA", channel="#builds")


class NotedRuntime:
    """Remembers what it was told; the rows are there without it."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.delivered: list[int] = []

    async def start(self, run_id: str) -> None:
        self.started.append(run_id)

    async def deliver(self, wakeup_id: int) -> None:
        self.delivered.append(wakeup_id)

    async def publish_definition(self, definition: Definition, *, by: str) -> Any:
        raise NotImplementedError

    async def describe(self, run_id: str) -> RunView:
        raise NotImplementedError


class TargetsOnly:
    """Takes one input, `target`, which has a default."""

    def check(self, definition: Definition, values: Mapping[str, Any]) -> Mapping[str, Any]:
        problems = [(name, "is unknown") for name in values if name != "target"]
        if problems:
            raise InvalidInputs(problems)
        return {"target": "staging"} | dict(values)


class Workspace:
    def __init__(self) -> None:
        self.members: tuple[Person, ...] = PEOPLE
        self.user_groups: tuple[Group, ...] | None = ()
        self.asked = 0

    async def people(self) -> tuple[Person, ...]:
        self.asked += 1
        return self.members

    async def groups(self) -> tuple[Group, ...] | None:
        return self.user_groups


class Floor:
    """A scene with a Coordinator on it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.world = SmallWorld()
        self.world.ids = scene.ids
        self.runtime = NotedRuntime()
        self.workspace = Workspace()
        ports = Ports(self.runtime, TargetsOnly(), self.workspace)
        rules = Rules(ROLES, ("@grace",), "#general")
        self.coordinator = Coordinator(scene.door, self.world, ports, rules)  # type: ignore[arg-type]

    async def set(self, table: Any, **values: Any) -> None:
        def unit(tx: Transaction) -> None:
            tx.execute(update(table), **values)

        await self.scene.door.write(unit)

    def read(self, body: Mapping[str, Any], who: Credential = TOOL) -> Reading:
        return read_event(
            dict(body),
            credential=who.source,
            received_at=self.world.clock.now(),
            event_id=self.world.ids.new("ev"),
            new_id=lambda: self.world.ids.new("id"),
        )

    async def report(
        self, body: Mapping[str, Any], *, who: Credential = TOOL, raw: bytes = b"{}", **more: Any
    ) -> Any:
        items = [self.read(body, who)]
        (accepted,) = await self.coordinator.accept(who, items, raw=raw, **more)
        return accepted

    async def rehearse(self, *bodies: Mapping[str, Any], who: Credential = TOOL) -> Any:
        told = [Told(self.read(body, who)) for body in bodies]
        return await self.coordinator.rehearse(who, told)

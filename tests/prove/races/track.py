"""What races are run on: the real store and the real parts around it, and a clock that a race sets."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from baton.reading import Source, read_event
from coordination import directory, runs, timers
from coordination.changes import Change, Changes
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import (
    InlineDoor,
    Reader,
    Row,
    Transaction,
    definitions,
    insert,
    open_sqlite,
)
from coordination.database.door import Door, SqliteDoor
from coordination.database.statements import Statements
from coordination.dispatcher import Dispatcher
from coordination.ports import Definition, Group, Person
from coordination.runs import NewRun
from coordination.timers import Due
from coordination.tokens import Credential
from tests.coordination.scene import PEOPLE, ROLES, T0, CountingIds
from workflows.language.expressions import Evaluator
from workflows.runtimes.host import fire_timer

T = TypeVar("T")
TOOL = Credential("abc", Source("ci", "ci", "generic"), frozenset({"notify"}), owner="UADA")
TURNS = (6, 200)  # of the loop by which a unit may be late: mostly, and now and then
_DEFINITION = insert(definitions)


class RaceClock:
    """Wall time is what the race says; sleeping is the loop's."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def now(self) -> Any:
        return T0 + self.passed

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())


class RaceTasks:
    """Starts tasks and keeps what failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self._running: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failed.append(f"{task.get_name()}: {task.exception()!r}")

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


class RaceWorld:
    def __init__(self) -> None:
        self.clock = RaceClock()
        self.ids = CountingIds()
        self.tasks = RaceTasks()


class Jostled:
    """A door before which everybody is held up for a few turns of the loop, as chance has it.

    Who writes keeps their place in the queue, as before the door that ships: it has one writer.
    """

    def __init__(self, door: Door, chance: random.Random) -> None:
        self._door = door
        self._chance = chance
        self._queue = asyncio.Lock()
        self.jostling = False

    @property
    def changes(self) -> Changes:
        return self._door.changes

    @property
    def broken(self) -> str | None:
        return self._door.broken

    async def write(self, unit: Callable[[Transaction], T], /, *, patient: bool = False) -> T:
        async with self._queue:
            await self._turns()
        return await self._door.write(unit, patient=patient)

    async def read(self, query: Callable[[Reader], Awaitable[T]], /) -> T:
        await self._turns()
        found = await self._door.read(query)
        await self._turns()
        return found

    async def close(self) -> None:
        await self._door.close()

    async def _turns(self) -> None:
        if self.jostling:
            most = TURNS[self._chance.random() < 0.05]
            for _ in range(self._chance.randrange(most)):
                await asyncio.sleep(0)


class Nobody:
    """A runtime, inputs and a directory: nobody needs telling, since every row is looked at."""

    def check(self, definition: Definition, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return values

    async def start(self, run_id: str) -> None: ...

    async def deliver(self, wakeup_id: int) -> None: ...

    async def people(self) -> tuple[Person, ...]:
        return PEOPLE

    async def groups(self) -> tuple[Group, ...]:
        return ()


class NotedTimers(timers.Timers):
    """Notes which questions it has decided, and for how many it came too late."""

    def of(self, track: "Track") -> "NotedTimers":
        self._track = track
        return self

    async def _fire_one(self, due: Due, now: datetime) -> bool:
        fired = await super()._fire_one(due, now)
        if due.owner_kind == "approval" and fired:
            self._track.expired.add(due.owner_key)
        elif due.owner_kind == "approval":
            self._track.came_late += 1
        return fired


@dataclass
class Track:
    """A store of its own with all that races on it."""

    door: Jostled
    world: RaceWorld
    coordinator: Coordinator
    expired: set[int] = field(default_factory=set)  # questions that the timer has decided
    came_late: int = 0  # timers of questions that were decided

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        return await self.door._door.write(unit)

    async def rows(self, wanted: Any) -> list[Row]:
        async def query(reader: Reader) -> list[Row]:
            return await reader.fetch_all(wanted)

        return await self.door._door.read(query)

    async def report(self, sha: str) -> str:
        """Report that a test of *sha* has completed; return the event's id once it is stored."""
        ids, now = self.world.ids, self.world.clock.now()
        body = {
            "process_id": ids.new("test"),
            "category": "test",
            "status": "completed",
            "subject": {"sha": sha},
        }
        reading = read_event(
            body,
            credential=TOOL.source,
            received_at=now,
            event_id=ids.new("ev"),
            new_id=lambda: ids.new("id"),
        )
        (accepted,) = await self.coordinator.accept(TOOL, [reading], raw=b"{}")
        return str(accepted.event_id)

    def pass_time(self, until: datetime) -> None:
        clock = self.world.clock
        clock.passed = max(clock.passed, until - T0)
        self.door.changes.publish([Change("timer", "bell")])

    def new_run(self, tx: Transaction, name: str) -> int:
        new = NewRun(
            id=name,
            workflow="demo",
            hash="h",
            inputs={},
            trigger={"kind": "manual"},
            started_by="UADA",
            requested_by="UADA",
        )
        return runs.start(tx, new, now=self.world.clock.now(), ids=self.world.ids)


@dataclass
class Stock:
    """What every track needs and what takes long to make."""

    statements: tuple[Statements, Statements]
    template: bytes


def stocked(folder: Path) -> Stock:
    path = folder / "template.db"
    door = InlineDoor(path, changes=Changes("template"), durable=False)
    door._session.close()
    return Stock((Statements(), Statements()), path.read_bytes())


@asynccontextmanager
async def track(
    path: Path, stock: Stock, chance: random.Random, *, threads: bool
) -> AsyncIterator[Track]:
    """Open a store; with *threads* the one that ships, else one on which a seed decides all order."""
    path.write_bytes(stock.template)
    raw = await _opened(path, stock) if threads else _inline(path, stock)
    world, door = RaceWorld(), Jostled(raw, chance)
    nobody: Any = Nobody()
    outside: Any = world
    rules = Rules(ROLES, ("@grace",), "#general")
    made = Track(door, world, Coordinator(door, outside, Ports(nobody, nobody, nobody), rules))
    await made.write(_furnish)
    fire = {"run": fire_timer, "approval": made.coordinator.fire_approval}
    dispatcher = Dispatcher(
        door, outside, expressions=Evaluator(), inputs=nobody, runtime=nobody, channel="#general"
    )
    world.tasks.start("timers", NotedTimers(door, outside, fire).of(made).run())
    world.tasks.start("dispatcher", dispatcher.run())
    try:
        yield made
    finally:
        await world.tasks.stop()
        await raw.close()


async def _opened(path: Path, stock: Stock) -> Door:
    door = cast("SqliteDoor", await open_sqlite(path, changes=Changes("race")))
    session = door._writer._session
    assert session is not None
    door._statements, session._statements = stock.statements
    return door


def _inline(path: Path, stock: Stock) -> Door:
    door = InlineDoor(path, changes=Changes("race"), durable=False)
    door._statements, door._session._statements = stock.statements
    return door


def _furnish(tx: Transaction) -> None:
    made = {"published_at": T0, "published_by": "baton", "revision": 1, "source": ""}
    tx.execute(_DEFINITION, hash="h", name="demo", title="Demo", description="", body={}, **made)
    directory.replace(tx, PEOPLE, (), now=T0)

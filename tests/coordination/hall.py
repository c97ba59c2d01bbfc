"""An inbox with runs that wait, and the Dispatcher that wakes them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from coordination import runs, waits
from coordination.changes import Changes
from coordination.database import InlineDoor, Transaction, definitions, insert
from coordination.database import waits as waits_table
from coordination.database import wakeups as wakeups_table
from coordination.database.statements import Statements
from coordination.dispatcher import Dispatcher
from coordination.ports import Definition
from coordination.runs import NewRun
from tests.coordination.inbox import T0, Inbox
from tests.coordination.twice import TwiceDoor
from workflows.language.expressions import Evaluator

COMPILED = Statements()  # compiling is most of the work
_DEFINITION = insert(definitions)


@dataclass(frozen=True)
class Wanted:
    """What a step waits for."""

    event: str = "test.completed"
    correlate: tuple[tuple[tuple[str, ...], str], ...] = ()
    where: str | None = None
    names: Mapping[str, Any] = field(default_factory=dict)
    since: str = "start"
    path: str = "wait"
    attempt: int = 1
    expires_at: datetime | None = None


def of_sha(sha: str, **more: Any) -> Wanted:
    return Wanted(correlate=((("subject", "sha"), sha),), **more)


@dataclass
class Hall:
    """An inbox with runs that wait, and the Dispatcher that wakes them."""

    inbox: Inbox
    dispatcher: Dispatcher
    keys: dict[str, int] = field(default_factory=dict)

    async def run(self, name: str = "run_a", **trigger: str) -> int:
        new = NewRun(
            id=name,
            workflow="demo",
            hash="h",
            inputs={},
            trigger={"kind": "manual", **trigger},
            started_by="UADA",
            requested_by=None,
        )
        now, ids = self.inbox.clock.now(), self.inbox.ids
        self.keys[name] = await self.inbox.write(lambda tx: runs.start(tx, new, now=now, ids=ids))
        return self.keys[name]

    async def wait(self, wanted: Wanted, run: str = "run_a") -> None:
        key, now, ids = self.keys[run], self.inbox.clock.now(), self.inbox.ids
        await self.inbox.write(lambda tx: waits.open(tx, wanted, run_key=key, now=now, ids=ids))

    async def tell(self, process: str, status: str = "completed", **more: Any) -> str:
        more = {"category": "test"} | more
        return (await self.inbox.report(process, status, **more)).event_id

    async def settle(self) -> None:
        """Do all that the Dispatcher would."""
        more = True
        while more:
            more = bool(await self.dispatcher.dispatch_all()) | await self.dispatcher.look_back()

    async def woken(self) -> list[tuple[int, str, str]]:
        """Who was woken, with the path and the event."""
        return [
            (row.run_key, row.payload["path"], row.payload["event"]["event_id"])
            for row in await self.inbox.rows(wakeups_table)
            if row.kind == "event"
        ]

    async def still_looking(self) -> bool:
        return "looking" in await self.states()

    async def states(self) -> list[str]:
        return [row.state for row in await self.inbox.rows(waits_table)]

    async def why(self, event_id: str) -> list[str]:
        row = await self.inbox.event(event_id)
        return [line["outcome"] for line in (row.explain or {}).get("waits", ())]


class Anything:
    """Takes all inputs as they are, and starts nothing."""

    def check(self, definition: Definition, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return values

    async def start(self, run_id: str) -> None:
        raise NotImplementedError


def dispatcher(inbox: Inbox) -> Dispatcher:
    return Dispatcher(
        inbox.door,
        inbox.world,
        expressions=Evaluator(),
        inputs=Anything(),
        runtime=Anything(),  # type: ignore[arg-type]  # a Dispatcher only starts
    )


def _demo(tx: Transaction) -> None:
    made = {"published_at": T0, "published_by": "baton", "revision": 1, "source": ""}
    tx.execute(_DEFINITION, hash="h", name="demo", title="Demo", description="", body={}, **made)


@asynccontextmanager
async def open_hall(door: Any) -> AsyncIterator[Hall]:
    """Furnish *door* with a workflow and one of its runs, and close it in the end."""
    inbox = Inbox(door)
    made = Hall(inbox, dispatcher(inbox))
    await inbox.write(_demo)
    await made.run()
    yield made
    await door.close()


def inline(path: Path) -> InlineDoor:
    door = TwiceDoor(path, changes=Changes("test"), durable=False)
    door._statements = door._session._statements = COMPILED
    return door

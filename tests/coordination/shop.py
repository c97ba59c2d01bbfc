"""An inbox with workflows written in YAML, the Dispatcher, the timers and the clock behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from coordination import queues, runs, windows
from coordination.clockwork import OWNER, Clockwork
from coordination.database import Row, Transaction, definitions, delete, insert, triggers, update
from coordination.database import runs as runs_table
from coordination.database import workflows as workflows_table
from coordination.dispatcher import Dispatcher
from coordination.ports import Definition, RunStatus
from coordination.run_status import shown_as
from coordination.store.triggers import columns_of
from coordination.timers import Timers
from tests.coordination.inbox import T0, Inbox, open_inbox
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.definition import InputCheck, to_definition
from workflows.language.expressions import Evaluator
from workflows.schedule import next_slot

_DEFINITION, _WORKFLOW, _TRIGGER = insert(definitions), insert(workflows_table), insert(triggers)
_USE = update(workflows_table)
_DROP = delete(triggers)
STEPS = "steps:\n  - id: say\n    action: baton.log\n    params: {message: hello}\n"


@dataclass
class Hints:
    """A runtime that only listens."""

    started: list[str] = field(default_factory=list)

    async def start(self, run_id: str) -> None:
        self.started.append(run_id)


class Shop:
    """Short words for publishing, letting time pass, and looking at what was started."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.hints = Hints()
        self.registry = Registry(built_in(environment={}))
        self.revisions = 0
        self.open()

    def open(self) -> None:
        """Begin another life of the program on the same database."""
        door, world = self.inbox.door, self.inbox.world
        self.clockwork = Clockwork(door, world, next_slot)
        fire = {OWNER: self.clockwork.fire, windows.OWNER: windows.fire}
        self.timers = Timers(door, world, fire)
        self.dispatcher = Dispatcher(
            door,
            world,
            expressions=Evaluator(),
            inputs=InputCheck(),
            runtime=self.hints,  # type: ignore[arg-type]  # a Dispatcher only starts
            channel="#default",
        )

    @property
    def now(self) -> datetime:
        return self.inbox.clock.now()

    def definition(self, text: str, name: str = "tidy") -> Definition:
        source = f"name: {name}\n{text}{STEPS}"
        return to_definition(check(source.encode(), self.registry, file="x.yaml"))

    async def publish(self, text: str, name: str = "tidy") -> Definition:
        """Put workflow *name* on *text*, which may leave out its steps."""
        definition = self.definition(text, name)
        self.revisions += 1
        number = self.revisions

        def unit(tx: Transaction) -> None:
            known = {"hash": definition.hash}
            if (
                tx.execute(
                    update(definitions).where(definitions.c.hash == definition.hash).values(**known)
                )
                == 0
            ):
                about = {"title": definition.title, "description": "", "source": ""}
                made = {"published_at": self.now, "published_by": "test", "revision": number}
                tx.execute(_DEFINITION, name=name, body=definition.body, **known, **about, **made)
            here = workflows_table.c.name == name
            if tx.execute(_USE.where(here).values(updated_at=self.now, **known)) == 0:
                values = {"name": name, "status": "active", "updated_at": self.now}
                tx.execute(_WORKFLOW, **values, **known)
            tx.execute(_DROP.where(triggers.c.workflow == name))
            for spec in definition.triggers:
                tx.execute(_TRIGGER, workflow=name, **known, **columns_of(spec))
            tx.touch("workflow", name)

        await self.inbox.write(unit)
        await self.clockwork.settle()
        return definition

    async def become(self, status: str, name: str = "tidy") -> None:
        here = _USE.where(workflows_table.c.name == name)
        changed = here.values(status=status, updated_at=self.inbox.clock.now())
        await self.inbox.write(lambda tx: tx.execute(changed))
        await self.clockwork.settle()

    async def pass_time(self, duration: timedelta) -> None:
        """Let time pass, and do all that is due by then."""
        self.inbox.clock.advance(duration)
        await self.work()

    async def work(self) -> None:
        while await self.timers.fire_due() or await self.dispatcher.dispatch_all():
            pass

    async def runs(self, workflow: str | None = None) -> list[Row]:
        rows = await self.inbox.rows(runs_table)
        return [row for row in rows if workflow in (None, row.workflow)]

    async def report(self, *told: Any, **more: Any) -> str:
        """Report an event that arrives now, and return its id."""
        at = (self.now - T0).total_seconds()
        accepted = await self.inbox.report(*told, at=at, **more)
        return accepted.event_id

    async def why(self, event_id: str) -> list[str]:
        row = await self.inbox.event(event_id)
        return [line["outcome"] for line in (row.explain or {}).get("triggers", ())]

    async def end(
        self,
        run: Row,
        status: RunStatus = RunStatus.COMPLETED,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Have a run end, as its runtime does."""
        shown = shown_as(status, asking=False)
        change = update(runs_table).where(runs_table.c.key == run.key)

        def unit(tx: Transaction) -> None:
            tx.execute(change.values(status=status, outputs=outputs, ended_at=self.now))
            runs.report(tx, run.key, shown, now=self.now, ids=self.inbox.ids)
            queues.leave(tx, run)

        await self.inbox.write(unit)


def open_shop(folder: Path) -> Shop:
    return Shop(open_inbox(folder / "x.db"))

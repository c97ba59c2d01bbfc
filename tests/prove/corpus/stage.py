"""What the recorded workflows do out there, and a script that is played against a run."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Literal

from baton.connector import ActionContext, Connector, Failed, Params, Unknown, action
from coordination import admission, votes
from coordination.admission import Terms
from coordination.children import child_id
from coordination.database import Transaction
from coordination.eligibility import Ballot
from coordination.policy import Principal
from coordination.ports import Definition, RunView
from coordination.runs import NewRun
from coordination.store import approvals as approval_store
from coordination.votes import Judging
from tests.workflows.runtimes.bench import ROLES, Bench, Effects, statuses
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.reading import DefinitionReader

ENDED = frozenset({"completed", "failed", "cancelled"})
LONGEST = 2 * 86_400.0  # s of simulated time, for whatever a run waits for
Op = Sequence[Any]


class Doing(Params):
    """What the recorded actions take."""

    say: Any = None
    takes: float = 0.0  # s
    fails: int = 0  # attempts that fail before one does not
    fate: Literal["well", "unknown"] = "well"


class Stage(Effects):
    """Does what the params say, so that a definition tells all by itself."""

    def connector(self) -> Connector:
        @action("corpus.again", repeatable=True)
        async def again(params: Doing, ctx: ActionContext) -> Any:
            """Do something that may be done twice."""
            return await act(params, ctx)

        @action("corpus.once", repeatable=False)
        async def once(params: Doing, ctx: ActionContext) -> Any:
            """Do something that must not be done twice."""
            return await act(params, ctx)

        return Connector("corpus", actions=(again, once))


async def act(params: Doing, ctx: ActionContext) -> Any:
    await asyncio.sleep(params.takes)
    if ctx.attempt <= params.fails:
        raise Failed("it does not work")
    if params.fate == "unknown":
        raise Unknown("the connection was lost")
    return params.say


def registry() -> Registry:
    """Return the actions that recorded definitions may name."""
    return Registry((*built_in(environment={}), Stage().connector()))


def read(sources: Sequence[str]) -> list[Definition]:
    """Load definitions as Baton does; those that begin others come last."""
    files = {f"{number}.yaml": source for number, source in enumerate(sources)}
    found = DefinitionReader(registry()).read(files, {})
    for name, each in found.items():
        assert not isinstance(each, Exception), f"{each}\n{files[name]}"
    return [found[name].definition for name in files]


class Watch:
    """Rings for those who wait for a run when it has changed."""

    def __init__(self, bench: Bench) -> None:
        self._changes = bench.changes
        self._bells: dict[str, asyncio.Event] = {}

    def bell(self, run_id: str) -> asyncio.Event:
        return self._bells.setdefault(run_id, asyncio.Event())

    async def run(self) -> None:
        with self._changes.subscribe("run") as changes:
            while True:
                for change in await changes.wait():
                    self.bell(change.id).set()


class Player:
    """Plays the script of one run: what people, tools and the clock do."""

    def __init__(self, bench: Bench, watch: Watch, run_id: str, workflow: str) -> None:
        self.bench, self.watch, self.run_id, self.workflow = bench, watch, run_id, workflow

    async def play(self, script: Sequence[Op]) -> None:
        for name, *given in script:
            try:
                await getattr(self, name)(*given)
            except (TimeoutError, LookupError) as problem:
                view = await self.bench._found(self.run_id)
                stands = view and (view.status.value, statuses(view))
                raise AssertionError(f"{self.run_id}: {name} {given}: {stands}") from problem

    async def start(self, how: str = "hint") -> None:
        """Write the row of a run: begun at once (``hint``), later (``row``), or one at a time (``turns``)."""
        definition = (await self.bench.coordinator.workflow(self.workflow)).definition
        new = NewRun(
            id=self.run_id,
            workflow=self.workflow,
            hash=definition.hash,
            inputs={},
            trigger={"kind": "manual", "by": "UADA"},
            started_by="UADA",
            requested_by="UADA",
            channel="#releases",
        )
        await self._begin(new, Terms(key="one", limit=1) if how == "turns" else Terms())
        if how != "row":
            await self.bench.host.start(self.run_id)

    async def behind(self) -> None:
        """Have another run of the workflow take the only place first, and wait for a signal."""
        first = Player(self.bench, self.watch, f"{self.run_id}_first", self.workflow)
        await first.start("turns")
        await first.until("waiting")

    async def ahead(self, kind: str, given: Any) -> None:
        """Tell the run that has the only place something."""
        await self.bench.tell(kind, f"{self.run_id}_first", **given)

    async def _begin(self, new: NewRun, terms: Terms) -> None:
        now, ids = self.bench.world.clock.now(), self.bench.world.ids

        def unit(tx: Transaction) -> None:
            admission.start(tx, new, terms, now=now, ids=ids)

        await self.bench.door.write(unit)

    async def tell(self, kind: str, given: Any) -> None:
        await self.bench.tell(kind, self.run_id, **given)

    async def child(self, path: str, kind: str, given: Any) -> None:
        """Tell the child that the step at *path* began something."""
        called = child_id(self.run_id, path, 1)
        child = Player(self.bench, self.watch, called, "kid")
        await child.until("waiting")
        await self.bench.tell(kind, called, **given)

    async def decide(self, path: str, choice: str = "approve", by: str = "UGRACE") -> None:
        found = await self.bench.door.read(
            lambda reader: approval_store.latest(reader, "open", limit=500)
        )
        standing = {(each.run_id, each.path): each for each in found}[self.run_id, path]
        ballot = Ballot(Principal("person", by), standing.id, choice, comment="because")
        judging = Judging(ROLES, self.bench.world.clock.now(), self.bench.world.ids)
        await self.bench.door.write(lambda tx: votes.decide(tx, ballot, judging))

    async def report(self, path: str) -> None:
        """Have a tool report the event that the step at *path* waits for."""
        told = {"process_id": f"{self.run_id} {path}", "status": "completed", "category": "test"}
        await self.bench.report(**told, subject={"environment": self.run_id})

    async def rest(self, seconds: float) -> None:
        await self.bench.rest(seconds)

    async def until(self, status: str) -> None:
        await self._until(lambda view: view.status == status, status)

    async def step(self, path: str, status: str) -> None:
        """Wait until the step at *path* stands so."""

        def there(view: RunView) -> bool:
            return any(each.path == path and each.status == status for each in view.steps)

        await self._until(there, f"{path}: {status}")

    async def end(self) -> None:
        await self._until(lambda view: view.status in ENDED, "to its end")

    async def _until(self, there: Callable[[RunView], bool], what: str) -> None:
        bell = self.watch.bell(self.run_id)
        async with asyncio.timeout(LONGEST):
            while True:
                bell.clear()
                view = await self.bench._found(self.run_id)
                if view is not None and there(view):
                    return
                await bell.wait()

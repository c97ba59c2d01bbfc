"""A runtime on simulated time: real store, real host, scripted actions, a plan made by hand."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from baton.connector import ActionContext, Connector, Failed, NotStarted, Params, Unknown, action
from coordination import controls, directory, runs, timers, votes
from coordination.changes import Changes
from coordination.database import InlineDoor, Transaction
from coordination.eligibility import Ballot
from coordination.policy import Principal, Roles
from coordination.ports import Definition, Person, RunView, TriggerSpec
from coordination.runs import NewRun
from coordination.store import approvals as approval_store
from coordination.votes import Judging
from tests.prove.simulation.world import SimWorld
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.core.plan import Action, Approval, Edge, Json, Plan, Retry, Step
from workflows.runtimes.host import Host, HostSettings, fire_timer

PEOPLE = tuple(
    Person(
        id=f"U{name.upper()}",
        handle=name,
        name=name.title(),
        is_bot=False,
        deleted=False,
        is_admin=False,
        restricted=False,
    )
    for name in ("ada", "grace", "maya")
)
ROLES = Roles.read({"operator": ["@grace", "@maya"]})
SECRETS = {"TOKEN": "s3cr3t-canary-value"}


class Told(Params):
    """What the scripted actions take."""

    say: Any = None
    takes: float = 0.0


@dataclass
class Effects:
    """What really happened out there. It outlives a crash, as the world does."""

    log: list[tuple[str, str, str]] = field(default_factory=list)  # (run, path, idempotency key)
    scripts: dict[str, Callable[[ActionContext], Awaitable[Any]]] = field(default_factory=dict)
    said: list[Any] = field(default_factory=list)

    def of(self, path: str) -> int:
        return sum(1 for _, done, _ in self.log if done == path)

    def keys(self, path: str) -> set[str]:
        return {key for _, done, key in self.log if done == path}

    def connector(self) -> Connector:
        @action("test.again", repeatable=True)
        async def again(params: Told, ctx: ActionContext) -> Any:
            """Do something that may be done twice."""
            return await self._do(params, ctx)

        @action("test.once", repeatable=False)
        async def once(params: Told, ctx: ActionContext) -> Any:
            """Do something that must not be done twice."""
            return await self._do(params, ctx)

        return Connector("test", actions=(again, once))

    async def _do(self, params: Told, ctx: ActionContext) -> Any:
        self.log.append((ctx.run.id, ctx.run.step, ctx.idempotency_key))
        self.said.append(params.say)
        if params.takes:
            await asyncio.sleep(params.takes)
        script = self.scripts.get(ctx.run.step)
        return await script(ctx) if script is not None else params.say


def does(name: str, *, repeatable: bool | None = None, **params: Any) -> Action:
    """Return the verb that calls `test.<name>` with these params, whatever the names are."""
    safe = name == "again" if repeatable is None else repeatable
    return Action(f"test.{name}", lambda names: dict(params), repeatable=safe)


def asks(*covers: str, **how: Any) -> Approval:
    """Return the verb that asks operators."""
    return Approval(
        title=lambda names: "Go on?",
        description=None,
        show=None,
        approvers=lambda names: ["role:operator"],
        covers=covers or None,
        **how,
    )


def chain(*steps: Step, **how: Any) -> Plan:
    """Return a plan in which each step needs the one before it, unless it says otherwise."""
    linked = [
        step if step.needs or number == 0 else replace(step, needs=(Edge(steps[number - 1].id),))
        for number, step in enumerate(steps)
    ]
    return Plan("demo", "Demo", "hash-demo", tuple(linked), **how)


def step(name: str, verb: Any, **how: Any) -> Step:
    return Step(name, name.title(), verb, **how)


def raising(error: Exception) -> Callable[[ActionContext], Awaitable[Any]]:
    async def script(ctx: ActionContext) -> Any:
        raise error

    return script


@dataclass
class Bench:
    """One life of a server without its edges. `reborn` makes the next one on the same file."""

    path: Path
    plan: Plan
    make: Callable[..., Host]
    effects: Effects = field(default_factory=Effects)
    seed: int = 1
    hook: Callable[[str], None] = lambda _: None
    settings: dict[str, Any] = field(default_factory=dict)

    async def begin(self) -> "Bench":
        self.world = SimWorld(random.Random(self.seed))
        self.changes = Changes("boot")
        self.door = InlineDoor(self.path, changes=self.changes, hook=self.hook, durable=False)
        self.host = self.make(
            self.door,
            self.world,
            registry=Registry((*built_in(environment={}), self.effects.connector())),
            read_plan=lambda content, body: self.plan,
            secrets=SECRETS.__getitem__,
            settings=HostSettings(instance_key=b"key", roles=ROLES, **self.settings),
        )
        await self._know_people()
        await self.host.begin()
        loop = timers.Timers(self.door, self.world, {"run": fire_timer, "approval": expire})
        self.world.tasks.start("timers", loop.run())
        return self

    async def _know_people(self) -> None:
        now = self.world.clock.now()
        await self.door.write(lambda tx: directory.replace(tx, PEOPLE, now=now))

    def definition(self, **how: Any) -> Definition:
        values: dict[str, Any] = {
            "name": "demo",
            "title": "Demo",
            "description": "",
            "hash": "hash-demo",
            "body": {"name": "demo"},
            "source": "name: demo\n",
            "triggers": (TriggerSpec("0", "event", "process.completed", None, None, {}),),
        }
        return Definition(**{**values, **how})

    async def start(self, run_id: str = "run_1", *, hint: bool = True, **how: Any) -> str:
        """Write the row of a start, as the coordinator does, and tell the runtime."""
        await self.host.publish_definition(self.definition(), by="UADA")
        now, ids = self.world.clock.now(), self.world.ids
        new = NewRun(
            id=run_id,
            workflow="demo",
            hash="hash-demo",
            inputs=how.get("inputs", {}),
            trigger={"kind": "manual", "by": "UADA"},
            started_by="UADA",
            requested_by="UADA",
            channel="#releases",
        )
        await self.door.write(lambda tx: runs.start(tx, new, now=now, ids=ids))
        if hint:
            await self.host.start(run_id)
        return run_id

    @property
    def judging(self) -> Judging:
        return Judging(ROLES, self.world.clock.now(), self.world.ids)

    async def decide(
        self, choice: str = "approve", *, by: str = "UGRACE", comment: str | None = None
    ) -> None:
        """Answer the newest open approval."""
        (standing,) = await self.door.read(
            lambda reader: approval_store.latest(reader, "open", limit=1)
        )
        ballot = Ballot(Principal("person", by), standing.id, choice, comment=comment)
        await self._know_people()  # fresh
        await self.door.write(lambda tx: votes.decide(tx, ballot, self.judging))

    async def order(self, what: str, run_id: str = "run_1", **how: Any) -> None:
        """Cancel, retry or resolve, as the coordinator does."""
        await self._know_people()

        def unit(tx: Transaction) -> controls.Told:
            from coordination.store import runs as run_store

            row = run_store.by_id(tx, run_id)
            assert row is not None
            request = how.pop("request_id", f"{what}-{self.world.ids.new('rq')}")
            order = controls.Order(Principal("person", "UGRACE"), row.key, request, "test")
            call: Any = getattr(controls, what)
            path = [how.pop("path"), how.pop("outcome")] if what == "resolve" else []
            return call(tx, order, *path, **how, judging=self.judging)

        told = await self.door.write(unit)
        await self.host.deliver(told.wakeup)

    async def run(self, run_id: str = "run_1") -> RunView:
        return await self.host.describe(run_id)

    async def until(self, status: str, run_id: str = "run_1", *, within: float = 3600.0) -> RunView:
        """Wait for the run to get there, in simulated time."""
        deadline = self.world.clock.monotonic() + within
        while True:
            view = await self.run(run_id)
            if view.status == status:
                return view
            if self.world.clock.monotonic() > deadline:
                raise AssertionError(f"{run_id} is {view.status}, not {status}: {view}")
            await asyncio.sleep(0.05)

    async def until_step(self, path: str, status: str, run_id: str = "run_1") -> RunView:
        for _ in range(2000):
            view = await self.run(run_id)
            if any(each.path == path and each.status == status for each in view.steps):
                return view
            await asyncio.sleep(0.05)
        raise AssertionError(f"{path} never got {status}: {view.steps}")

    async def rest(self, seconds: float = 60.0) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def reborn(self) -> "Bench":
        """Kill this life at once, and begin the next one on the same file."""
        loop = asyncio.get_running_loop()
        this = asyncio.current_task()
        for task in asyncio.all_tasks(loop):
            if task is not this:
                task.cancel()
        self.host._parts.stopping = True
        await asyncio.sleep(0)
        await self.door.close()
        life = replace(self, seed=self.seed + 1)
        return await life.begin()


def expire(tx: Transaction, due: timers.Due, now: Any, ids: Any) -> None:
    votes.expire(tx, due.owner_key, now=now, ids=ids)


def statuses(view: RunView) -> dict[str, str]:
    return {each.path: each.status.value for each in view.steps}


def sight(view: RunView, path: str) -> Any:
    return next(each for each in view.steps if each.path == path)


__all__ = [
    "Bench",
    "Edge",
    "Effects",
    "Failed",
    "Json",
    "Mapping",
    "NotStarted",
    "Retry",
    "Unknown",
    "asks",
    "chain",
    "does",
    "raising",
    "sight",
    "statuses",
    "step",
    "timedelta",
]

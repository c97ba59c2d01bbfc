"""A runtime on simulated time: real store, real host, scripted actions, a plan made by hand."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from baton.connector import ActionContext, Connector, Params, action
from baton.reading import Source, read_event
from coordination import runs, timers, votes, wakeups
from coordination.accept import Accepted
from coordination.changes import Changes
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import InlineDoor, Transaction
from coordination.database.statements import Statements
from coordination.dispatcher import Dispatcher
from coordination.eligibility import Ballot
from coordination.policy import Principal, Roles
from coordination.ports import Definition, Group, Person, RunView, TriggerSpec
from coordination.run_secrets import conceal
from coordination.runs import NewRun
from coordination.secrets import Secrets
from coordination.signalling import Signalling
from coordination.store import approvals as approval_store
from coordination.store import runs as run_store
from coordination.tokens import Credential
from coordination.votes import Judging
from tests.prove.simulation.world import SimFiles, SimHttp, SimProcesses, SimWorld
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.core.plan import Action, Approval, Edge, Json, Plan, Step
from workflows.language.compile import compile_body
from workflows.language.definition import InputCheck
from workflows.language.expressions import Evaluator
from workflows.runs import UnknownRun
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
ENDED = TriggerSpec("0", "event", "process.completed", None, None, {})
ROLES = Roles.read({"operator": ["@grace", "@maya"]})
COMPILED = Statements()  # compiling is most of the work of a short life
SECRETS = {"TOKEN": "s3cr3t-canary-value"}
SEALING = Secrets(b"k" * 32, SECRETS.__getitem__)


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
    perform: Callable[..., Awaitable[Any]] | None = None  # in place of all scripts

    def of(self, path: str) -> int:
        return sum(1 for _, done, _ in self.log if done == path)

    def keys(self, path: str) -> set[str]:
        return {key for _, done, key in self.log if done == path}

    def connector(self) -> Connector:
        def verb(name: str, *, repeatable: bool, pure: bool = False) -> Any:
            @action(f"test.{name}", repeatable=repeatable, pure=pure)
            async def do(params: Told, ctx: ActionContext) -> Any:
                return await self._do(params, ctx, repeatable=repeatable)

            return do

        again, once = verb("again", repeatable=True), verb("once", repeatable=False)
        return Connector("test", actions=(again, once, verb("pure", repeatable=True, pure=True)))

    async def _do(self, params: Told, ctx: ActionContext, *, repeatable: bool) -> Any:
        if self.perform is not None:
            return await self.perform(ctx, repeatable=repeatable)
        self.log.append((ctx.run.id, ctx.run.step, ctx.idempotency_key))
        self.said.append(params.say)
        if params.takes:
            await asyncio.sleep(params.takes)
        script = self.scripts.get(ctx.run.step)
        return await script(ctx) if script is not None else params.say


def does(name: str, *, repeatable: bool | None = None, **params: Any) -> Action:
    """Return the verb that calls `test.<name>` with these params, whatever the names are."""
    safe = name != "once" if repeatable is None else repeatable
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
class Everybody:
    """The directory, as the port has it."""

    here: Callable[[], tuple[Person, ...]]

    async def people(self) -> tuple[Person, ...]:
        return self.here()

    async def groups(self) -> tuple[Group, ...] | None:
        return ()


class AnyInputs:
    """Takes all inputs as they are."""

    def check(self, definition: Definition, values: Mapping[str, Json]) -> Mapping[str, Json]:
        return values


@dataclass
class Bench:
    """One life of a server without its edges. `reborn` makes the next one on the same file."""

    path: Path
    plan: Plan | None
    make: Callable[..., Host]
    effects: Effects = field(default_factory=Effects)
    seed: int = 1
    hook: Callable[[str], None] = lambda _: None
    settings: dict[str, Any] = field(default_factory=dict)
    people: tuple[Person, ...] = PEOPLE
    triggers: tuple[TriggerSpec, ...] = (ENDED,)
    body: Mapping[str, Any] = field(default_factory=dict)  # of the definition, without a plan
    others: dict[str, Plan] = field(default_factory=dict)  # by hash: of workflows beside `demo`
    processes: SimProcesses = field(default_factory=SimProcesses)
    http: SimHttp = field(default_factory=SimHttp)
    files: SimFiles = field(default_factory=SimFiles)

    async def begin(self) -> "Bench":
        rng = random.Random(self.seed)  # noqa: S311 - a simulation
        self.world = SimWorld(rng, self.processes, self.http, self.files)
        self.changes = Changes("boot")
        self.door = InlineDoor(self.path, changes=self.changes, hook=self.hook, durable=False)
        self.door._statements = self.door._session._statements = COMPILED
        self.registry = Registry(
            (
                *built_in(environment={}, signals=Signalling(self.door, self.world)),
                self.effects.connector(),
            )
        )
        self.host = self.make(
            self.door,
            self.world,
            registry=self.registry,
            read_plan=self._plan,
            secrets=SECRETS.__getitem__,
            sealing=SEALING,
            settings=HostSettings(instance_key=b"key", roles=lambda: ROLES, **self.settings),
        )
        ports = Ports(self.host, AnyInputs(), Everybody(lambda: self.people), SEALING)
        rules = Rules(ROLES, channel="#releases")
        self.coordinator = Coordinator(self.door, self.world, ports, rules)
        await self.know_people()
        await self.host.begin()
        fire = {"run": fire_timer, "approval": self.coordinator.fire_approval}
        self.world.tasks.start("timers", timers.Timers(self.door, self.world, fire).run())
        self.world.tasks.start("dispatcher", self._dispatcher().run())
        return self

    def _plan(self, content: str, body: Any) -> Plan:
        """Take the plan made by hand, or compile the definition where there is none."""
        return self.others.get(content) or self.plan or compile_body(content, body, self.registry)

    async def publish(self, plan: Plan, *, settings: Any = None, **inputs: Any) -> None:
        """Put a workflow beside the one of the test; *inputs* are declared as in a file."""
        self.others[plan.revision] = plan
        body = {"name": plan.name, "inputs": inputs, "settings": settings or {}}
        definition = self.definition(
            name=plan.name, title=plan.title, hash=plan.revision, body=body, triggers=()
        )
        await self.host.publish_definition(definition, by="UADA")

    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self.door,
            self.world,
            expressions=Evaluator(),
            inputs=InputCheck(),
            runtime=self.host,
            channel="#releases",
            secrets=SEALING,
        )

    async def report(self, *, key: str | None = None, **body: Any) -> Accepted:
        """Report something, as a tool does; what is returned is stored."""
        source = Source("builder", "ci", "generic")
        reading = read_event(
            body,
            credential=source,
            received_at=self.world.clock.now(),
            event_id=self.world.ids.new("ev"),
            new_id=lambda: self.world.ids.new("id"),
        )
        credential = Credential("tok", source, frozenset({"notify"}))
        (accepted,) = await self.coordinator.accept(
            credential, [reading], raw=json.dumps(body).encode(), idempotency_key=key
        )
        return accepted

    async def know_people(self) -> None:
        """Have Baton read the directory now."""
        await self.coordinator.refresh_directory()

    async def dismiss(self, person: str) -> None:
        """Have somebody leave the workspace."""
        self.people = tuple(
            replace(each, deleted=each.deleted or each.id == person) for each in self.people
        )
        await self.know_people()

    def definition(self, **how: Any) -> Definition:
        values: dict[str, Any] = {
            "name": "demo",
            "title": "Demo",
            "description": "",
            "hash": "hash-demo",
            "body": {"name": "demo", **self.body},
            "source": "name: demo\n",
            "triggers": self.triggers,
        }
        return Definition(**{**values, **how})

    async def start(self, run_id: str = "run_1", *, hint: bool = True, **how: Any) -> str:
        """Write the row of a start, as the coordinator does, and tell the runtime."""
        await self.host.publish_definition(self.definition(), by="UADA")
        now, ids = self.world.clock.now(), self.world.ids
        hidden = conceal(self.definition(), how.get("inputs", {}), SEALING, about=run_id)
        new = NewRun(
            id=run_id,
            workflow="demo",
            hash="hash-demo",
            inputs=hidden.inputs,
            sealed=hidden.sealed,
            trigger={"kind": "manual", "by": "UADA"},
            started_by="UADA",
            requested_by="UADA",
            channel="#releases",
        )
        await self.door.write(lambda tx: runs.start(tx, new, now=now, ids=ids))
        if hint:
            await self.host.start(run_id)
        return run_id

    async def decide(
        self, choice: str = "approve", *, by: str = "UGRACE", comment: str | None = None
    ) -> None:
        """Answer the newest open approval. The decision is stored, and the runtime is not told."""
        (standing,) = await self.door.read(
            lambda reader: approval_store.latest(reader, "open", limit=1)
        )
        ballot = Ballot(Principal("person", by), standing.id, choice, comment=comment)
        await self.know_people()
        judging = Judging(ROLES, self.world.clock.now(), self.world.ids)
        await self.door.write(lambda tx: votes.decide(tx, ballot, judging))

    async def order(self, what: str, run_id: str = "run_1", **how: Any) -> None:
        """Cancel, retry or resolve, as a person does."""
        call: Any = getattr(self.coordinator, what)
        await self.know_people()
        await call(
            Principal("person", "UGRACE"),
            run_id,
            **how,
            request_id=self.world.ids.new("rq"),
            via="test",
        )

    async def tell(
        self, kind: str, run_id: str = "run_1", *, delivery: str | None = None, **payload: Any
    ) -> None:
        """Store a wake-up, as the decision of a person does."""
        row = await self.door.read(lambda reader: run_store.find(reader, run_id))
        now, delivery = self.world.clock.now(), delivery or self.world.ids.new("rq")
        told = {"by": "UGRACE", **payload}

        def unit(tx: Transaction) -> int:
            return wakeups.add(
                tx, run_key=row[0].key, kind=kind, payload=told, delivery_id=delivery, now=now
            )

        await self.door.write(unit)

    async def run(self, run_id: str = "run_1") -> RunView:
        return await self.host.describe(run_id)

    async def until(self, status: str, run_id: str = "run_1", *, within: float = 3600.0) -> RunView:
        """Wait for the run to get there, in simulated time."""
        return await self._until(
            run_id, lambda view: view.status == status, status, timedelta(seconds=within)
        )

    async def until_step(self, path: str, status: str, run_id: str = "run_1") -> RunView:
        def there(view: RunView) -> bool:
            return any(each.path == path and each.status == status for each in view.steps)

        return await self._until(run_id, there, f"{path}: {status}", timedelta(minutes=10))

    async def _until(
        self, run_id: str, there: Callable[[RunView], bool], what: str, within: timedelta
    ) -> RunView:
        deadline = self.world.clock.now() + within
        with self.changes.subscribe("run") as changes:
            while (view := await self._found(run_id)) is None or not there(view):
                left = deadline - self.world.clock.now()
                if left <= timedelta(0):
                    raise AssertionError(f"{run_id} never got {what}: {view}")
                await changes.wait_on(self.world.clock, left)
        return view

    async def _found(self, run_id: str) -> RunView | None:
        try:
            return await self.run(run_id)
        except UnknownRun:
            return None  # a child that is not begun yet

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


Story = Callable[[Bench], Awaitable[None]]
Play = Callable[..., None]
"""Plays a story on a plan: ``play(plan, story, **fields of the Bench)``."""


def statuses(view: RunView) -> dict[str, str]:
    return {each.path: each.status.value for each in view.steps}


def sight(view: RunView, path: str) -> Any:
    return next(each for each in view.steps if each.path == path)

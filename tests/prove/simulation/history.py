"""One simulated history: tools report, people click, and the server is killed, again and again.

The server is the real one from the Coordinator down, on one file. Outside of it, and outlasting its
deaths, are the tools with their retries, the people with their clicks, and the world in which
actions have effects. A seed decides everything.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baton.connector import ActionContext, Failed, NotStarted, Unknown
from coordination.database import runs, select, steps
from coordination.errors import Refused
from coordination.policy import Principal
from coordination.ports import TriggerSpec
from coordination.questions import Approval
from tests.prove.simulation.checks import at_boot, invariants, rows
from tests.prove.simulation.loop import Crash, SimLoop
from tests.prove.simulation.plans import PLANS
from tests.workflows.runtimes.bench import Bench
from workflows.runtimes.embedded import embedded_runtime

BUILT = TriggerSpec(
    "0",
    "event",
    "process.completed",
    None,
    "trigger.name == 'build web'",
    {"sha": "{{ trigger.result.sha }}"},
)
MOST_CRASHES = 4
PEOPLE = ("UGRACE", "UMAYA", "UADA", "UNOBODY")  # the last two may not answer
RUNS = select(runs.c.id, runs.c.status, runs.c.error)
UNKNOWN = (
    select(runs.c.id.label("run"), steps.c.path)
    .select_from(steps.join(runs, runs.c.key == steps.c.run_key))
    .where(steps.c.status == "unknown")
)
LONGEST = 6 * 3600.0  # s of simulated time in which everything has to end


@dataclass(frozen=True)
class Effect:
    """Something an action did. *attempt* is what the action was told."""

    run: str
    path: str
    key: str
    attempt: int
    repeatable: bool


@dataclass
class Outside:
    """What happened out there, whatever became of the server."""

    rng: random.Random
    effects: list[Effect] = field(default_factory=list)
    answers: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # approval: (who, what)
    acknowledged: dict[str, str] = field(default_factory=dict)  # key: event id
    retried: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    crashes: int = 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share


class History:
    """The history of *seed*. The first life dies at the commit whose number the seed names."""

    def __init__(self, seed: int, path: Path) -> None:
        self.seed = seed
        self.path = path
        self.outside = Outside(random.Random(seed))  # noqa: S311 - a simulation
        self.plan_name = sorted(PLANS)[seed % len(PLANS)]
        self.builds = [f"build-{n}" for n in range(1 + seed // 3 % 2)]
        self.first_crash = 1 + (seed // 2) % 36
        self._commits = 0
        self._life = 0
        self._bench: Bench | None = None
        self._dead = False

    def run(self) -> Counter[str]:
        """Live it to its end and return what was reached.

        Raises:
            AssertionError: a promise was broken.
        """
        passed = 0.0
        while True:
            loop = SimLoop()
            loop.passed = passed
            try:
                loop.run_until_complete(self._live())
            except Crash:
                self.outside.crashes += 1
                passed = loop.passed + self.outside.rng.uniform(0, 400)
            else:
                return self.outside.reached
            finally:
                self._bury(loop)

    def _bury(self, loop: SimLoop) -> None:
        """Drop all that a life left in memory. Its file stays as the last commit made it."""
        self._dead = True
        loop.abandon()
        if self._bench is not None:
            self._bench.door._session._raw.close()

    async def _live(self) -> None:
        self._life += 1
        self._dead = False
        self._bench = bench = Bench(
            self.path,
            PLANS[self.plan_name](),
            embedded_runtime,
            seed=self.seed * 100 + self._life,
            hook=self._commit,
            settings={"actions_at_once": 3},
        )
        bench.effects.perform = self._perform
        await bench.begin()
        body = {"name": "demo", "inputs": {"sha": {"type": "string"}}}
        definition = bench.definition(triggers=(BUILT,), body=body)
        await bench.host.publish_definition(definition, by="UADA")
        for mark in await at_boot(bench):
            self.outside.reached[mark] += 1
        for build in self.builds:
            bench.world.tasks.start(f"report {build}", self._report(bench, build))
        bench.world.tasks.start("people", self._people(bench))
        await self._until_quiet(bench)
        assert bench.world.tasks.failures == []
        await invariants(bench, self)
        await bench.host.stop()

    def _commit(self, moment: str) -> None:
        """Die here, if the seed says so. A dead life touches nothing any more."""
        if self._dead:
            raise Crash("this life is over")
        if self._bench is None:
            return
        self._commits += moment == "before commit"
        first = self.outside.crashes == 0 and self._commits == self.first_crash
        chosen = first and (moment == "after commit") == bool(self.seed % 2)
        again = 0 < self.outside.crashes < MOST_CRASHES and self.outside.chance(0.02)
        if chosen or again:
            self._dead = True
            self.outside.reached[f"crash {moment}"] += 1
            raise Crash(f"killed {moment} {self._commits}")

    async def _report(self, bench: Bench, build: str) -> None:
        """Report one build, as a client does: until it is acknowledged, and now and then once more."""
        rng, outside = self.outside.rng, self.outside
        await asyncio.sleep(rng.uniform(0, 5))
        body = {"process_id": build, "name": "build web", "result": {"sha": "abcdef0"}}
        while build not in outside.acknowledged or outside.chance(0.3):
            accepted = await bench.report(key=f"key-{build}", **body, status="completed")
            known = outside.acknowledged.setdefault(build, accepted.event_id)
            assert accepted.event_id == known, "a repeat was taken for something new"
            outside.reached["repeat answered"] += accepted.duplicate
            await asyncio.sleep(rng.uniform(0, 3))

    async def _people(self, bench: Bench) -> None:
        """Look at Slack now and then, and click: several at once, both ways, and the wrong ones too."""
        while True:
            await asyncio.sleep(self.outside.rng.uniform(1, 40))
            await bench.know_people()
            for approval in await bench.coordinator.approvals(state="open"):
                count = self.outside.rng.randint(1, 4)
                await asyncio.gather(*(self._click(bench, approval) for _ in range(count)))
            for unknown in await rows(bench, UNKNOWN):
                await self._resolve(bench, unknown.run, unknown.path)
            for run in await rows(bench, RUNS):
                await self._retry(bench, run)

    async def _click(self, bench: Bench, approval: Approval) -> None:
        rng = self.outside.rng
        who = rng.choice(PEOPLE)
        choice = "approve" if rng.random() < 0.85 else "reject"
        version = approval.version if rng.random() < 0.9 else approval.version + 1
        await asyncio.sleep(rng.choice((0, 0, 0.01, 1)))
        try:
            answered = await bench.coordinator.decide(
                Principal("person", who),
                approval.id,
                choice,
                version=version,
                comment="because",
                via="slack",
            )
        except Refused as refused:
            self.outside.reached[f"click refused: {refused.code}"] += 1
            return
        if answered.state != "checking":
            self.outside.answers.setdefault(approval.id, []).append((who, choice))

    async def _retry(self, bench: Bench, run: Any) -> None:
        """Try a failed run again, a few times; a No stays a No."""
        if run.status != "failed" or self._is_over(run):
            return
        await self._ordered(bench, "retry", run.id)
        self.outside.retried[run.id] += 1
        self.outside.reached["failed run retried"] += 1

    async def _resolve(self, bench: Bench, run_id: str, path: str) -> None:
        """Say what became of a step that is unknown, by looking at the world."""
        happened = any(each.run == run_id and each.path == path for each in self.outside.effects)
        outcome = "done" if happened else "retry"
        if await self._ordered(bench, "resolve", run_id, path=path, outcome=outcome):
            self.outside.reached[f"unknown answered: {outcome}"] += 1

    async def _ordered(self, bench: Bench, what: str, run_id: str, **how: Any) -> bool:
        try:
            await bench.order(what, run_id, **how)
        except Refused:
            return False  # somebody was first
        return True

    async def _perform(self, ctx: ActionContext, *, repeatable: bool) -> Any:
        """Do something out there: at once or late, and not always well."""
        rng = self.outside.rng
        fate = rng.random()
        if fate < 0.04:
            raise NotStarted("no such host")
        await asyncio.sleep(rng.choice((0, 0, 0.2, 3)))
        effect = Effect(ctx.run.id, ctx.run.step, ctx.idempotency_key, ctx.attempt, repeatable)
        if fate < 0.08:
            raise Failed("the answer was no")
        self.outside.effects.append(effect)
        await asyncio.sleep(rng.choice((0, 0, 0.2, 3)))
        if fate < 0.11:
            raise Unknown("the connection was lost")
        return {"n": len(self.outside.effects)}

    async def _until_quiet(self, bench: Bench) -> None:
        """Wait until everything that was begun has ended, or say what hangs."""
        clock = bench.world.clock
        began = clock.monotonic()
        while True:
            await asyncio.sleep(5)
            assert bench.world.tasks.failures == []
            found = await rows(bench, RUNS)
            if len(found) == len(self.builds) and all(self._is_over(run) for run in found):
                return
            if clock.monotonic() - began > LONGEST:
                raise AssertionError(f"it hangs: {[(run.id, run.status) for run in found]}")

    def _is_over(self, run: Any) -> bool:
        if run.status == "failed":
            rejected = (run.error or {}).get("type") == "rejected"
            return rejected or self.outside.retried[run.id] >= 3
        return run.status in ("completed", "cancelled")


def play(seed: int, path: Path) -> Counter[str]:
    """Play the history of *seed* in a new file at *path*."""
    return History(seed, path).run()


__all__ = ["Effect", "History", "Outside", "play"]

"""A run of every verb, killed at each of its commits: the next life brings it to the same end."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coordination.children import child_id
from coordination.database import journal, runs, select, steps, timers, waits, wakeups
from tests.prove.simulation.loop import Crash, SimLoop
from tests.workflows.runtimes.bench import Bench, Effects, asks, chain, does, statuses, step
from workflows.core.plan import (
    Action,
    Case,
    Child,
    Fail,
    ForEach,
    Parallel,
    Plan,
    Repeat,
    Retry,
    Switch,
    Undo,
    Wait,
    WaitFor,
    WaitForSignal,
)
from workflows.runtimes.embedded import embedded_runtime

SECONDS = timedelta(seconds=5)


def says(value: Any) -> Action:
    return Action("test.once", lambda names: {"say": value(names)}, repeatable=False)


def once(name: str, **how: Any) -> Any:
    return step(name, does("once"), undo=Undo(does("once"), retry=Retry(attempts=3)), **how)


KID = Plan(
    "kid",
    "Kid",
    "hash-kid",
    chain(step("nap", Wait(duration=SECONDS)), once("work")).steps,
    outputs=(("sum", lambda names: 7),),
)
QUICK = chain(step("nap", Wait(duration=SECONDS)), step("work", says(lambda n: "quick"))).steps
SLOW = (step("wait", WaitFor("test.failed", lambda names: [])),)
CASES = (Case("0", lambda names: names["inputs"] == {}, (once("here"),)), Case("else", None, ()))
TURN = (step("check", says(lambda names: names["index"])),)


def everything(*after: Any, **how: Any) -> Plan:
    """Return a plan with every verb that waits or holds others."""
    return chain(
        step("fan", ForEach(lambda n: [1, 2, 3], (once("post"),), concurrency=2)),
        step("race", Parallel((("quick", QUICK), ("slow", SLOW)), join=1)),
        step("route", Switch(CASES)),
        step("poll", Repeat(lambda n: n["steps"]["check"]["output"] == 1, TURN, 5, SECONDS)),
        step("gate", asks("ship")),
        once("ship"),
        step("call", Child("kid", lambda names: {})),
        step("event", WaitFor("test.completed", lambda names: [])),
        step("signal", WaitForSignal("go")),
        *after,
        children=("kid",),
        finally_=(step("tidy", does("once")),),
        **how,
    )


ENDS = {
    "completed": everything(outputs=(("kid", lambda n: n["steps"]["call"]["output"]),)),
    "failed": everything(step("end", Fail(lambda names: "enough"))),
}


@dataclass
class Lives:
    """Lives of one server on one file; the first dies at the commit *dies_at*, before or after it."""

    path: Path
    plan: Plan
    dies_at: int | None = None
    moment: str = "after commit"
    effects: Effects = field(default_factory=Effects)
    commits: int = 0
    died: bool = False
    bench: Bench | None = None

    def live(self, story: Callable[["Lives", Bench], Any]) -> Any:
        """Live until the story is told, however often the server dies."""
        while True:
            loop = SimLoop()
            try:
                return loop.run_until_complete(self._life(story))
            except Crash:
                continue
            finally:
                loop.abandon()
                if self.bench is not None:
                    self.bench.door._session._raw.close()

    async def _life(self, story: Callable[["Lives", Bench], Any]) -> Any:
        self.bench = bench = Bench(
            self.path,
            self.plan,
            embedded_runtime,
            self.effects,
            seed=2 if self.died else 1,
            hook=self._commit,
            triggers=(),
        )
        bench.others[KID.revision] = KID
        await bench.begin()
        told = await story(self, bench)
        assert bench.world.tasks.failures == []
        await bench.host.stop()
        return told

    def _commit(self, moment: str) -> None:
        self.commits += moment == "before commit"
        if not self.died and (self.commits, moment) == (self.dies_at, self.moment):
            self.died = True
            raise Crash(f"killed {moment} {self.commits}")


async def prepare(lives: Lives, bench: Bench) -> None:
    await bench.publish(KID)
    await bench.start(hint=False)


async def to_the_end(lives: Lives, bench: Bench) -> Any:
    """Do what people and tools do, over and over, until the run has ended."""
    for _ in range(2000):
        await asyncio.sleep(1)
        view = await bench.run()
        if view.status.ended:
            return await found(bench, view)
        if view.questions:
            await bench.decide("approve")
        await bench.tell("signal", name="go", payload=1, delivery="the signal")
        await bench.report(process_id="t", id="e", status="completed", category="test", source="ci")
        await resolve(lives, bench)
    raise AssertionError(f"it hangs: {view}")


async def resolve(lives: Lives, bench: Bench) -> None:
    """Say of each unknown step what the world says."""
    unknown = (
        select(runs.c.id, steps.c.path).join_from(runs, steps).where(steps.c.status == "unknown")
    )
    for row in await bench.door.read(lambda reader: reader.fetch_all(unknown)):
        happened = any((run, path) == (row.id, row.path) for run, path, _ in lives.effects.log)
        how = (
            {"outcome": "done", "output": output_of(row.path)} if happened else {"outcome": "retry"}
        )
        await bench.tell("resolve", row.id, path=row.path, **how)
        await asyncio.sleep(1)


def output_of(path: str) -> Any:
    return int(path[5]) - 1 if path.startswith("poll#") else "quick" if "race" in path else None


async def found(bench: Bench, view: Any) -> dict[str, Any]:
    """Return what must be the same however often the server died, and check what must not be left."""
    child = await bench.run(child_id("run_1", "call", 1))
    entries = await bench.door.read(lambda reader: reader.fetch_all(select(journal)))
    ends = Counter((e.run_key, e.path) for e in entries if e.kind == "StepCompleted")
    assert max(ends.values()) == 1
    for table, left in ((timers, None), (wakeups, wakeups.c.done_at), (waits, None)):
        wanted = select(table) if left is None else select(table).where(left.is_(None))
        rows = await bench.door.read(lambda reader, wanted=wanted: reader.fetch_all(wanted))
        open_rows = [row for row in rows if getattr(row, "state", "open") in ("open", "looking")]
        assert [row for row in open_rows if getattr(row, "owner_kind", "run") == "run"] == []
    return {
        "run": (view.status, view.outputs, statuses(view)),
        "child": (child.status, child.outputs, statuses(child)),
        "details": {each.path: each.detail for each in view.steps if each.detail},
    }


def prepared(tmp_path: Path, plan: Plan) -> Path:
    path = tmp_path / "begun.db"
    Lives(path, plan).live(prepare)
    return path


def copy(path: Path, name: str) -> Path:
    """Copy a database with all that its last life left beside it."""
    for each in path.parent.glob(f"{path.name}*"):
        shutil.copy(each, path.parent / each.name.replace(path.name, name))
    return path.parent / name


@pytest.mark.parametrize("end", ENDS)
def test_a_run_of_every_verb_comes_to_the_same_end_wherever_baton_dies(
    end: str, tmp_path: Path
) -> None:
    begun = prepared(tmp_path, ENDS[end])
    calm = Lives(copy(begun, "calm.db"), ENDS[end])
    expected = calm.live(to_the_end)
    happened = Counter((run, path) for run, path, _ in calm.effects.log)
    assert expected["run"][0] == end
    assert set(happened.values()) == {1}

    for number in range(1, calm.commits, 4):
        moment = ("before commit", "after commit")[number // 4 % 2]
        lives = Lives(copy(begun, f"{number}.db"), ENDS[end], number, moment)
        assert lives.live(to_the_end) == expected, (number, moment)
        assert lives.died
        again = Counter((run, path) for run, path, _ in lives.effects.log)
        assert again == happened, (number, moment)

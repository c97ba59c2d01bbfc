"""Generated workflows of every verb, killed at any commit: what was completed is done once, and it ends."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from baton.connector import ActionContext, Failed
from coordination.database import journal, meta, runs, select, timers, waits, wakeups
from coordination.waiting_for import waiting_for
from tests.workflows.core.nested import Nested
from tests.workflows.runtimes.bench import Bench
from tests.workflows.runtimes.test_killed import KID, Lives, prepare, resolve
from workflows.core.plan import Action, Approval, Child, Plan, WaitFor
from workflows.store import FENCE

LATEST = 24  # the commit at which the server dies, if it comes so far
LONGEST = 1500  # s of simulated time
DONE = select(runs.c.id, journal.c.path, journal.c.fence).join_from(runs, journal)


class Runnable(Nested):
    """Draws plans whose actions, people, events and children the bench knows."""

    def action(self) -> Action:
        kind = self.chance.choice(["again", "once", "pure"])
        return Action(f"test.{kind}", lambda names: {"say": self.values()}, kind != "once")

    def approval(self, covers: tuple[str, ...] | None) -> Approval:
        drawn = super().approval(covers)
        return replace(drawn, approvers=lambda _: ["role:operator"], on_timeout="reject")

    def wait_for(self) -> WaitFor:
        drawn = super().wait_for()
        return replace(drawn, event="test.completed", correlate=_anything, where=None)

    def child(self) -> Child:
        called = self.chance.choice([KID.name, KID.name, "nobody"])
        return Child(called, lambda names: {}, detach=self.one_in(3))


def _anything(names: Mapping[str, Any]) -> list[Any]:
    return []


def drawn_plan(chance: Random) -> Plan:
    plans = Runnable(chance, iter(range(10**6)).__next__)
    steps = plans.steps(chance.randint(2, 5))
    ends = {"on_failure": plans.ending(), "on_cancel": plans.ending(), "finally_": plans.ending()}
    outputs = (("y", plans.template()),)
    return Plan("demo", "Demo", "hash-demo", steps, outputs=outputs, children=(KID.name,), **ends)


@dataclass
class World:
    """What really happened out there, in the life before the server died and in the one after."""

    lives: Lives
    before: Counter[tuple[str, str]] = field(default_factory=Counter)
    after: Counter[tuple[str, str]] = field(default_factory=Counter)
    reported: int = 0

    async def perform(self, ctx: ActionContext, *, repeatable: bool) -> Any:
        """Do something, unless this is a step that has bad luck."""
        if sum(ctx.run.step.encode()) % 7 == 0:
            raise Failed("bad luck")
        (self.after if self.lives.died else self.before)[ctx.run.id, ctx.run.step] += 1
        self.lives.effects.log.append((ctx.run.id, ctx.run.step, ctx.idempotency_key))
        return {"ok": True}


async def to_the_end(world: World, bench: Bench) -> set[tuple[str, str]]:
    """Answer whatever the run asks for until it has ended; return what an earlier life completed."""
    for _ in range(LONGEST):
        await asyncio.sleep(1)
        view = await bench.run()
        if view.status.ended:
            await nothing_is_left(bench)
            return await done_before(bench)
        names = waiting_for(view)
        assert names is not None
        assert view.status != "waiting" or names.text != "Deciding what comes next", view
        await answer(world, bench, view)
    raise AssertionError(f"it hangs: {view}")


async def answer(world: World, bench: Bench, view: Any) -> None:
    for _ in view.questions[:1]:
        await bench.decide("approve")
    open_kinds = {each.kind for each in view.steps if each.status == "waiting"}
    if "wait_for" in open_kinds:
        world.reported += 1
        told = {"process_id": f"t{world.reported}", "status": "completed", "category": "test"}
        await bench.report(**told)
        for name in ("go", "halt"):
            await bench.tell("signal", name=name, payload=1)
    await resolve(world.lives, bench)


async def done_before(bench: Bench) -> set[tuple[str, str]]:
    """Return what was completed by lives before this one."""
    kept = DONE.where(journal.c.kind == "StepCompleted")
    found = await bench.door.read(lambda reader: reader.fetch_all(kept))
    life = await bench.door.read(
        lambda reader: reader.fetch_one(select(meta.c.value).where(meta.c.name == FENCE))
    )
    return {(row.id, row.path) for row in found if row.fence < int(life.value)}


async def nothing_is_left(bench: Bench) -> None:
    """Of a run that has ended nothing stays open: no timer, no wait, nothing that it was told."""
    row = await bench.door.read(
        lambda reader: reader.fetch_one(select(runs.c.key).where(runs.c.id == "run_1"))
    )
    left = {
        "timer": select(timers).where(timers.c.owner_kind == "run", timers.c.owner_key == row.key),
        "wait": select(waits).where(
            waits.c.run_key == row.key, waits.c.state.in_(("open", "looking"))
        ),
        "wakeup": select(wakeups).where(wakeups.c.run_key == row.key, wakeups.c.done_at.is_(None)),
    }
    for what, wanted in left.items():
        found = await bench.door.read(lambda reader, wanted=wanted: reader.fetch_all(wanted))
        assert found == [], what


def lived(chance: Random, folder: Path) -> World:
    """Live a drawn workflow in which the server dies once, and check the law at its end."""
    lives = Lives(folder / "baton.db", drawn_plan(chance))
    Lives(lives.path, lives.plan).live(prepare)
    lives.dies_at = chance.randint(1, LATEST)
    lives.moment = chance.choice(["before commit", "after commit"])
    world = World(lives)
    lives.effects.perform = world.perform
    completed = lives.live(lambda _, bench: to_the_end(world, bench))
    if lives.died:
        assert completed & set(world.after) == set()
    return world


@settings(max_examples=12, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_crash_at_any_commit_repeats_nothing_that_was_completed_and_the_run_ends(
    chance: Random,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lived(chance, Path(folder))


def test_the_generated_lives_are_worth_their_time(tmp_path: Path) -> None:
    """If the server never died in the middle of something, the law above would hold for nothing."""
    worlds = []
    for seed in range(8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        worlds.append(lived(Random(seed), folder))  # noqa: S311  # a fixed one

    died = [world for world in worlds if world.lives.died]
    assert len(died) >= 3
    assert any(world.before and world.after for world in died)

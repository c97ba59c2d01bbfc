"""A life begins with what the last one left: read together, brought back some at a time, never twice."""

from collections.abc import Callable
from typing import Any

from baton.connector import ActionContext
from coordination.database import Unavailable
from tests.workflows.runtimes.bench import Bench, Play, chain, does, sight, statuses, step
from workflows import store
from workflows.core.plan import WaitForSignal
from workflows.runtimes.embedded import embedded_runtime

AT_ONCE, MANY = 10, 35
WORKS = chain(step("go", WaitForSignal("go")), step("work", does("again")))
ROOM: dict[str, Any] = {"settings": {"actions_at_once": MANY + 1, "runs_at_once": AT_ONCE}}


class Watched:
    """A door that counts how often it is read, and that is away for the first *away* times."""

    def __init__(self, door: Any, away: int = 0) -> None:
        self._door = door
        self.reads = 0
        self._away = away

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    async def read(self, query: Callable[[Any], Any]) -> Any:
        self.reads += 1
        if self.reads <= self._away:
            raise Unavailable("the disk is away")
        return await self._door.read(query)


def watching(bench: Bench, away: int = 0) -> list[Watched]:
    """Have the next life of *bench* read through such a door."""
    doors: list[Watched] = []

    def make(door: Any, *parts: Any, **how: Any) -> Any:
        doors.append(Watched(door, away))
        return embedded_runtime(doors[-1], *parts, **how)

    bench.make = make
    return doors


async def cut_off(bench: Bench, number: int) -> list[str]:
    """Have so many runs stand in the middle of `work`; return their ids."""

    async def forever(ctx: ActionContext) -> None:
        await bench.rest(10**6)

    bench.effects.scripts["work"] = forever
    names = [f"run_{n:04}" for n in range(number)]
    for name in names:
        await bench.start(name)
        await bench.tell("signal", name, name="go")
    for name in names:
        await bench.until_step("work", "running", name)
    bench.effects.scripts.clear()
    bench.effects.log.clear()
    return names


def test_runs_that_were_cut_off_are_read_together(play: Play) -> None:
    async def story(bench: Bench) -> None:
        names = await cut_off(bench, MANY)
        doors = watching(bench)
        bench = await bench.reborn()
        while len(bench.effects.log) < MANY:
            await bench.rest(0.01)
        (door,) = doors
        assert door.reads < MANY / 2
        for name in names:
            await bench.until("completed", name)
        assert sorted(run for run, _, _ in bench.effects.log) == names  # each of them once
        views = [await bench.run(name) for name in names]
        assert {sight(view, "work").attempts for view in views} == {2}

    play(WORKS, story, **ROOM)


def test_what_comes_meanwhile_does_not_wait_behind_all_of_them(play: Play) -> None:
    async def story(bench: Bench) -> None:
        names = await cut_off(bench, MANY)
        await bench.start("run_parked")
        await bench.until("waiting", "run_parked")
        bench.effects.log.clear()

        async def first(ctx: ActionContext) -> None:
            bench.effects.scripts.clear()
            await bench.tell("signal", "run_parked", name="go")

        bench.effects.scripts["work"] = first
        bench = await bench.reborn()
        for name in (*names, "run_parked"):
            await bench.until("completed", name)
        begun = [run for run, _, _ in bench.effects.log]
        assert sorted(begun) == [*names, "run_parked"]
        assert begun.index("run_parked") < MANY - AT_ONCE

    play(WORKS, story, **ROOM)


def test_a_life_that_ends_while_it_brings_runs_back_leaves_nothing_twice(play: Play) -> None:
    async def story(bench: Bench) -> None:
        names = await cut_off(bench, MANY)
        ended: list[Bench] = []

        async def last(ctx: ActionContext) -> None:
            bench.effects.scripts.clear()
            ended.append(bench)
            bench.host._parts.stopping = True  # in the middle of the first of them
            await bench.rest(10**6)

        bench.effects.scripts["work"] = last
        bench = await bench.reborn()
        while not ended:
            await bench.rest(0.01)
        bench = await bench.reborn()
        for name in names:
            view = await bench.until("completed", name)
            assert sight(view, "work").attempts <= 3
        finished = [run for run, _, _ in bench.effects.log]
        assert set(finished) == set(names)
        assert len(finished) <= MANY + 1  # only the one that never ended was done again

    play(WORKS, story, **ROOM)


def test_a_paused_run_is_brought_back_although_the_store_was_away_at_first(play: Play) -> None:
    async def story(bench: Bench) -> None:
        (name,) = await cut_off(bench, 1)
        await bench.order("pause", name)
        await bench.until("paused", name)
        watching(bench, away=2)
        bench = await bench.reborn()
        await bench.rest(30)
        view = await bench.until_step("work", "completed", name)
        assert statuses(view)["work"] == "completed"
        assert view.status == "paused"

    play(WORKS, story)


def test_a_run_that_was_woken_while_its_rows_were_read_reads_them_itself(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("waiting")
        await bench.rest(1)
        lives, door = bench.host._lives, bench.door
        lives.expect([1])
        (found,) = await door.read(lambda reader: store.found_of(reader, [1], rows=100))
        await bench.tell("signal", name="go")
        await bench.until("completed")
        assert lives.wake(found) is None
        assert bench.effects.of("work") == 1

    play(WORKS, story)


def test_long_journals_are_read_in_smaller_groups_and_one_at_least(play: Play) -> None:
    async def story(bench: Bench) -> None:
        for name in ("run_1", "run_2", "run_3"):
            await bench.start(name)
            await bench.until("waiting", name)

        async def keys(rows: int) -> list[int]:
            found = await bench.door.read(
                lambda reader: store.found_of(reader, [1, 2, 3], rows=rows)
            )
            assert all(len(each.entries) == each.run.seq for each in found)
            return [each.run.key for each in found]

        (one,) = await bench.door.read(lambda reader: store.found_of(reader, [2], rows=1))
        assert await keys(0) == [1]
        assert await keys(2 * one.run.seq) == [1, 2]
        assert await keys(100) == [1, 2, 3]

    play(WORKS, story)

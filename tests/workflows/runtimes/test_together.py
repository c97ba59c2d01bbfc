"""What is stored together: pure steps with what led to them, and the start of what follows a result."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest

from baton.connector import ActionContext, Failed
from coordination.database import journal, runs, select, update, wakeups
from coordination.timers import Due
from tests.workflows.runtimes.bench import Bench, Play, chain, does, sight, statuses, step
from workflows.core.plan import Edge, Plan, Retry
from workflows.runtimes.host.timers import fire_timer

KINDS = select(journal.c.kind, journal.c.path).order_by(journal.c.seq)


class Look:
    """Sees what is durable: through another connection, as the next life would."""

    def __init__(self) -> None:
        self.bench: Bench | None = None
        self.seen: list[int] = []
        self.at: dict[str, int] = {}

    def rows(self) -> int:
        if self.bench is None:
            return 0
        with sqlite3.connect(self.bench.path) as raw:
            count: int = raw.execute("SELECT count(*) FROM journal").fetchone()[0]
            return count

    def commit(self, moment: str) -> None:
        if moment == "after commit" and (not self.seen or self.rows() != self.seen[-1]):
            self.seen.append(self.rows())

    async def perform(self, ctx: ActionContext, *, repeatable: bool) -> Any:
        self.at[ctx.run.step] = self.rows()
        return {"ok": True}


async def kinds(bench: Bench) -> list[tuple[str, str | None]]:
    rows = await bench.door.read(lambda reader: reader.fetch_all(KINDS))
    return [(row.kind, row.path) for row in rows]


def test_pure_steps_are_stored_with_what_led_to_them(play: Play) -> None:
    look = Look()

    async def story(bench: Bench) -> None:
        look.bench, bench.effects.perform = bench, look.perform
        await bench.start()
        view = await bench.until("completed")
        assert set(statuses(view).values()) == {"completed"}
        assert [kind for kind, _ in await kinds(bench)] == ["RunStarted", *["StepCompleted"] * 3]

    plan = chain(step("a", does("pure")), step("b", does("pure")), step("c", does("again")))
    play(plan, story, hook=look.commit)
    assert look.at == {"a": 0, "b": 0, "c": 3}  # what may touch the world begins after the commit
    assert look.seen[-2:] == [3, 4]


def test_a_pure_step_that_takes_longer_is_performed_like_any_other(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("slow", "running")
        view = await bench.until("completed")
        assert sight(view, "slow").attempts == 1
        assert sight(view, "slow").output == "done"
        assert bench.effects.of("slow") == 2  # begun on the spot, given up, and begun anew
        assert len(bench.effects.keys("slow")) == 1

    play(chain(step("slow", does("pure", takes=5.0, say="done"))), story)


def test_a_pure_step_that_fails_is_tried_again_as_it_says(play: Play) -> None:
    async def story(bench: Bench) -> None:
        async def twice(ctx: ActionContext) -> Any:
            if ctx.attempt < 3:
                raise Failed("not yet")
            return "now"

        bench.effects.scripts["odd"] = twice
        await bench.start()
        view = await bench.until("completed")
        assert (sight(view, "odd").attempts, sight(view, "odd").output) == (3, "now")

    retry = Retry(attempts=3, delay=timedelta(0), jitter=0.0)
    play(chain(step("odd", does("pure"), retry=retry)), story)


def test_many_pure_steps_are_no_single_unit(play: Play) -> None:
    look = Look()

    async def story(bench: Bench) -> None:
        look.bench = bench
        await bench.start()
        view = await bench.until("completed")
        assert set(statuses(view).values()) == {"completed"}
        assert len(bench.effects.log) == 150

    play(chain(*(step(f"s{n}", does("pure")) for n in range(150))), story, hook=look.commit)
    taken = [after - before for before, after in zip(look.seen, look.seen[1:], strict=False)]
    assert max(taken) <= 64
    assert look.seen[-1] == 151


def test_what_must_not_happen_twice_starts_with_the_commit_of_what_led_to_it(play: Play) -> None:
    look = Look()

    async def story(bench: Bench) -> None:
        look.bench, bench.effects.perform = bench, look.perform
        await bench.start()
        await bench.until("completed")
        assert [each for each in await kinds(bench) if each[0] == "intent"] == [
            ("intent", "one"),
            ("intent", "two"),
        ]

    play(chain(step("one", does("once")), step("two", does("once"))), story, hook=look.commit)
    assert look.at == {"one": 2, "two": 4}
    assert look.seen[-3:] == [2, 4, 5]


def test_without_a_free_place_nothing_is_said_to_start(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until_step("slow", "running")
        await bench.rest(5)
        assert [path for kind, path in await kinds(bench) if kind == "intent"] == ["slow"]
        await bench.until("completed")
        assert bench.effects.log[1][1] == "late"

    slow, late = step("slow", does("once", takes=30.0)), step("late", does("once"))
    plan = Plan("demo", "Demo", "hash-demo", (slow, late))
    play(plan, story, settings={"actions_at_once": 1})


@pytest.mark.parametrize("kind", ["once", "again"])
def test_nothing_starts_after_a_cancel_that_was_stored_before(play: Play, kind: str) -> None:
    """The run has not heard of it yet: the result that lets the next step start comes first.

    What is worked out belongs to that result.
    """

    async def story(bench: Bench) -> None:
        async def cancelled(_: ActionContext) -> Any:
            await bench.tell("cancel", by="UOLGA", reason="enough")
            return "done"

        bench.effects.scripts["one"] = cancelled
        await bench.start()
        view = await bench.until("cancelled")
        assert [statuses(view)[name] for name in ("one", "two")] == ["completed", "completed"]
        assert bench.effects.of("three") == 0
        assert ("intent", "three") not in await kinds(bench)
        assert bench.host._parts.slots.take_now()  # no place is lost with it

    steps = (step("one", does("again")), step("two", does("pure")), step("three", does(kind)))
    play(chain(*steps), story, settings={"actions_at_once": 1})


def test_a_row_that_somebody_else_changed_says_again_how_the_run_stands(play: Play) -> None:
    """Most steps only count their run on; what is not as the run left it is written whole."""

    async def story(bench: Bench) -> None:
        async def changed(_: ActionContext) -> Any:
            await bench.door.write(
                lambda tx: tx.execute(update(runs), status="waiting", note="odd")
            )
            return "done"

        bench.effects.scripts["two"] = changed
        await bench.start()
        await bench.until_step("three", "running")
        view = await bench.run()
        assert (view.status, view.note) == ("running", None)
        await bench.until("completed")

    steps = (step("one", does("again")), step("two", does("again")))
    play(chain(*steps, step("three", does("again", takes=30.0))), story)


@pytest.mark.parametrize("kind", ["once", "again"])
def test_what_waits_for_a_place_does_not_start_after_a_cancel(play: Play, kind: str) -> None:
    """It gets the place in the moment in which the cancel is stored, and its intent comes later."""

    async def story(bench: Bench) -> None:
        async def cancelled(_: ActionContext) -> Any:
            await bench.rest(1)  # until the other one stands in line
            await bench.tell("cancel", by="UOLGA", reason="enough")
            return "done"

        bench.effects.scripts["first"] = cancelled
        await bench.start()
        await bench.until("cancelled")
        assert bench.effects.of("late") == 0
        assert ("intent", "late") not in await kinds(bench)

    first, late = step("first", does("once")), step("late", does(kind))
    plan = Plan("demo", "Demo", "hash-demo", (first, late))
    play(plan, story, settings={"actions_at_once": 1})


def test_what_may_be_repeated_and_waited_for_its_place_starts_without_an_intent(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("completed")
        assert [bench.effects.of(name) for name in ("first", "late", "then")] == [1, 1, 1]
        assert [kind for kind, _ in await kinds(bench)].count("intent") == 0

    needs = (Edge("first"), Edge("late"))
    first, late = step("first", does("again")), step("late", does("again"))
    plan = Plan(
        "demo", "Demo", "hash-demo", (first, late, step("then", does("again"), needs=needs))
    )
    play(plan, story, settings={"actions_at_once": 1})


def test_what_is_said_not_to_be_repeatable_has_its_intent_though_it_is_pure(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("completed")
        assert [path for kind, path in await kinds(bench) if kind == "intent"] == ["say"]

    play(chain(step("say", does("pure", repeatable=False))), story)


def test_a_time_that_comes_twice_is_told_twice(play: Play) -> None:
    """Since the clock was set back, the next turn of a loop was due when the one before it had been."""

    async def story(bench: Bench) -> None:
        await bench.start()
        await bench.until("completed")
        due, now = Due("run", 1, "turn:loop", bench.world.clock.now()), bench.world.clock.now()
        for _ in range(2):
            await bench.door.write(lambda tx: fire_timer(tx, due, now, bench.world.ids))
        told = await bench.door.read(
            lambda reader: reader.fetch_all(select(wakeups).where(wakeups.c.kind == "timer"))
        )
        assert [row.payload["slot"] for row in told] == ["turn:loop"] * 2

    play(chain(step("only", does("again"))), story)

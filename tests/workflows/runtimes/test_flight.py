"""Attempts in the tasks that perform them: who goes on in which, and what a cancel ends."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from baton.connector import ActionContext
from tests.workflows.runtimes.bench import Bench, Play, chain, does, statuses, step
from workflows.core.commands import RunAction
from workflows.core.plan import Edge
from workflows.runtimes.host.flight import Flying, Once
from workflows.runtimes.host.performing import Answer

ACTION = RunAction("post", "test.again", {}, 1, 0, repeatable=True, timeout=None)


class Performing:
    """Performs one action that takes for ever, unless it is told what to do when it is cancelled."""

    def __init__(self, *, swallows: bool = False) -> None:
        self.begun = asyncio.Event()
        self.heard = False
        self._swallows = swallows

    async def perform(self, run: Any, action: RunAction, cancelled: Any) -> Answer:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.heard = bool(cancelled().is_set())
            if not self._swallows:
                raise
        return Answer(output="too late")


def flown(flying: Flying, performing: Performing) -> "asyncio.Task[Answer | None]":
    parts: Any = SimpleNamespace(performer=performing)
    run: Any = None
    return asyncio.ensure_future(flying.perform(parts, run))


@pytest.mark.parametrize("swallows", [False, True])
async def test_a_cancelled_attempt_has_no_answer_and_its_task_goes_on(swallows: bool) -> None:  # noqa: FBT001
    performing, flying = Performing(swallows=swallows), Flying(ACTION)
    task = flown(flying, performing)
    await performing.begun.wait()
    flying.cancel()
    flying.cancel()  # once more changes nothing
    assert await task is None
    assert performing.heard
    assert task.cancelling() == 0


async def test_who_ends_the_task_ends_it_whether_or_not_the_attempt_is_cancelled_too() -> None:
    for both in (False, True):
        performing, flying = Performing(), Flying(ACTION)
        task = flown(flying, performing)
        await performing.begun.wait()
        if both:
            flying.cancel()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_came_before_anybody_asked_is_not_waited_for() -> None:
    early, late = Once(), Once()
    early.come()
    assert early.event.is_set()
    assert not late.event.is_set()
    late.come()
    await asyncio.gather(early.event.wait(), late.event.wait())


def test_steps_in_a_row_share_a_task(play: Play) -> None:
    tasks: dict[str, Any] = {}

    async def perform(ctx: ActionContext, *, repeatable: bool) -> Any:
        tasks[ctx.run.step] = asyncio.current_task()

    async def story(bench: Bench) -> None:
        bench.effects.perform = perform
        await bench.start()
        await bench.until("completed")

    play(chain(step("a", does("again")), step("b", does("once")), step("c", does("again"))), story)
    assert list(tasks) == ["a", "b", "c"]
    assert len(set(tasks.values())) == 1


def test_steps_side_by_side_begin_in_their_order_and_do_not_wait_for_each_other(play: Play) -> None:
    async def story(bench: Bench) -> None:
        met, begun = asyncio.Barrier(3), []

        async def perform(ctx: ActionContext, *, repeatable: bool) -> Any:
            begun.append(ctx.run.step)
            if ctx.run.step != "first":
                await met.wait()

        bench.effects.perform = perform
        await bench.start()
        view = await bench.until("completed")
        assert set(statuses(view).values()) == {"completed"}
        assert begun == ["first", "x", "y", "z"]

    beside = [step(name, does("again"), needs=(Edge("first"),)) for name in ("x", "y", "z")]
    play(chain(step("first", does("again")), *beside), story)

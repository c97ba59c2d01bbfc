"""Priority is the order in which ready steps of one server begin, and nothing else."""

import asyncio

from baton.connector import ActionContext
from coordination.store import queues
from coordination.store import runs as run_store
from tests.workflows.runtimes.bench import Bench, Play, chain, does, step


async def queued(bench: Bench, run_id: str, priority: str | None) -> None:
    """Write a run as the Coordinator does with the settings of its workflow."""
    await bench.start(run_id, hint=False)
    (row,) = await bench.door.read(lambda reader: run_store.find(reader, run_id))
    await bench.door.write(
        lambda tx: queues.mark(tx, row.key, key=None, held_since=None, priority=priority)
    )


def test_of_ready_steps_those_of_the_most_urgent_run_begin_first(play: Play) -> None:
    async def story(bench: Bench) -> None:
        gate = asyncio.Event()

        async def hold(ctx: ActionContext) -> None:
            await gate.wait()

        bench.effects.scripts = {"work": hold}
        urgency = {"first": None, "late": "low", "plain": None, "soon": "high"}
        for run_id, priority in urgency.items():
            await queued(bench, run_id, priority)
            await bench.host.start(run_id)
            await bench.until_step("work", "running", run_id)
        assert [run for run, _, _ in bench.effects.log] == ["first"]  # the only place is taken

        gate.set()
        for run_id in urgency:
            await bench.until("completed", run_id)
        assert [run for run, _, _ in bench.effects.log] == ["first", "soon", "plain", "late"]

    play(chain(step("work", does("again"))), story, settings={"actions_at_once": 1})

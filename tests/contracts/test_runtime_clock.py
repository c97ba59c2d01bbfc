"""From when on the time of a run counts: its execution, and not the time that it stood in a queue."""

from datetime import timedelta

from coordination.store import queues
from coordination.store import runs as run_store
from tests.workflows.runtimes.bench import Bench, Play, chain, does, step


def test_the_time_of_a_run_counts_from_its_execution(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.start(hint=False)
        (row,) = await bench.door.read(lambda reader: run_store.find(reader, "run_1"))
        held = bench.world.clock.now()
        await bench.door.write(
            lambda tx: queues.mark(tx, row.key, key="one", held_since=held, priority=None)
        )
        await bench.rest(2 * 3600)
        assert bench.effects.log == []  # it has no place yet

        await bench.door.write(lambda tx: queues.admit(tx, row.key))
        await bench.host.start("run_1")
        assert (await bench.until("completed")).error is None

    plan = chain(step("work", does("again", takes=1800.0)), timeout=timedelta(hours=1))
    play(plan, story)

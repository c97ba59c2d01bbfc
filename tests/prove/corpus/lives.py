"""Lives of a server in which the recorded runs are begun, and those in which they are finished."""

import asyncio
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from coordination.ports import Definition, RunView
from tests.prove.corpus.entries import CLOCK, DATABASE, Recorded
from tests.prove.corpus.stage import Player, Stage, Watch, read
from tests.prove.simulation.loop import SimLoop, simulate
from tests.workflows.runtimes.bench import Bench
from workflows.runtimes.embedded import embedded_runtime
from workflows.runtimes.host import Host
from workflows.runtimes.memory import memory_runtime

T = TypeVar("T")
End = dict[str, Any]


def bench(path: Path, make: Callable[..., Host], *, seed: int) -> Bench:
    """Make a life in which nobody waits for a place among the actions."""
    settings = {"actions_at_once": 1000}
    return Bench(path, None, make, effects=Stage(), seed=seed, settings=settings)


async def publish(life: Bench, definitions: Sequence[Definition]) -> None:
    for each in definitions:
        await life.host.publish_definition(each, by="UADA")


async def play(life: Bench, entries: Sequence[Recorded], *parts: str) -> None:
    """Play these parts of the scripts of all runs side by side."""
    watch = Watch(life)
    watching = asyncio.ensure_future(watch.run())
    await asyncio.sleep(0)
    async with asyncio.TaskGroup() as group:
        for entry in entries:
            script = [op for part in parts for op in getattr(entry, part)]
            group.create_task(Player(life, watch, entry.run, entry.workflow).play(script))
    watching.cancel()
    assert life.world.tasks.failures == []


def end_of(view: RunView) -> End:
    """Return what every version and every runtime must come to; not ids, numbers and times."""
    error = view.error or {}
    return {
        "status": view.status.value,
        "outputs": view.outputs,
        "error": error.get("type"),
        "steps": {each.path: each.status.value for each in view.steps},
    }


async def ends(life: Bench, entries: Sequence[Recorded]) -> dict[str, End]:
    return {each.name: end_of(await life.run(each.run)) for each in entries}


def in_memory(entries: Sequence[Recorded], path: Path) -> dict[str, End]:
    """Play all scripts from their first line to their last, and return how the runs end."""

    async def main() -> dict[str, End]:
        life = await bench(path, memory_runtime, seed=1).begin()
        known: set[str] = set()
        for entry in entries:
            definitions = [d for d in read(entry.sources) if d.name not in known]
            known |= {each.name for each in definitions}
            await publish(life, definitions)
        await play(life, entries, "before", "after")
        found = await ends(life, entries)
        await life.host.stop()
        return found

    return simulate(main)


def from_database(folder: Path, entries: Sequence[Recorded], path: Path) -> dict[str, End]:
    """Open the recorded database with this version, finish all runs, and return how they end."""
    path.write_bytes(gzip.decompress((folder / DATABASE).read_bytes()))
    loop = SimLoop()
    loop.passed = json.loads((folder / CLOCK).read_text())["passed"]

    async def main() -> dict[str, End]:
        life = await bench(path, embedded_runtime, seed=2).begin()
        await play(life, entries, "after")
        found = await ends(life, entries)
        await life.host.stop()
        await life.door.close()
        return found

    return simulate(main, loop)


__all__ = ["bench", "end_of", "ends", "from_database", "in_memory", "play", "publish"]

"""Records the corpus of this version: runs in every shape, their journals, and their database."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from coordination.database import runs as run_table
from coordination.database import select
from tests.prove.corpus.entries import (
    CLOCK,
    CORPUS,
    DATABASE,
    SUMS,
    Journal,
    Recorded,
    pack,
    row_of,
    sums,
    write,
)
from tests.prove.corpus.lives import bench, ends, play, publish
from tests.prove.corpus.shapes import Shape
from tests.prove.corpus.stage import read, registry
from tests.prove.simulation.loop import simulate
from tests.workflows.runtimes.bench import Bench
from workflows import journal, store
from workflows.core.core import Core
from workflows.language.compile import compile_body
from workflows.runtimes.embedded import embedded_runtime

RUNS = select(run_table).order_by(run_table.c.key)


def record(all_of: Sequence[Shape], into: Path = CORPUS, *, scratch: Path) -> Path:
    """Add the folder of this version and return it.

    Raises:
        FileExistsError: this version was recorded before.
    """
    folder = into / version("baton-bus")
    if folder.exists():
        raise FileExistsError(
            f"{folder} is there already, and what was recorded is never changed; raise the version first"
        )
    recorded, content, passed = simulate(lambda: _live(all_of, scratch / "record.db"))
    folder.mkdir(parents=True)
    for each in recorded:
        write(folder, each)
    (folder / DATABASE).write_bytes(pack(content))
    (folder / CLOCK).write_text(json.dumps({"passed": passed}) + "\n")
    (folder / SUMS).write_text(json.dumps(sums(folder), indent=1) + "\n")
    return folder


async def _live(all_of: Sequence[Shape], path: Path) -> tuple[list[Recorded], bytes, float]:
    life = await bench(path, embedded_runtime, seed=1).begin()
    begun = []
    for shape in all_of:
        definitions = read(shape.sources)
        await publish(life, definitions)
        bodies = {each.hash: each.body for each in definitions}
        run, name = f"run_{shape.name}", definitions[-1].name
        begun.append(
            Recorded(shape.name, shape.sources, bodies, run, name, shape.before, shape.after)
        )
    await play(life, begun, "before")
    await life.rest(1.0)
    lengths = await _lengths(life)
    await _kill(life)
    content, passed = path.read_bytes(), asyncio.get_running_loop().time()
    life = await bench(path, embedded_runtime, seed=2).begin()
    await play(life, begun, "after")
    found = await ends(life, begun)
    return [await _whole(life, each, lengths, found[each.name]) for each in begun], content, passed


async def _kill(life: Bench) -> None:
    """Leave the file as a server that died leaves it."""
    for task in asyncio.all_tasks():
        if task is not asyncio.current_task():
            task.cancel()
    life.host._parts.stopping = True
    await asyncio.sleep(0)
    await life.door.close()


async def _lengths(life: Bench) -> dict[str, int]:
    """Return how many rows the journal of each run has."""
    rows = await life.door.read(lambda reader: reader.fetch_all(RUNS))
    found = {}
    for row in rows:
        found[row.id] = len(
            await life.door.read(lambda reader, run=row: store.entries(reader, run))
        )
    return found


async def _whole(
    life: Bench, entry: Recorded, lengths: dict[str, int], end: dict[str, object]
) -> Recorded:
    """Add the journals of the run and of all that belong to it, and its end."""
    rows = await life.door.read(lambda reader: reader.fetch_all(RUNS))
    found, family = [], {entry.run, f"{entry.run}_first"}
    parents = {row.key for row in rows if row.id in family}
    for row in rows:
        if row.id in family or row.parent_key in parents:
            kept = await life.door.read(lambda reader, run=row: store.entries(reader, run))
            plan = compile_body(row.hash, entry.bodies[row.hash], registry())
            at = lengths.get(row.id, 0)
            core = journal.replay(plan, row.id, kept[:at], core_version=row.core_version).core
            told = (row.id, row.hash, row.core_version, at, str(core.status), waiting(core))
            found.append(Journal(*told, [row_of(each) for each in kept]))
    return replace(entry, journals=found, end=end)


def waiting(core: Core) -> list[list[str]]:
    return [[each.path, each.kind] for each in core.waiting]

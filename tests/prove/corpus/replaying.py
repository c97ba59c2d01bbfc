"""What today's code makes of a recorded journal: the rows up to the shape, and those after it."""

import json
from collections.abc import Iterator

from tests.prove.corpus.entries import Journal, Recorded
from tests.prove.corpus.stage import registry
from workflows import journal
from workflows.core.codec import digest, fact_from_json, to_json
from workflows.core.core import Core
from workflows.language.compile import compile_body
from workflows.runs import Entry, Faulted


def problems(recorded: Recorded) -> Iterator[str]:
    """Say what has changed for the runs of this shape."""
    for each in recorded.journals:
        for problem in _problems(recorded, each):
            yield f"{recorded.name}, {each.run}: {problem}"


def _problems(recorded: Recorded, kept: Journal) -> Iterator[str]:
    plan, rows = compile_body(kept.hash, recorded.bodies[kept.hash], registry()), kept.entries()
    before, after = rows[: kept.at], rows[kept.at :]
    try:
        core = journal.replay(plan, kept.run, before, core_version=kept.core_version).core
        journal.replay(plan, kept.run, rows, core_version=kept.core_version)
    except Faulted as faulted:
        yield str(faulted)
        return
    waiting = [[each.path, each.kind] for each in core.waiting]
    if (core.status, waiting) != (kept.status, kept.waiting):
        yield f"it stands as {core.status} at {waiting}, not {kept.status} at {kept.waiting}"
    yield from _go_on(core, after)
    if kept.run == recorded.run and core.status != recorded.end["status"]:
        yield f"it ends as {core.status}, not {recorded.end['status']}"


def _go_on(core: Core, rows: list[Entry]) -> Iterator[str]:
    """Give a run that stands in its shape the facts that came then, and evaluate anew."""
    for row in rows:
        if row.kind == journal.INTENT:
            continue
        data = json.loads(row.data)
        commands = core.apply(fact_from_json(data["fact"]))
        if to_json(core.derived) != data["derived"]:
            yield f"row {row.seq}: expressions give {core.derived}, not {data['derived']}"
        elif digest(commands) != data["commands"]:
            yield f"row {row.seq}: it asks for something else: {commands}"
        else:
            continue
        return

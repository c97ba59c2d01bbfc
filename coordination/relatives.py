"""What stands around a run: its parent, its children, who paused it or dealt with it, and whom it waits behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coordination.database import Reader, Row
from coordination.handling import counts
from coordination.ports import Handled, Pause, RunLink, RunStatus
from coordination.queues import standing
from coordination.store import orders
from coordination.store import relatives as store

MOST = 200  # children of one run that are shown


@dataclass(frozen=True, slots=True)
class Relatives:
    """Of one run. *children* are by id; among several runs only those that go on."""

    parent: RunLink | None = None
    children: Mapping[str, RunLink] = field(default_factory=dict)
    pause: Pause | None = None
    queue: str | None = None
    handled: Handled | None = None


NOBODY = Relatives()


async def of_run(reader: Reader, row: Row) -> Relatives:
    """Return all that stands around one run."""
    above = None if row.parent_key is None else await store.by_key(reader, row.parent_key)
    found = await store.children(reader, row.key, most=MOST)
    return Relatives(
        parent=None if above is None else _link(above, row.parent_path),
        children={each.id: _link(each, each.parent_path) for each in found},
        pause=await _pause(reader, row),
        queue=await _queue(reader, row),
        handled=await _handled(reader, row),
    )


async def of_runs(reader: Reader, rows: Sequence[Row]) -> dict[int, Relatives]:
    """Return, by the keys of runs, what it takes to say what each of them waits for."""
    if not rows:
        return {}
    first, last = min(row.key for row in rows), max(row.key for row in rows)
    going = await store.open_children(reader, first, last)
    return {
        row.key: Relatives(
            children={
                each.id: _link(each, each.parent_path)
                for each in going
                if each.parent_key == row.key
            },
            pause=await _pause(reader, row),
            queue=await _queue(reader, row),
            handled=await _handled(reader, row),
        )
        for row in rows
    }


async def _pause(reader: Reader, row: Row) -> Pause | None:
    if row.status != RunStatus.PAUSED:
        return None
    told = await store.last_pause(reader, row.key)
    return None if told is None else Pause(told.payload["by"], told.created_at)


async def _handled(reader: Reader, row: Row) -> Handled | None:
    if row.status != RunStatus.FAILED:
        return None
    said = await orders.read_last_handled(reader, row.key)
    if said is None or not counts(said, row.status, row.ended_at):
        return None
    return Handled(said.payload["by"], said.created_at, said.payload["reason"])


async def _queue(reader: Reader, row: Row) -> str | None:
    held = await standing(reader, row)
    return None if held is None else held.text


def _link(row: Row, path: str | None) -> RunLink:
    return RunLink(row.id, row.number, row.workflow, RunStatus(row.status), path or "")

"""Files that triggers watch: what each has seen is kept, so that a change starts one run. Inside a unit.

The first look at a glob only remembers what is there. What changed while nobody looked is found by
the next look, also in another life of the program.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from coordination.database import Reader, Transaction
from coordination.noting import note
from coordination.occasions import PROGRAM, Occasion
from coordination.ports import TriggerSpec
from coordination.store import runs
from coordination.store import triggers as store
from coordination.world import Ids
from coordination.written import Mark, writers

__all__ = ["Mark", "Watched", "forget", "remember", "take", "watched"]

KIND = "file"
DEBOUNCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """A trigger that watches files.

    Args:
        workflow: whose it is.
        trigger_id: of the trigger, or of the part of one.
        glob: which files, from the root on.
        debounce: how long a file has to stay as it is before its change counts.
        seen: the files as they were when their changes last counted; None before the first look.
    """

    workflow: str
    trigger_id: str
    glob: str
    debounce: timedelta
    seen: Mapping[str, Mark] | None


async def watched(reader: Reader) -> tuple[list[Watched], list[tuple[str, str]]]:
    """Return the triggers that watch files, and those that did and whose memory can go."""
    states = {
        name: state for name, state in (await store.states(reader)).items() if "glob" in state
    }
    found = [
        _watched(row.workflow, spec, states)
        for row in await store.active(reader)
        for spec in _parts(store.spec_of(row))
    ]
    wanted = {(each.workflow, each.trigger_id) for each in found}
    return found, [name for name in states if name not in wanted]


def _parts(whole: TriggerSpec) -> list[TriggerSpec]:
    if not whole.enabled:
        return []
    return [each for each in (whole, *whole.parts) if each.kind == KIND]


def _watched(
    workflow: str, spec: TriggerSpec, states: Mapping[tuple[str, str], Mapping[str, object]]
) -> Watched:
    state = states.get((workflow, spec.id), {})
    glob, debounce = spec.keys["file"], spec.keys.get("debounce")
    seen = state.get("files") if state.get("glob") == glob else None
    return Watched(
        workflow=workflow,
        trigger_id=spec.id,
        glob=glob,
        debounce=DEBOUNCE if debounce is None else timedelta(seconds=debounce),
        seen=_marks(seen) if isinstance(seen, Mapping) else None,
    )


def _marks(files: Mapping[str, Iterable[int]]) -> dict[str, Mark]:
    return {path: (mark[0], mark[1]) for path, mark in ((p, [*m]) for p, m in files.items())}


def remember(
    tx: Transaction, trigger: Watched, files: Mapping[str, Mark], *, now: datetime
) -> None:
    """Take *files* for what was there all along."""
    _keep(tx, trigger, files, now)


def forget(tx: Transaction, names: Iterable[tuple[str, str]]) -> None:
    """Drop what is kept of triggers that watch nothing any more."""
    for workflow, trigger_id in names:
        store.forget(tx, workflow, trigger_id)


def take(
    tx: Transaction,
    trigger: Watched,
    changed: Mapping[str, Mark | None],
    *,
    now: datetime,
    ids: Ids,
    behind: Mapping[str, int] | None = None,
) -> int:
    """Count changes of files, None for one that is gone; return how many the trigger fires for.

    *behind* names the runs whose programs were at work when something changed.
    """
    spec = store.one(tx, trigger.workflow, trigger.trigger_id)
    state = store.state(tx, trigger.workflow, trigger.trigger_id)
    if spec is None or state is None:
        return 0
    if {spec.keys.get("file"), state.get("glob")} != {trigger.glob}:
        return 0  # another revision asks for other files by now
    files, fired = _marks(state["files"]), 0
    wrote = writers(tx, changed, now=now)
    for path, mark in sorted(changed.items()):
        change = _change(files.get(path), mark)
        if mark is None:
            files.pop(path, None)
        else:
            files[path] = mark
        if change in spec.keys.get("changes", ()):
            own, program = wrote.get(path), (behind or {}).get(path)
            data = {"path": path, "change": change}
            if own is None and program is not None and (run := runs.by_key(tx, program)):
                data[PROGRAM] = f"R-{run.number}"
            occasion = Occasion(
                workflow=trigger.workflow,
                trigger_id=spec.id,
                kind=KIND,
                data=data,
                caused_by=program if own is None else own,
            )
            note(tx, occasion, now=now, ids=ids)
            fired += 1
    _keep(tx, trigger, files, now)
    return fired


def _change(before: Mark | None, after: Mark | None) -> str | None:
    if before == after:
        return None
    if before is None:
        return "added"
    return "deleted" if after is None else "modified"


def _keep(tx: Transaction, trigger: Watched, files: Mapping[str, Mark], now: datetime) -> None:
    state = {"glob": trigger.glob, "files": {path: list(mark) for path, mark in files.items()}}
    store.keep(tx, trigger.workflow, trigger.trigger_id, state, now=now)

"""The triggers of active workflows, what is kept of each beside its revision, and chains of causes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    definitions,
    delete,
    events,
    literal,
    runs,
    select,
    trigger_states,
    triggers,
    upsert,
    workflows,
)
from coordination.ports import TriggerSpec
from coordination.store.waits import SHAPES

_IN_USE = (
    select(triggers, workflows.c.updated_at.label("since"))
    .join(workflows, workflows.c.name == triggers.c.workflow)
    .where(workflows.c.status == "active", workflows.c.hash == triggers.c.hash)
)
_ACTIVE = _IN_USE.order_by(triggers.c.workflow, triggers.c.key)
_ONE = _IN_USE.where(
    triggers.c.workflow == bindparam("of"), triggers.c.trigger_id == bindparam("called")
)
_ASKED = _IN_USE.with_only_columns(
    triggers.c.event.label("patterns"), literal(None).label("shape")
).union_all(select(literal(None), SHAPES.c.shape).where(SHAPES.c.shape.is_not(None)))
_DEFINITION = select(definitions).where(definitions.c.hash == bindparam("content"))
_RUN = select(runs.c.workflow, runs.c.trigger, runs.c.parent_key, runs.c.depth).where(
    runs.c.key == bindparam("run")
)
_OUTPUTS = select(runs.c.id, runs.c.workflow, runs.c.outputs).where(runs.c.key == bindparam("run"))
_CAUSE = select(events.c.caused_by_run).where(events.c.id == bindparam("called"))

_STATE_OF = (
    trigger_states.c.workflow == bindparam("of"),
    trigger_states.c.trigger_id == bindparam("called"),
)
_STATE = select(trigger_states.c.state).where(*_STATE_OF)
_STATES = select(trigger_states)
_SET_STATE = upsert(trigger_states, key=("workflow", "trigger_id"), update=("state", "updated_at"))
_DROP_STATE = delete(trigger_states).where(*_STATE_OF)


async def active(reader: Reader) -> list[Row]:
    """Return the triggers of the revisions in use; *since* says when their workflow changed."""
    return await reader.fetch_all(_ACTIVE)


def one(tx: Transaction, workflow: str, trigger_id: str) -> TriggerSpec | None:
    """Return a trigger of a revision in use, or a part of one; None if it is switched off."""
    row = tx.fetch_one(_ONE, of=workflow, called=trigger_id.partition(".")[0])
    if row is None:
        return None
    whole = spec_of(row)
    if not whole.enabled:
        return None
    return next((each for each in (whole, *whole.parts) if each.id == trigger_id), None)


def asked(tx: Transaction) -> list[Row]:
    """Return the *patterns* of each trigger in use, and the *shape* of all that waits."""
    return tx.fetch_kept(_ASKED)


async def definition(reader: Reader, content: str) -> Row | None:
    """Return the definition of that hash."""
    return await reader.fetch_one(_DEFINITION, content=content)


async def run(reader: Reader, run_key: int) -> Row | None:
    """Return id, workflow and outputs of a run."""
    return await reader.fetch_one(_OUTPUTS, run=run_key)


async def depth(reader: Reader, run_key: int) -> int:
    """Count the starts that a run's chain of causes had before it."""
    row = await reader.fetch_one(_RUN, run=run_key)
    return 0 if row is None else int(row.depth)


async def causes(reader: Reader, run_keys: Iterable[int], *, most: int) -> list[str]:
    """Return the workflows behind these runs, their own first: parents, and those of their events."""
    found: list[str] = []
    known: set[int] = set()
    ahead = list(run_keys)
    while ahead and len(known) < most:
        key = ahead.pop(0)
        run = None if key in known else await reader.fetch_one(_RUN, run=key)
        known.add(key)
        if run is None:
            continue
        found.append(run.workflow)
        if run.parent_key is not None:
            ahead.append(run.parent_key)
        ahead += [each for told in events_of(run.trigger) for each in await _behind(reader, told)]
    return found


async def causing(reader: Reader, event_id: str) -> list[int]:
    """Return the run that caused an event, if one did."""
    return await _behind(reader, event_id)


async def _behind(reader: Reader, event_id: str) -> list[int]:
    event = await reader.fetch_one(_CAUSE, called=event_id)
    return [event.caused_by_run] if event is not None and event.caused_by_run is not None else []


def events_of(trigger: Mapping[str, Any]) -> list[str]:
    """Return the ids of all events that a run's ``trigger`` tells of."""
    told = [trigger, trigger.get("after"), *(trigger.get("events") or ())]
    return [each["event_id"] for each in told if isinstance(each, Mapping) and "event_id" in each]


def spec_of(row: Row) -> TriggerSpec:
    """Read a trigger back."""
    columns = {"id": row.trigger_id, "kind": row.kind, "event": row.event, "source": row.source}
    return _spec({**row.spec, **columns})


def _spec(written: Mapping[str, Any]) -> TriggerSpec:
    return TriggerSpec(
        id=written["id"],
        kind=written["kind"],
        event=written["event"],
        source=written.get("source"),
        where=written.get("where"),
        inputs=written.get("inputs") or {},
        enabled=written.get("enabled", True),
        keys=written.get("keys") or {},
        parts=tuple(_spec(each) for each in written.get("parts") or ()),
    )


def columns_of(spec: TriggerSpec) -> dict[str, Any]:
    """Return what the row of a trigger holds of it."""
    written = _written(spec)
    columns = {name: written.pop(name) for name in ("kind", "event", "source")}
    return {"trigger_id": written.pop("id"), **columns, "spec": written}


def _written(spec: TriggerSpec) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": spec.id,
        "kind": spec.kind,
        "event": spec.event,
        "source": spec.source,
        "where": spec.where,
        "inputs": dict(spec.inputs),
        "enabled": spec.enabled,
    }
    if spec.keys:
        written["keys"] = dict(spec.keys)
    if spec.parts:
        written["parts"] = [_written(each) for each in spec.parts]
    return written


def state(tx: Transaction, workflow: str, trigger_id: str) -> Mapping[str, Any] | None:
    """Return what is kept of a trigger, whichever revision it is of."""
    row = tx.fetch_one(_STATE, of=workflow, called=trigger_id)
    return None if row is None else row.state


async def states(reader: Reader) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return what is kept of all triggers, by workflow and id."""
    rows = await reader.fetch_all(_STATES)
    return {(row.workflow, row.trigger_id): row.state for row in rows}


def keep(
    tx: Transaction, workflow: str, trigger_id: str, state: Mapping[str, Any], *, now: datetime
) -> None:
    """Keep *state* of a trigger, in place of what was kept."""
    tx.execute(
        _SET_STATE, workflow=workflow, trigger_id=trigger_id, state=dict(state), updated_at=now
    )


def forget(tx: Transaction, workflow: str, trigger_id: str) -> None:
    tx.execute(_DROP_STATE, of=workflow, called=trigger_id)

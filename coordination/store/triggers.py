"""What the Dispatcher matches: the triggers of active workflows, and the chain behind an event."""

from collections.abc import Mapping
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    definitions,
    events,
    literal,
    runs,
    select,
    triggers,
    workflows,
)
from coordination.ports import TriggerSpec
from coordination.store.waits import SHAPES

_IN_USE = (
    select(triggers)
    .join(workflows, workflows.c.name == triggers.c.workflow)
    .where(workflows.c.status == "active", workflows.c.hash == triggers.c.hash)
)
_ACTIVE = _IN_USE.order_by(triggers.c.workflow, triggers.c.key)
_ASKED = (
    _IN_USE.with_only_columns(triggers.c.event.label("pattern"), literal(None).label("shape"))
    .where(triggers.c.kind == "event")
    .union_all(select(literal(None), SHAPES.c.shape).where(SHAPES.c.shape.is_not(None)))
)
_DEFINITION = select(definitions).where(definitions.c.hash == bindparam("content"))
_RUN = select(runs.c.workflow, runs.c.trigger).where(runs.c.key == bindparam("run"))
_CAUSE = select(events.c.caused_by_run).where(events.c.id == bindparam("called"))


async def active(reader: Reader) -> list[Row]:
    """Return the triggers of the revisions in use."""
    return await reader.fetch_all(_ACTIVE)


def asked(tx: Transaction) -> list[Row]:
    """Return the *pattern* of each trigger in use, and the *shape* of all that waits."""
    return tx.fetch_all(_ASKED)


async def definition(reader: Reader, content: str) -> Row | None:
    """Return the definition of that hash."""
    return await reader.fetch_one(_DEFINITION, content=content)


async def causes(reader: Reader, run_key: int, *, most: int) -> list[str]:
    """Return the workflows behind a run, itself first, each started by an event of the next."""
    found: list[str] = []
    current: int | None = run_key
    while current is not None and len(found) <= most:
        run = await reader.fetch_one(_RUN, run=current)
        if run is None:
            break
        found.append(run.workflow)
        event = await reader.fetch_one(_CAUSE, called=run.trigger.get("event_id"))
        current = event.caused_by_run if event is not None else None
    return found


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

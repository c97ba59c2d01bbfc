"""Published definitions and the workflows that use them: reads only; runtimes publish."""

from collections.abc import Mapping
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    definitions,
    select,
    triggers,
    workflows,
)
from coordination.ports import Definition, TriggerSpec

_WORKFLOW = select(
    workflows.c.name,
    workflows.c.status,
    workflows.c.problems,
    workflows.c.updated_at,
    definitions.c.hash,
    definitions.c.revision,
    definitions.c.title,
    definitions.c.description,
    definitions.c.body,
    definitions.c.source,
    definitions.c.published_at,
    definitions.c.published_by,
).select_from(workflows.join(definitions, definitions.c.hash == workflows.c.hash))
_ALL = _WORKFLOW.order_by(workflows.c.name)
_ONE = _WORKFLOW.where(workflows.c.name == bindparam("called"))
_NAMES = select(workflows.c.name).order_by(workflows.c.name)
_DEFINITION = select(definitions).where(definitions.c.hash == bindparam("content"))
_TRIGGERS = select(triggers).order_by(triggers.c.workflow, triggers.c.key)


async def all_workflows(reader: Reader) -> tuple[list[Row], list[Row]]:
    """Return the rows of every workflow, by name, and those of all active triggers."""
    return await reader.fetch_all(_ALL), await reader.fetch_all(_TRIGGERS)


async def names(reader: Reader) -> list[str]:
    return [row.name for row in await reader.fetch_all(_NAMES)]


async def workflow(reader: Reader, name: str) -> tuple[Row | None, list[Row]]:
    """Return the row of one workflow and those of its active triggers."""
    found = [row for row in await reader.fetch_all(_TRIGGERS) if row.workflow == name]
    return await reader.fetch_one(_ONE, called=name), found


def active(tx: Transaction, name: str) -> Row | None:
    """Return the row of a workflow, whatever its status."""
    return tx.fetch_one(_ONE, called=name)


def by_hash(tx: Transaction, content: str) -> Row | None:
    """Return a definition, be it in use or not."""
    return tx.fetch_one(_DEFINITION, content=content)


def definition(row: Row, active_triggers: list[Row]) -> Definition:
    """Read a definition back; settings and inputs stand in its body, as they were written."""
    settings: Mapping[str, Any] = row.body.get("settings") or {}
    return Definition(
        name=row.name,
        title=row.title,
        description=row.description,
        hash=row.hash,
        body=row.body,
        source=row.source,
        triggers=tuple(_trigger(each) for each in active_triggers),
        inputs_schema=row.body.get("inputs") or {},
        channel=settings.get("channel"),
        start_by=tuple(settings.get("start_by") or ()),
        approvers=tuple(settings.get("approvers") or ()),
    )


def _trigger(row: Row) -> TriggerSpec:
    return TriggerSpec(
        id=row.trigger_id,
        kind=row.kind,
        event=row.event,
        source=row.source,
        where=row.spec.get("where"),
        inputs=row.spec.get("inputs") or {},
        enabled=row.spec.get("enabled", True),
    )

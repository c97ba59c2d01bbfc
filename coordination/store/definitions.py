"""Published definitions and the workflows that use them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    definitions,
    delete,
    func,
    insert,
    insert_if_absent,
    select,
    triggers,
    update,
    workflows,
)
from coordination.ports import Definition, TriggerSpec
from coordination.store.triggers import columns_of, spec_of

_DRAFTED = (
    select(definitions.c.revision)
    .where(definitions.c.hash == workflows.c.draft)
    .correlate(workflows)
    .scalar_subquery()
)
_WORKFLOW = select(
    workflows.c.name,
    workflows.c.status,
    workflows.c.problems,
    workflows.c.draft,
    workflows.c.origin,
    workflows.c.updated_at,
    definitions.c.hash,
    definitions.c.revision,
    definitions.c.title,
    definitions.c.description,
    definitions.c.body,
    definitions.c.source,
    definitions.c.published_at,
    definitions.c.published_by,
    _DRAFTED.label("drafted"),
).select_from(workflows.join(definitions, definitions.c.hash == workflows.c.hash))
_ALL = _WORKFLOW.order_by(workflows.c.name)
_ONE = _WORKFLOW.where(workflows.c.name == bindparam("called"))
_NAMES = select(workflows.c.name).order_by(workflows.c.name)
_BODIES = (
    select(workflows.c.name, definitions.c.body)
    .select_from(workflows.join(definitions, definitions.c.hash == workflows.c.hash))
    .order_by(workflows.c.name)
)
_IDLE = select(workflows.c.name, workflows.c.status).where(workflows.c.status != "active")
_DEFINITION = select(definitions).where(definitions.c.hash == bindparam("content"))
_REVISIONS = (
    select(
        definitions.c.hash,
        definitions.c.revision,
        definitions.c.title,
        definitions.c.published_at,
        definitions.c.published_by,
    )
    .where(definitions.c.name == bindparam("called"))
    .order_by(definitions.c.revision.desc())
    .limit(bindparam("limit"))
)
_REVISION = select(definitions).where(
    definitions.c.name == bindparam("called"), definitions.c.revision == bindparam("number")
)
_LATEST = select(func.max(definitions.c.revision).label("number")).where(
    definitions.c.name == bindparam("called")
)
_TRIGGERS = select(triggers).order_by(triggers.c.workflow, triggers.c.key)
_TRIGGERS_OF = _TRIGGERS.where(triggers.c.workflow == bindparam("called"))
_ADD_DEFINITION = insert(definitions)
_REWORD = update(definitions).where(definitions.c.hash == bindparam("content"))
_ADD_WORKFLOW = insert_if_absent(workflows)
_CHANGE = update(workflows).where(workflows.c.name == bindparam("called"))
_DROP_TRIGGERS = delete(triggers).where(triggers.c.workflow == bindparam("called"))
_ADD_TRIGGER = insert(triggers)


async def all_workflows(reader: Reader) -> tuple[list[Row], list[Row]]:
    """Return the rows of every workflow, by name, and those of all triggers of revisions in use."""
    return await reader.fetch_all(_ALL), await reader.fetch_all(_TRIGGERS)


async def names(reader: Reader) -> list[str]:
    return [row.name for row in await reader.fetch_all(_NAMES)]


async def bodies(reader: Reader) -> dict[str, Any]:
    """Return the body of the revision in use, by the name of the workflow."""
    return {row.name: row.body for row in await reader.fetch_all(_BODIES)}


async def idle(reader: Reader) -> dict[str, str]:
    """Return the status of each workflow that is not active, by its name."""
    return {row.name: row.status for row in await reader.fetch_all(_IDLE)}


async def workflow(reader: Reader, name: str) -> tuple[Row | None, list[Row]]:
    """Return the row of one workflow and those of the triggers in use."""
    return (
        await reader.fetch_one(_ONE, called=name),
        await reader.fetch_all(_TRIGGERS_OF, called=name),
    )


async def revisions(reader: Reader, name: str, *, limit: int) -> list[Row]:
    """Return the revisions of a workflow without their bodies, the newest first."""
    return await reader.fetch_all(_REVISIONS, called=name, limit=limit)


async def revision(reader: Reader, name: str, number: int) -> Row | None:
    return await reader.fetch_one(_REVISION, called=name, number=number)


async def read(reader: Reader, content: str) -> Row | None:
    """Return a definition, be it in use or not."""
    return await reader.fetch_one(_DEFINITION, content=content)


def active(tx: Transaction, name: str) -> Row | None:
    """Return the row of a workflow, whatever its status."""
    return tx.fetch_one(_ONE, called=name)


def known(tx: Transaction) -> list[str]:
    """Return the names of all workflows."""
    return [row.name for row in tx.fetch_all(_NAMES)]


def triggers_of(tx: Transaction, name: str) -> list[tuple[str, TriggerSpec]]:
    """Return the stored triggers of a workflow, each with the revision that it is of."""
    return [(row.hash, spec_of(row)) for row in tx.fetch_all(_TRIGGERS_OF, called=name)]


def by_hash(tx: Transaction, content: str) -> Row | None:
    """Return a definition, be it in use or not."""
    return tx.fetch_one(_DEFINITION, content=content)


def add(tx: Transaction, new: Definition, *, by: str, at: datetime) -> int:
    """Store a definition for ever, and return its revision: one more than the newest of its name."""
    latest = tx.fetch_one(_LATEST, called=new.name)
    number = 1 + ((latest.number if latest is not None else None) or 0)
    tx.execute(
        _ADD_DEFINITION,
        hash=new.hash,
        name=new.name,
        revision=number,
        title=new.title,
        description=new.description,
        body=new.body,
        source=new.source,
        published_at=at,
        published_by=by,
    )
    return number


def reword(tx: Transaction, content: str, source: str) -> None:
    """Keep another text of the same definition: its comments, or the order of its keys, differ."""
    tx.execute(_REWORD, content=content, source=source)


def add_workflow(tx: Transaction, name: str, values: Mapping[str, Any]) -> None:
    tx.execute(_ADD_WORKFLOW, name=name, **values)


def change(tx: Transaction, name: str, values: Mapping[str, Any]) -> bool:
    """Change a workflow; False if there is none of that name."""
    return tx.execute(_CHANGE, called=name, **values) == 1


def use_triggers(tx: Transaction, name: str, content: str, specs: Sequence[TriggerSpec]) -> None:
    """Replace the triggers of a workflow by those of the revision *content*."""
    tx.execute(_DROP_TRIGGERS, called=name)
    for each in specs:
        tx.execute(_ADD_TRIGGER, workflow=name, hash=content, **columns_of(each))


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
        triggers=tuple(spec_of(each) for each in active_triggers),
        inputs_schema=row.body.get("inputs") or {},
        channel=settings.get("channel"),
        start_by=tuple(settings.get("start_by") or ()),
        approvers=tuple(settings.get("approvers") or ()),
    )

"""Workflows as people look at them: the definition in use, its status, and what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination.database import Reader, Row
from coordination.errors import NotFound
from coordination.ports import Definition
from coordination.store import definitions as store


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """A workflow and the last good revision of it; *problems* are those of a file that broke since."""

    name: str
    status: str  # draft, active, paused, archived
    revision: int
    definition: Definition
    problems: Any
    published_at: datetime
    published_by: str
    updated_at: datetime

    @property
    def title(self) -> str:
        return self.definition.title


async def all_workflows(reader: Reader) -> tuple[WorkflowView, ...]:
    """Return every workflow, by name."""
    rows, triggers = await store.all_workflows(reader)
    return tuple(
        _view(row, [each for each in triggers if each.workflow == row.name]) for row in rows
    )


async def workflow(reader: Reader, name: str) -> WorkflowView:
    """Return one workflow.

    Raises:
        NotFound: there is none of that name; the sentence names the nearest.
    """
    row, triggers = await store.workflow(reader, name)
    if row is None:
        raise NotFound("workflow", name, known=await store.names(reader))
    return _view(row, triggers)


def _view(row: Row, triggers: list[Row]) -> WorkflowView:
    return WorkflowView(
        name=row.name,
        status=row.status,
        revision=row.revision,
        definition=store.definition(row, triggers),
        problems=row.problems,
        published_at=row.published_at,
        published_by=row.published_by,
        updated_at=row.updated_at,
    )

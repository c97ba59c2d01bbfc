"""Workflows as people look at them: the definition in use, its status, and what is wrong with it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coordination.database import Reader, Row, canonical
from coordination.errors import NotFound
from coordination.ports import Definition
from coordination.store import definitions as store

MOST = 500  # revisions in one list


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """A workflow and the revision in use, which for a draft is the one that would be.

    Args:
        name: its name.
        status: draft, active, paused or archived.
        revision: counted from 1.
        definition: of that revision.
        problems: of a file that broke since; the last good revision stays in use.
        published_at: when the revision was first published.
        published_by: by whom.
        updated_at: when its text, its status or its problems last changed.
        draft: the revision that is written and not in use, beside the one in use.
        origin: who may change it: ``file:NAME`` of the folder, ``library:NAME``, or ``api``.
        tag: changes with everything that an edit is based on.
    """

    name: str
    status: str
    revision: int
    definition: Definition
    problems: Any
    published_at: datetime
    published_by: str
    updated_at: datetime
    draft: int | None = None
    origin: str = ""
    tag: str = ""

    @property
    def title(self) -> str:
        return self.definition.title

    @property
    def file(self) -> str | None:
        """Return the file of the folder that it is read from, if it is."""
        return file_of(self.origin)


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One revision of a workflow; *use* says what it is to it now: in_use, draft or past."""

    name: str
    number: int
    hash: str
    title: str
    published_at: datetime
    published_by: str
    use: str
    source: str = ""  # the text, where one revision was asked for
    body: Any = None  # and what it says


async def all_workflows(reader: Reader) -> tuple[WorkflowView, ...]:
    """Return every workflow, by name."""
    rows, triggers = await store.all_workflows(reader)
    of: dict[str, list[Row]] = {}
    for each in triggers:
        of.setdefault(each.workflow, []).append(each)
    return tuple(_view(row, of.get(row.name, [])) for row in rows)


async def workflow(reader: Reader, name: str) -> WorkflowView:
    """Return one workflow.

    Raises:
        NotFound: there is none of that name; the sentence names the nearest.
    """
    row, triggers = await store.workflow(reader, name)
    if row is None:
        raise NotFound("workflow", name, known=await store.names(reader))
    return _view(row, triggers)


async def revisions(reader: Reader, name: str) -> tuple[RevisionView, ...]:
    """Return the revisions of a workflow, the newest first. Raises: NotFound."""
    view = await workflow(reader, name)
    rows = await store.revisions(reader, name, limit=MOST)
    return tuple(_revision(row, view) for row in rows)


async def revision(reader: Reader, name: str, number: int) -> RevisionView:
    """Return one revision with its text. Raises: NotFound."""
    view = await workflow(reader, name)
    row = await store.revision(reader, name, number)
    if row is None:
        raise NotFound(f"revision of {name}", str(number))
    return replace(_revision(row, view), source=row.source, body=row.body)


def same_content(one: str | None, other: str | None) -> bool:
    """Say whether two hashes are of the same definition. They are no secret: whoever reads sees them."""
    return one == other


def file_of(origin: str | None) -> str | None:
    """Return the file that a workflow of this origin is read from; None where it is no file's."""
    kind, _, name = (origin or "").partition(":")
    return name if kind == "file" else None


def tag_of(row: Row) -> str:
    """Return what changes with everything that an edit of a workflow is based on."""
    based = [row.name, row.status, row.hash, row.draft, row.origin, row.source, row.problems]
    return hashlib.sha256(canonical(based).encode("utf-8", "surrogatepass")).hexdigest()[:32]


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
        draft=row.drafted,
        origin=row.origin or "",
        tag=tag_of(row),
    )


def _revision(row: Row, view: WorkflowView) -> RevisionView:
    in_use = same_content(row.hash, view.definition.hash)
    use = "in_use" if in_use else "draft" if row.revision == view.draft else "past"
    if in_use and view.status == "draft":
        use = "draft"
    return RevisionView(
        name=view.name,
        number=row.revision,
        hash=row.hash,
        title=row.title,
        published_at=row.published_at,
        published_by=row.published_by,
        use=use,
    )

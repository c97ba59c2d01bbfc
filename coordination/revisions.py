"""Publishing inside a unit: which revision a workflow is on, and whether it starts anything.

A workflow is a draft, active, paused or archived. What is published is a revision for ever, known by
the hash of its content; runs keep the one that they began with. Every change is audited, with what the
new revision may do that the one before it could not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from coordination import audit
from coordination.database import Row, Transaction
from coordination.definitions import file_of, same_content, tag_of
from coordination.errors import Conflict, NotFound, Outdated
from coordination.ports import Definition, Gain, Revision
from coordination.store import definitions as store

Gains: TypeAlias = Callable[[Any, Any], tuple[Gain, ...]]
Move: TypeAlias = Literal["pause", "resume", "archive", "restore"]

LIBRARY = "library"
"""Who publishes what is shipped."""
ABSENT = ""
"""The tag of a workflow that is not there."""
ALLOWED: Mapping[Move, Mapping[str, str]] = {
    "pause": {"active": "paused", "paused": "paused"},
    "resume": {"paused": "active", "active": "active"},
    "archive": dict.fromkeys(("draft", "active", "paused", "archived"), "archived"),
    "restore": {"archived": "active"},
}
"""What each verb makes of each status; what stands nowhere is refused."""
MENDS: Mapping[str, str] = {
    "draft": "it starts nothing yet; activate it to put it to use",
    "active": "there is nothing to restore",
    "paused": "resume it instead",
    "archived": "restore it first",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A definition to publish.

    Args:
        definition: checked.
        by: who does it, as it is recorded.
        via: the way it came: file, slack, api, cli.
        origin: who may change it from now on, as `WorkflowView` has it; None leaves it as it is.
        draft: keep it beside the revision in use; a new workflow starts nothing by itself then.
        expects: the tag that the workflow must have, `ABSENT` where there must be none of it.
    """

    definition: Definition
    by: str
    via: str
    origin: str | None = "api"
    draft: bool = False
    expects: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a definition; *gains* is what it may do beyond the revision in use before."""

    revision: Revision
    status: str
    changed: bool
    created: bool = False
    gains: tuple[Gain, ...] = ()


def publish(tx: Transaction, new: Writing, *, gains: Gains, at: datetime) -> Published:
    """Store a definition if its content is new, and put its workflow on it.

    A draft that is published becomes active; every other status stays.

    Raises:
        Outdated: the workflow is not as *new* expects it.
        Conflict: it is archived, or belongs to a file.
    """
    name = new.definition.name
    row = store.active(tx, name)
    _refuse_outdated(row, new)
    if row is not None and _is_shadowed(tx, row, new):
        return Published(_revision(row), row.status, changed=False)
    if row is not None:
        _refuse_owned(row, new)
    number = _number(tx, new, at)
    revision = Revision(name, new.definition.hash, number)
    if row is None:
        return _begin(tx, new, revision, gains, at)
    beside = new.draft and row.status != "draft"
    values = _beside(row, new) if beside else _in_use(row, new)
    changed = _apply(tx, row, values, new.definition, at)
    found = gains(_before(row), new.definition.body) if changed else ()
    if changed:
        _note(tx, new, revision, values, found, at)
    return Published(revision, str(values["status"]), changed, gains=found)


def activate(
    tx: Transaction, definition: Definition, *, by: str, via: str, gains: Gains, at: datetime
) -> Published:
    """Put the draft of a workflow to use; a paused one stays paused.

    Raises:
        NotFound, Conflict
        Outdated: *definition* is not the draft any more.
    """
    row = _row(tx, definition.name)
    if row.status == "archived":
        raise Conflict(f"`{row.name}` is archived: {MENDS['archived']}.")
    if not same_content(definition.hash, row.draft or row.hash):
        raise Outdated(f"The draft of `{row.name}` changed meanwhile. Look at it again.")
    taken_over = is_shipped(row.origin) and not _ships(tx, definition.hash)
    origin = "api" if taken_over else None
    new = Writing(definition=definition, by=by, via=via, origin=origin)
    values = _in_use(row, new)
    changed = _apply(tx, row, values, definition, at)
    found = gains(_before(row), definition.body) if changed else ()
    revision = Revision(row.name, definition.hash, _number(tx, new, at))
    if changed:
        _note(tx, new, revision, values, found, at, action="workflow.activate")
    return Published(revision, str(values["status"]), changed, gains=found)


def move(tx: Transaction, name: str, verb: Move, *, by: str, via: str, at: datetime) -> bool:
    """Pause, resume, archive or restore a workflow; False if it was like that already.

    A draft that was archived comes back as one. Runs that go on are left alone.

    Raises:
        NotFound
        Conflict: this cannot be done to a workflow of its status.
    """
    row = _row(tx, name)
    status = ALLOWED[verb].get(row.status)
    if status is None:
        raise Conflict(f"`{name}` is {_a(row.status)}: {MENDS[row.status]}.")
    if status == row.status:
        return False
    values: dict[str, Any] = {"status": status}
    if verb == "archive" and row.status == "draft":
        values["draft"] = row.hash  # so that it is known which one was never in use
    if verb == "restore" and same_content(row.draft, row.hash):
        values |= {"status": "draft", "draft": None}
    store.change(tx, name, {**values, "updated_at": at})
    tx.touch("workflow", name)
    detail = {"from": row.status, "to": values["status"], "via": via}
    audit.record(tx, at=at, actor=by, action=f"workflow.{verb}", object=name, detail=detail)
    return True


def note_problems(tx: Transaction, name: str, problems: Any, *, at: datetime) -> bool:
    """Record what is wrong with the newest file; the last good revision stays in use.

    False if there is no such workflow.
    """
    row = store.active(tx, name)
    if row is not None and row.problems != problems:
        store.change(tx, name, {"problems": problems, "updated_at": at})
        tx.touch("workflow", name)
    return row is not None


def release(tx: Transaction, name: str, *, by: str, at: datetime) -> None:
    """Let others change a workflow whose file is gone; it goes on as it is."""
    row = store.active(tx, name)
    if row is None or file_of(row.origin) is None:
        return
    store.change(tx, name, {"origin": "api", "problems": None})
    tx.touch("workflow", name)
    detail = {"file": file_of(row.origin)}
    audit.record(tx, at=at, actor=by, action="workflow.release", object=name, detail=detail)


def refuse_file(row_origin: str | None, name: str) -> None:
    """Return unless a workflow is what a file says. Raises: Conflict."""
    if (file := file_of(row_origin)) is not None:
        raise Conflict(
            f"`{name}` belongs to the file {file} of the folder BATON_WORKFLOWS. "
            "Change it there: Baton takes it in as soon as it is saved."
        )


def _refuse_outdated(row: Row | None, new: Writing) -> None:
    name = new.definition.name
    if new.expects is None or new.expects == (ABSENT if row is None else tag_of(row)):
        return
    if new.expects == ABSENT:
        raise Outdated(f"There is a workflow `{name}` already. Send its ETag to change it.")
    raise Outdated(f"`{name}` was changed after you read it. Read it again, and send that ETag.")


def _is_shadowed(tx: Transaction, row: Row, new: Writing) -> bool:
    """Say whether a definition of the library gives way to somebody's own, or to their draft."""
    if not is_shipped(new.origin):
        return False
    if row.origin is not None and not is_shipped(row.origin):
        return True
    if row.status == "draft":
        return False
    known = same_content(row.hash, new.definition.hash)
    return known or (row.draft is not None and not _ships(tx, row.draft))


def _ships(tx: Transaction, content: str) -> bool:
    """Say whether a revision came with Baton."""
    row = store.by_hash(tx, content)
    return row is not None and row.published_by == LIBRARY


def is_shipped(origin: str | None) -> bool:
    return (origin or "").startswith(f"{LIBRARY}:")


def _refuse_owned(row: Row, new: Writing) -> None:
    if file_of(new.origin) is not None or is_shipped(new.origin):
        return
    refuse_file(row.origin, row.name)
    if row.status == "archived":
        raise Conflict(f"`{row.name}` is archived: {MENDS['archived']}.")


def _number(tx: Transaction, new: Writing, at: datetime) -> int:
    known = store.by_hash(tx, new.definition.hash)
    if known is None:
        return store.add(tx, new.definition, by=new.by, at=at)
    if known.source != new.definition.source:
        store.reword(tx, known.hash, new.definition.source)
    return int(known.revision)


def _begin(
    tx: Transaction, new: Writing, revision: Revision, gains: Gains, at: datetime
) -> Published:
    definition = new.definition
    values = {
        "status": "draft" if new.draft else "active",
        "hash": definition.hash,
        "draft": None,
        "origin": new.origin,
    }
    store.add_workflow(tx, definition.name, {**values, "problems": None, "updated_at": at})
    store.use_triggers(tx, definition.name, definition.hash, definition.triggers)
    found = gains(None, definition.body)
    tx.touch("workflow", definition.name)
    _note(tx, new, revision, values, found, at)
    return Published(revision, str(values["status"]), changed=True, created=True, gains=found)


def _beside(row: Row, new: Writing) -> dict[str, Any]:
    """Return what a draft changes: the revision in use, and its triggers, stay."""
    draft = None if same_content(new.definition.hash, row.hash) else new.definition.hash
    return {"status": row.status, "hash": row.hash, "draft": draft, "origin": row.origin}


def _in_use(row: Row, new: Writing) -> dict[str, Any]:
    status = "active" if row.status == "draft" and not new.draft else row.status
    return {
        "status": status,
        "hash": new.definition.hash,
        "draft": None,
        "origin": row.origin if new.origin is None else new.origin,
    }


def _apply(
    tx: Transaction, row: Row, values: Mapping[str, Any], definition: Definition, at: datetime
) -> bool:
    """Write what differs; False where only the wording, or nothing, does."""
    name = row.name
    used = same_content(values["hash"], definition.hash)
    wanted = [(definition.hash, each) for each in definition.triggers]
    if used and store.triggers_of(tx, name) != wanted:
        store.use_triggers(tx, name, definition.hash, definition.triggers)
        tx.touch("workflow", name)
    changed = any(getattr(row, key) != value for key, value in values.items())
    if changed or row.problems is not None or definition.source != row.source:
        store.change(tx, name, {**values, "problems": None, "updated_at": at})
        tx.touch("workflow", name)
    return changed


def _before(row: Row) -> Any:
    """Return the body that was in use, or None where none ever was."""
    return None if row.status == "draft" else row.body


def _note(  # noqa: PLR0913  # a sentence of the audit has so many parts
    tx: Transaction,
    new: Writing,
    revision: Revision,
    values: Mapping[str, Any],
    gains: tuple[Gain, ...],
    at: datetime,
    *,
    action: str = "workflow.publish",
) -> None:
    detail = {
        "revision": revision.number,
        "hash": revision.hash,
        "draft": values["status"] == "draft" or not same_content(values["hash"], revision.hash),
        "status": values["status"],
        "origin": values["origin"],
        "via": new.via,
        "gains": [each.text for each in gains],
    }
    audit.record(tx, at=at, actor=new.by, action=action, object=revision.name, detail=detail)


def _revision(row: Row) -> Revision:
    return Revision(row.name, row.hash, row.revision)


def _row(tx: Transaction, name: str) -> Row:
    row = store.active(tx, name)
    if row is None:
        raise NotFound("workflow", name, known=store.known(tx))
    return row


def _a(status: str) -> str:
    return "a draft" if status == "draft" else status

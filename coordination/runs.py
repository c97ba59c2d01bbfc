"""Runs inside a unit: start one, and report it as the process that it is too.

A start is a row: the runtime is only told. The Dispatcher and people start runs through the same
function. From there on the row belongs to the runtime.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from baton.events import WIRE_PREFIX, Event
from baton.parts import ErrorInfo, Parent
from baton.status import Status
from coordination import accept, audit, counters, holding, related, run_secrets, threads
from coordination.database import Transaction
from coordination.errors import NotFound
from coordination.ports import CORE_VERSION, RunStatus
from coordination.questions import is_person
from coordination.run_secrets import SealedInput
from coordination.store import definitions as definition_store
from coordination.store import runs as store
from coordination.store import threads as thread_store
from coordination.store.runs import Head, RunFilter
from coordination.taking import Incoming
from coordination.world import Ids

__all__ = ["SOURCE", "NewRun", "RunFilter", "report", "start", "write"]

SOURCE = "baton"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run starts with.

    Args:
        id: new, or derived from what triggered it: the same id starts nothing twice.
        workflow: its name.
        hash: of the revision that the run is pinned to.
        inputs: checked, with defaults filled in, and handles in place of what is secret.
        trigger: what expressions see under ``trigger``.
        started_by: a person's id, ``source:NAME`` or ``trigger:NAME``.
        requested_by: the person behind it, who may not approve it.
        thread_key: the thread of the event that started it.
        channel: where a thread of its own is posted.
        own_channel: whether the definition names *channel*: then only a thread there will do.
        depth: starts before this one in its chain of causes.
        parent_key: of the run whose step begins this one.
        parent_path: that step.
        request_id: of a start by hand, which a repeat finds again.
        cause_at: when that happened which starts it by itself; None for what people start.
        sealed: the values of its secret inputs.
    """

    id: str
    workflow: str
    hash: str
    inputs: Mapping[str, Any]
    trigger: Mapping[str, Any]
    started_by: str
    requested_by: str | None
    thread_key: int | None = None
    channel: str | None = None
    own_channel: bool = False
    depth: int = 0
    parent_key: int | None = None
    parent_path: str | None = None
    request_id: str | None = None
    cause_at: datetime | None = None
    sealed: tuple[SealedInput, ...] = ()


def start(tx: Transaction, new: NewRun, *, now: datetime, ids: Ids) -> int:
    """Write a queued run and return its key; one that is there already stays as it is."""
    known = store.by_id(tx, new.id)
    return int(known.key) if known is not None else write(tx, new, now=now, ids=ids)


def write(tx: Transaction, new: NewRun, *, now: datetime, ids: Ids) -> int:
    """Write a queued run that is not there yet, and return its key."""
    key = store.start(tx, _columns(tx, new, now) | {"thread_key": _thread(tx, new, now, ids)})
    run_secrets.keep(tx, key, new.sealed)
    run = _row(tx, key)
    _record(tx, run, _event(tx, run, Status.QUEUED, now, ids), new.channel, ids)
    detail = {"workflow": new.workflow, "hash": new.hash, "trigger": new.trigger}
    audit.record(tx, at=now, actor=new.started_by, action="run.start", object=new.id, detail=detail)
    holding.start(tx, key, new.parent_key, new.cause_at, now=now)
    return key


def report(
    tx: Transaction,
    run_key: int,
    status: Status,
    *,
    now: datetime,
    ids: Ids,
    error: Mapping[str, Any] | None = None,
) -> None:
    """Tell how a run goes, as an event of its process, in the unit that makes it go so.

    *status* is as `run_status.shown_as` has it; after an end any other begins a new attempt.

    Raises:
        NotFound: there is no such run.
    """
    run = _row(tx, run_key)
    attempt = _attempt(run, status)
    told = None if error is None else ErrorInfo(error.get("message"), error.get("type"))
    event = _event(tx, run, status, now, ids, attempt=attempt, error=told)
    _record(tx, run, event, None, ids)


def _event(  # noqa: PLR0913  # an event is made once: a copy of one takes as long as a statement
    tx: Transaction,
    run: Head,
    status: Status,
    now: datetime,
    ids: Ids,
    *,
    attempt: int | None = None,
    error: ErrorInfo | None = None,
) -> Event:
    event_id = ids.new("ev")
    parent = None if run.parent_key is None else store.head(tx, run.parent_key)
    return Event(
        event_id=event_id,
        id=event_id,
        kind="process",
        type=WIRE_PREFIX + status.value,
        source=SOURCE,
        namespace=SOURCE,
        occurred_at=now,
        received_at=now,
        process_id=run.id,
        attempt=attempt,
        name=run.title,
        category="run",
        status=status,
        workflow=run.workflow,
        error=error,
        parent=None if parent is None else Parent(parent.id, SOURCE),
    )


def _record(tx: Transaction, run: Head, event: Event, channel: str | None, ids: Ids) -> None:
    """Accept the event as any other; a run without a thread joins the one that this opens."""
    incoming = Incoming(
        event=event,
        identity=None,
        channel=channel,
        owner=run.requested_by if is_person(run.requested_by or "") else None,
        thread_key=run.thread_key,
        run_key=run.key,
        trusted=True,
    )
    recorded = accept.record(tx, incoming, now=event.received_at, ids=ids)
    if run.thread_key is None and recorded.thread_key is not None:
        store.join_thread(tx, run.key, recorded.thread_key)
    tx.touch("run", run.id, thread_id=recorded.accepted.thread_id)


def _attempt(run: Head, status: Status) -> int | None:
    """Return the attempt that a status belongs to: news after an end is of the next one."""
    if run.attempt is None:
        return None
    again = Status(run.shown).terminal and not status.terminal
    return int(run.attempt) + 1 if again else int(run.attempt)


def _columns(tx: Transaction, new: NewRun, now: datetime) -> dict[str, Any]:
    return {
        "id": new.id,
        "number": counters.next(tx, "run"),
        "workflow": new.workflow,
        "hash": new.hash,
        "core_version": CORE_VERSION,
        "status": RunStatus.QUEUED.value,
        "trigger": dict(new.trigger),
        "inputs": dict(new.inputs),
        "started_by": new.started_by,
        "requested_by": new.requested_by,
        "depth": new.depth,
        "parent_key": new.parent_key,
        "parent_path": new.parent_path,
        "request_id": new.request_id,
        "created_at": now,
        "updated_at": now,
    }


def _thread(tx: Transaction, new: NewRun, now: datetime, ids: Ids) -> int | None:
    """Return the thread to join, unless the definition wants another channel than that one's.

    None: one is opened by the first event. That of a child would lead to the thread of its parent, so
    its own is opened here.
    """
    if new.thread_key is None or not new.own_channel:
        return new.thread_key
    thread = thread_store.by_key(tx, new.thread_key)
    there = thread is not None and new.channel in (thread.channel, thread.channel_id)
    if there:
        return new.thread_key
    return None if new.parent_key is None else _beside(tx, new, new.thread_key, now, ids)


def _beside(tx: Transaction, new: NewRun, other: int, now: datetime, ids: Ids) -> int:
    """Open a thread in the channel of a child, and link it with that of its parent."""
    definition = definition_store.by_hash(tx, new.hash)
    title = definition.title if definition is not None else new.workflow
    opened = threads.open_thread(tx, title=title, channel=new.channel, now=now, ids=ids)
    related.link(tx, opened.key, other, "parent", now=now, ids=ids)
    return opened.key


def _row(tx: Transaction, run_key: int) -> Head:
    row = store.head(tx, run_key)
    if row is None:
        raise NotFound("run", str(run_key))
    return row

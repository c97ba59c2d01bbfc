"""A thread as people look at it: its processes as a tree, its runs, its approvals, its messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from baton.status import Status
from coordination import outbox, run_views
from coordination.database import Reader, Row
from coordination.errors import NotFound
from coordination.outbox import Slot
from coordination.ports import RunView
from coordination.questions import Approval
from coordination.store import approvals as approval_store
from coordination.store import keys as key_store
from coordination.store import processes as process_store
from coordination.store import runs as run_store
from coordination.store import threads as store
from coordination.store.processes import ProcessFilter

__all__ = [
    "ProcessFilter",
    "ProcessView",
    "RelatedThread",
    "ThreadKey",
    "ThreadSummary",
    "ThreadView",
    "process",
    "process_by_key",
    "processes",
    "thread",
    "thread_by_key",
    "threads",
    "tree",
    "url",
]


@dataclass(frozen=True, slots=True)
class ProcessView:
    """One process, as its events fold. *state* holds progress, message, links, result and error."""

    key: int
    namespace: str
    process_id: str
    attempt: int
    source: str
    name: str
    category: str | None
    status: Status
    state: Mapping[str, Any]
    owner: str | None
    thread_id: str
    run_id: str | None  # of a run that shows as a process
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    children: tuple["ProcessView", ...] = ()
    stalled_since: datetime | None = None  # its lease ran out then, and nothing was heard of it


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """What leads events to a thread; a weak key only while it is the only open one that has it."""

    key: str
    strong: bool


@dataclass(frozen=True, slots=True)
class RelatedThread:
    """Another thread that has to do with one, and the key, or ``parent``, that ties them."""

    id: str
    title: str
    because: str
    url: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class ThreadView:
    """The processes, runs and approvals that belong together, and where they stand in Slack.

    *processes* are those without a parent in this thread; the others are their children. *key* is
    the store's own.
    """

    key: int
    id: str
    title: str
    channel: str | None
    created_at: datetime
    updated_at: datetime
    processes: tuple[ProcessView, ...]
    runs: tuple[RunView, ...]
    approvals: tuple[Approval, ...]
    slots: tuple[Slot, ...]
    keys: tuple[ThreadKey, ...] = ()
    related: tuple[RelatedThread, ...] = ()
    archived_at: datetime | None = None

    @property
    def url(self) -> str | None:
        """Where the card stands in Slack, once it does."""
        return next((slot.permalink for slot in self.slots if slot.slot == outbox.ROOT), None)


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread in a list."""

    key: int
    id: str
    title: str
    channel: str | None
    created_at: datetime
    updated_at: datetime
    url: str | None


async def thread(reader: Reader, ref: str) -> ThreadView:
    """Return a thread by its id, or by the ``run_id`` that a tool chose for it.

    Raises:
        NotFound: there is none.
    """
    row = await store.read(reader, ref)
    if row is None:
        raise NotFound("thread", ref)
    return await _whole(reader, row)


async def thread_by_key(reader: Reader, key: int) -> ThreadView:
    """Return a thread by the store's key, for those who draw what a notice names.

    Raises:
        NotFound: there is none.
    """
    row = await store.read_by_key(reader, key)
    if row is None:
        raise NotFound("thread", str(key))
    return await _whole(reader, row)


async def url(reader: Reader, ref: str) -> str | None:
    """Return where the card of a thread stands in Slack, once it does."""
    row = await store.read(reader, ref)
    return None if row is None else row.permalink


async def threads(reader: Reader, *, before: int | None, limit: int) -> tuple[ThreadSummary, ...]:
    """Return threads, the newest first; *before* is the key of the last one seen."""
    rows = await store.newest(reader, limit, before=before)
    return tuple(
        ThreadSummary(
            row.key,
            row.id,
            row.title,
            row.channel,
            row.created_at,
            row.updated_at,
            row.permalink,
        )
        for row in rows
    )


async def process(reader: Reader, namespace: str, process_id: str) -> ProcessView:
    """Return one process with its children.

    Raises:
        NotFound: there is none.
    """
    row = await process_store.read(reader, namespace, process_id)
    if row is None:
        raise NotFound("process", f"{namespace}:{process_id}")
    family = await process_store.of_thread(reader, row.thread_key)
    return _family(row, family)


async def process_by_key(reader: Reader, key: int) -> ProcessView:
    """Return one process by the store's key.

    Raises:
        NotFound: there is none.
    """
    row = await process_store.read_by_key(reader, key)
    if row is None:
        raise NotFound("process", str(key))
    return _family(row, [])


async def processes(reader: Reader, wanted: ProcessFilter) -> tuple[ProcessView, ...]:
    """Return the processes that *wanted* asks for, the newest first, without their children."""
    rows = await process_store.newest(reader, wanted)
    return tuple(_family(row, []) for row in rows)


def tree(rows: list[Row]) -> tuple[ProcessView, ...]:
    """Put processes below their parents; one whose parent is elsewhere stands at the top.

    So does the first of a ring of parents, which tools can report: nobody gets lost.
    """
    here = {row.key for row in rows}
    tops = [_family(row, rows) for row in rows if row.parent_key not in here]
    seen = {key for top in tops for key in _keys(top)}
    for row in rows:
        if row.key not in seen:
            tops.append(_family(row, rows))
            seen.update(_keys(tops[-1]))
    return tuple(tops)


def _keys(top: ProcessView) -> set[int]:
    return {top.key}.union(*(_keys(child) for child in top.children))


async def _whole(reader: Reader, row: Row) -> ThreadView:
    return ThreadView(
        key=row.key,
        id=row.id,
        title=row.title,
        channel=row.channel,
        created_at=row.created_at,
        updated_at=row.updated_at,
        processes=tree(await process_store.of_thread(reader, row.key)),
        runs=await _runs(reader, row.key),
        approvals=tuple(await approval_store.read_of_thread(reader, row.key)),
        slots=await outbox.slots(reader, row.key),
        keys=await _thread_keys(reader, row.key),
        related=await _related(reader, row.key),
        archived_at=row.archived_at,
    )


async def _runs(reader: Reader, thread_key: int) -> tuple[RunView, ...]:
    rows = await run_store.of_thread(reader, thread_key)
    return tuple([await run_views.view(reader, row) for row in rows])


async def _thread_keys(reader: Reader, thread_key: int) -> tuple[ThreadKey, ...]:
    rows = await key_store.of_thread(reader, thread_key)
    return tuple(ThreadKey(row.key, row.strong) for row in rows)


async def _related(reader: Reader, thread_key: int) -> tuple[RelatedThread, ...]:
    rows = await key_store.related(reader, thread_key)
    return tuple(
        RelatedThread(row.id, row.title, row.because, row.permalink, row.created_at) for row in rows
    )


def _family(row: Row, rows: Iterable[Row], above: frozenset[int] = frozenset()) -> ProcessView:
    """Build a process and those below it; a ring of parents, which tools can report, is cut."""
    above |= {row.key}
    family = list(rows)
    return ProcessView(
        key=row.key,
        namespace=row.namespace,
        process_id=row.process_id,
        attempt=row.attempt,
        source=row.source,
        name=row.name,
        category=row.category,
        status=Status(row.status),
        state=row.state,
        owner=row.owner,
        thread_id=row.thread_id,
        run_id=row.process_id if row.run_key is not None else None,
        started_at=row.started_at,
        ended_at=row.ended_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        stalled_since=row.stalled_since,
        children=tuple(
            _family(child, family, above)
            for child in family
            if child.parent_key == row.key and child.key not in above
        ),
    )

"""The rows of processes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from coordination.database import (
    Ordered,
    Reader,
    Row,
    Transaction,
    bindparam,
    canonical,
    insert,
    json_text,
    moment,
    processes,
    select,
    threads,
    to_moment,
    update,
)

_PROCESS = select(processes, threads.c.id.label("thread_id")).join(
    threads, threads.c.key == processes.c.thread_key
)
_BY_ID = _PROCESS.where(
    processes.c.namespace == bindparam("ns"), processes.c.process_id == bindparam("called")
)
_BY_KEY = _PROCESS.where(processes.c.key == bindparam("process"))
_OF_THREAD = _PROCESS.where(processes.c.thread_key == bindparam("thread")).order_by(processes.c.key)
_PARENT = select(processes.c.parent_key).where(processes.c.key == bindparam("process"))
_ADD = Ordered(
    insert(processes),
    (
        *("namespace", "process_id", "attempt", "source", "name", "category", "status", "state"),
        *("owner", "thread_key", "parent_key", "parent_ref", "run_key"),
        *("started_at", "ended_at", "created_at", "updated_at"),
    ),
)
_CHANGE = update(processes).where(processes.c.key == bindparam("process"))
_ORPHANS = select(processes.c.key, processes.c.thread_key).where(
    processes.c.parent_ref == bindparam("ref"), processes.c.parent_key.is_(None)
)
_NEWEST = _PROCESS.order_by(processes.c.key.desc()).limit(bindparam("limit"))
MOST_ANCESTORS = 32


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Which processes to list; what is not given does not matter. Newest first, *before* a key."""

    status: str | None = None
    namespace: str | None = None
    label: tuple[str, str] | None = None  # its name and value
    stalled: bool = False
    before: int | None = None
    limit: int = 50


def by_id(tx: Transaction, namespace: str, process_id: str) -> Row | None:
    return tx.fetch_one(_BY_ID, ns=namespace, called=process_id)


def by_key(tx: Transaction, key: int) -> Row | None:
    return tx.fetch_one(_BY_KEY, process=key)


class NewProcess(NamedTuple):
    """A process as its first event makes it."""

    namespace: str
    process_id: str
    attempt: int
    source: str
    name: str
    category: str | None
    status: str
    state: Mapping[str, Any]
    thread_key: int
    now: datetime
    owner: str | None = None
    parent_key: int | None = None
    parent_ref: str | None = None
    run_key: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


def add(tx: Transaction, new: NewProcess) -> int:
    """Insert a process and return its key."""
    at = moment(new.now)
    values = (
        new.namespace,
        new.process_id,
        new.attempt,
        new.source,
        new.name,
        new.category,
        new.status,
        canonical(new.state),
        new.owner,
        new.thread_key,
        new.parent_key,
        new.parent_ref,
        new.run_key,
        to_moment(new.started_at),
        to_moment(new.ended_at),
        at,
        at,
    )
    return tx.append(_ADD, values)


def change(tx: Transaction, key: int, values: Mapping[str, Any]) -> None:
    tx.execute(_CHANGE, process=key, **values)


def adopt(tx: Transaction, parent_key: int, ref: str) -> list[Row]:
    """Give a process the children that named it before it was seen; return key and thread of each.

    One that is above the process already stays without a parent: there are no circles.
    """
    orphans = tx.fetch_all(_ORPHANS, ref=ref)
    children = [row for row in orphans if not is_above(tx, row.key, parent_key)]
    for row in children:
        change(tx, row.key, {"parent_key": parent_key, "parent_ref": None})
    return children


def is_above(tx: Transaction, key: int, descendant: int) -> bool:
    """Say whether *key* is *descendant* or one of its ancestors; too deep a chain counts as one."""
    current: int | None = descendant
    for _ in range(MOST_ANCESTORS):
        if current is None:
            return False
        if current == key:
            return True
        row = tx.fetch_one(_PARENT, process=current)
        current = row.parent_key if row is not None else None
    return True


async def read(reader: Reader, namespace: str, process_id: str) -> Row | None:
    return await reader.fetch_one(_BY_ID, ns=namespace, called=process_id)


async def read_by_key(reader: Reader, key: int) -> Row | None:
    return await reader.fetch_one(_BY_KEY, process=key)


async def of_thread(reader: Reader, thread_key: int) -> list[Row]:
    """Return the processes of a thread, in the order in which they came up."""
    return await reader.fetch_all(_OF_THREAD, thread=thread_key)


async def newest(reader: Reader, wanted: ProcessFilter) -> list[Row]:
    """Return the processes that *wanted* asks for, the newest first."""
    statement = _NEWEST
    if wanted.before is not None:
        statement = statement.where(processes.c.key < wanted.before)
    if wanted.status is not None:
        statement = statement.where(processes.c.status == wanted.status)
    if wanted.namespace is not None:
        statement = statement.where(processes.c.namespace == wanted.namespace)
    if wanted.label is not None:
        name, value = wanted.label
        statement = statement.where(json_text(processes.c.state, "labels", name) == value)
    if wanted.stalled:
        statement = statement.where(processes.c.stalled_since.is_not(None))
    return await reader.fetch_all(statement, limit=wanted.limit)

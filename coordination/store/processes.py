"""The rows of processes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    insert,
    json_text,
    processes,
    select,
    threads,
    update,
)

_PROCESS = select(processes, threads.c.id.label("thread_id")).join(
    threads, threads.c.key == processes.c.thread_key
)
_BY_ID = _PROCESS.where(
    processes.c.namespace == bindparam("ns"), processes.c.process_id == bindparam("called")
)
_BY_KEY = _PROCESS.where(processes.c.key == bindparam("process"))
_OF_RUN = _PROCESS.where(processes.c.run_key == bindparam("run"))
_OF_THREAD = _PROCESS.where(processes.c.thread_key == bindparam("thread")).order_by(processes.c.key)
_PARENT = select(processes.c.parent_key).where(processes.c.key == bindparam("process"))
_ADD = insert(processes)
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


def of_run(tx: Transaction, run_key: int) -> Row | None:
    """Return the process as which a run shows."""
    return tx.fetch_one(_OF_RUN, run=run_key)


def add(tx: Transaction, values: Mapping[str, Any]) -> int:
    return tx.insert(_ADD, **values)


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

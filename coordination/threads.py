"""Threads inside a unit: opened, found by what an event says, and tied to keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from baton.events import Event
from coordination.correlation import LIVES, Known, keys_of
from coordination.database import Row, Transaction
from coordination.store import processes, threads
from coordination.world import Ids


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found of an event's evidence, beyond the threads that it leads to."""

    known: Known
    run_key: int | None = None  # of the run that it names, or that its parent shows
    run_id: str | None = None
    parent_key: int | None = None


def open_thread(
    tx: Transaction,
    *,
    title: str,
    channel: str | None,
    now: datetime,
    ids: Ids,
    external_id: str | None = None,
) -> int:
    """Open a thread and return its key; its card is posted with the first notice.

    Args:
        tx: the unit.
        title: what it is about.
        channel: where it is to be posted, as a name or an id; None means nowhere.
        now: the wall time.
        ids: makes its id.
        external_id: the id under which a tool will report more of it.
    """
    values = {
        "id": ids.new("th"),
        "external_id": external_id,
        "title": title,
        "channel": channel,
        "created_at": now,
        "updated_at": now,
    }
    key = threads.add(tx, values)
    tx.touch("thread", values["id"] or "", thread_id=values["id"])  # type: ignore[arg-type]
    return key


def touch(tx: Transaction, thread_key: int, *, now: datetime) -> Row:
    """Note that something happened in a thread; return its id and the permalink of its root."""
    thread = threads.touch(tx, thread_key, now=now)
    tx.touch("thread", thread.id, thread_id=thread.id)
    return thread


def evidence(
    tx: Transaction, event: Event, process_thread: int | None, *, now: datetime
) -> Evidence:
    """Look up what *event* may be known by."""
    run = threads.run(tx, event.run_id) if event.run_id else None
    parent = None
    if event.parent is not None:
        namespace = event.parent.namespace or event.namespace
        parent = processes.by_id(tx, namespace, event.parent.process_id)
    owners = {name: threads.owner(tx, name, now=now) for name in keys_of(event)}
    known = Known(
        run=run.thread_key if run is not None else _named(tx, event.run_id, now=now),
        process=process_thread,
        parent=parent.thread_key if parent is not None else None,
        keys={name: owner for name, owner in owners.items() if owner is not None},
    )
    return Evidence(
        known,
        run_key=run.key if run is not None else parent.run_key if parent is not None else None,
        run_id=run.id if run is not None else None,
        parent_key=parent.key if parent is not None else None,
    )


def tie(tx: Transaction, thread_key: int, event: Event, known: Known, *, now: datetime) -> None:
    """Attach the event's keys to its thread, but for those that lead to another one."""
    owners = known.keys or {}
    names = [name for name in keys_of(event) if owners.get(name, thread_key) == thread_key]
    if event.run_id and known.run is None:
        names.append(_run_key(event.run_id))
    attach(tx, thread_key, names, now=now)


def attach(tx: Transaction, thread_key: int, names: Iterable[str], *, now: datetime) -> None:
    """Let keys lead to a thread for the next 30 days."""
    for name in names:
        threads.keep(tx, name, thread_key, now + LIVES)


def _named(tx: Transaction, ref: str | None, *, now: datetime) -> int | None:
    """Find the thread that a tool or a person names by *ref*."""
    if ref is None:
        return None
    row = threads.by_ref(tx, ref)
    return int(row.key) if row is not None else threads.owner(tx, _run_key(ref), now=now)


def _run_key(ref: str) -> str:
    return f"run:{ref}"

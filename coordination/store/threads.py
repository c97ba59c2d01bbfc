"""The rows of threads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coordination.database import (
    Ordered,
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    exists,
    insert,
    moment,
    or_,
    processes,
    runs,
    select,
    slots,
    threads,
    update,
)

_ROOT = and_(slots.c.thread_key == threads.c.key, slots.c.slot == "root")
_THREAD = select(threads, slots.c.permalink, slots.c.channel_id, slots.c.ts).outerjoin(slots, _ROOT)
_BY_KEY = _THREAD.where(threads.c.key == bindparam("thread"))
_BY_ID = _THREAD.where(threads.c.id == bindparam("ref"))
_BY_EXTERNAL = _THREAD.where(threads.c.external_id == bindparam("ref"))
_RUN = select(runs.c.key, runs.c.id, runs.c.thread_key).where(runs.c.id == bindparam("ref"))
_ADD = Ordered(
    insert(threads), ("id", "external_id", "title", "channel", "created_at", "updated_at")
)
_PERMALINK = (
    select(slots.c.permalink)
    .where(slots.c.thread_key == threads.c.key, slots.c.slot == "root")
    .scalar_subquery()
    .label("permalink")
)
_HEAD = select(threads.c.id, threads.c.title, threads.c.archived_at, _PERMALINK).where(
    threads.c.key == bindparam("thread")
)
_TOUCH = (
    update(threads)
    .where(threads.c.key == bindparam("thread"))
    .values(updated_at=bindparam("now"))
    .returning(threads.c.id, threads.c.title, threads.c.archived_at, _PERMALINK)
)
_CHANGE = update(threads).where(threads.c.key == bindparam("thread"))
_SHOWN = select(
    or_(
        exists().where(processes.c.thread_key == bindparam("thread")),
        exists().where(slots.c.thread_key == bindparam("thread")),
    ).label("shown")
)
_NEWEST = _THREAD.order_by(threads.c.key.desc()).limit(bindparam("limit"))


def by_key(tx: Transaction, key: int) -> Row | None:
    """Return a thread, with the permalink of its root where that is posted."""
    return tx.fetch_one(_BY_KEY, thread=key)


def by_ref(tx: Transaction, ref: str) -> Row | None:
    """Return the thread of that id, or the one for which a tool chose that id."""
    return tx.fetch_one(_BY_ID, ref=ref) or tx.fetch_one(_BY_EXTERNAL, ref=ref)


def run(tx: Transaction, run_id: str) -> Row | None:
    """Return key, id and thread of a run."""
    return tx.fetch_one(_RUN, ref=run_id)


def add(
    tx: Transaction,
    thread_id: str,
    external_id: str | None,
    title: str,
    channel: str | None,
    *,
    now: datetime,
) -> int:
    """Insert a thread and return its key."""
    at = moment(now)
    return tx.append(_ADD, (thread_id, external_id, title, channel, at, at))


def head(tx: Transaction, key: int) -> Row:
    """Return id, title, when it was archived, and the permalink of its root."""
    (row,) = tx.fetch_all(_HEAD, thread=key)
    return row


def touch(tx: Transaction, key: int, *, now: datetime) -> Row:
    """Note that something was heard of a thread; return what `head` does."""
    (row,) = tx.fetch_all(_TOUCH, thread=key, now=now)
    return row


def change(tx: Transaction, key: int, values: Mapping[str, Any]) -> None:
    tx.execute(_CHANGE, thread=key, **values)


def is_shown(tx: Transaction, key: int) -> bool:
    """Say whether a thread has, or is about to have, a card: before that it has nothing to say."""
    row = tx.fetch_one(_SHOWN, thread=key)
    return row is not None and bool(row.shown)


async def read(reader: Reader, ref: str) -> Row | None:
    """Return the thread of that id, or the one for which a tool chose that id."""
    found = await reader.fetch_one(_BY_ID, ref=ref)
    return found or await reader.fetch_one(_BY_EXTERNAL, ref=ref)


async def read_by_key(reader: Reader, key: int) -> Row | None:
    return await reader.fetch_one(_BY_KEY, thread=key)


async def newest(reader: Reader, limit: int, *, before: int | None = None) -> list[Row]:
    """Return threads, the newest first; *before* is the key of the last one seen."""
    statement = _NEWEST if before is None else _NEWEST.where(threads.c.key < before)
    return await reader.fetch_all(statement, limit=limit)

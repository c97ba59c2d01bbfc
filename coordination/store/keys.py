"""The rows of keys: which thread an event finds by them; and which threads are related."""

from datetime import datetime

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert_if_absent,
    keys,
    not_,
    or_,
    processes,
    related_threads,
    select,
    slots,
    threads,
    upsert,
)
from coordination.keys import Sight

MOST_SIGHTS = 50  # of one weak key; it is ambiguous long before

_IN_THREAD = processes.c.thread_key == threads.c.key
_SIGHTS = (
    select(
        keys.c.thread_key,
        keys.c.expires_at,
        threads.c.id,
        threads.c.updated_at,
        threads.c.archived_at,
        exists().where(_IN_THREAD).label("used"),
        exists().where(_IN_THREAD, processes.c.ended_at.is_(None)).label("going"),
    )
    .join(threads, threads.c.key == keys.c.thread_key)
    .where(keys.c.key == bindparam("name"))
    .order_by(keys.c.thread_key.desc())
    .limit(MOST_SIGHTS)
)
_KEEP = upsert(keys, key=("key", "thread_key"), update=("expires_at",))
_LOSE = delete(keys).where(keys.c.key == bindparam("name"), keys.c.strong.is_(True))
_OF_THREAD = select(keys).where(keys.c.thread_key == bindparam("thread")).order_by(keys.c.key)
_STALE = delete(keys).where(
    keys.c.expires_at <= bindparam("now"),
    not_(
        exists().where(
            threads.c.key == keys.c.thread_key, threads.c.updated_at > bindparam("quiet")
        )
    ),
)
_EITHER = or_(
    related_threads.c.thread_key == bindparam("thread"),
    related_threads.c.other_key == bindparam("thread"),
)
_RELATE = insert_if_absent(related_threads)
_COUNT = select(func.count().label("n")).select_from(related_threads).where(_EITHER)
_RELATED = (
    select(
        threads.c.id,
        threads.c.title,
        related_threads.c.because,
        related_threads.c.created_at,
        slots.c.permalink,
    )
    .select_from(related_threads)
    .join(
        threads,
        and_(
            threads.c.key != bindparam("thread"),
            or_(
                threads.c.key == related_threads.c.other_key,
                threads.c.key == related_threads.c.thread_key,
            ),
        ),
    )
    .outerjoin(slots, and_(slots.c.thread_key == threads.c.key, slots.c.slot == "root"))
    .where(_EITHER)
    .order_by(related_threads.c.created_at, threads.c.key)
)


def sights(tx: Transaction, name: str) -> list[Sight]:
    """Return the threads that have a key, the newest first; whether it still lives is not asked."""
    return [
        Sight(
            thread_key=row.thread_key,
            thread_id=row.id,
            heard_at=row.updated_at,
            seen_until=row.expires_at,
            used=bool(row.used),
            going=bool(row.going),
            archived=row.archived_at is not None,
        )
        for row in tx.fetch_all(_SIGHTS, name=name)
    ]


def keep(tx: Transaction, name: str, thread_key: int, *, strong: bool, until: datetime) -> None:
    """Let a key lead to a thread; a strong one of another thread has to be lost before."""
    tx.execute(_KEEP, key=name, thread_key=thread_key, strong=strong, expires_at=until)


def lose(tx: Transaction, name: str) -> None:
    """Take a strong key from the thread that had it."""
    tx.execute(_LOSE, name=name)


def forget(tx: Transaction, *, now: datetime, quiet: datetime) -> int:
    """Drop keys whose time is over, of threads of which nobody heard since *quiet*; count them."""
    return tx.execute(_STALE, now=now, quiet=quiet)


def relate(tx: Transaction, pair: tuple[int, int], because: str, *, now: datetime) -> bool:
    """Note that two threads have to do with each other; False if that is known."""
    older, newer = sorted(pair)
    return (
        tx.execute(_RELATE, thread_key=older, other_key=newer, because=because, created_at=now) == 1
    )


def count_related(tx: Transaction, thread_key: int) -> int:
    row = tx.fetch_one(_COUNT, thread=thread_key)
    return 0 if row is None else int(row.n)


async def of_thread(reader: Reader, thread_key: int) -> list[Row]:
    return await reader.fetch_all(_OF_THREAD, thread=thread_key)


async def related(reader: Reader, thread_key: int) -> list[Row]:
    """Return the threads related to one, with the reason and where they stand in Slack."""
    return await reader.fetch_all(_RELATED, thread=thread_key)

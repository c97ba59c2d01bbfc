"""First cards of threads: queued, and seen by nobody yet."""

from datetime import datetime

from coordination.database import (
    Row,
    Transaction,
    bindparam,
    exists,
    outbox,
    select,
    slots,
    threads,
)

_OTHER = outbox.alias("other")
_FIRST = (
    select(outbox.c.key, threads.c.channel)
    .join(threads, threads.c.key == outbox.c.thread_key)
    .where(
        # Written out, so that SQLite sees that the partial indexes fit.
        outbox.c.state == bindparam(None, "queued", literal_execute=True),
        outbox.c.lane == bindparam("lane"),
        outbox.c.due_at <= bindparam("now"),
        outbox.c.slot == "root",
        outbox.c.recipient.is_(None),
        ~exists().where(slots.c.thread_key == outbox.c.thread_key),
        ~exists().where(
            _OTHER.c.thread_key == outbox.c.thread_key,
            _OTHER.c.key != outbox.c.key,
            _OTHER.c.state.in_(
                bindparam(
                    None, ["queued", "leased", "parked"], expanding=True, literal_execute=True
                )
            ),
        ),
    )
    .order_by(outbox.c.due_at, outbox.c.key)
    .limit(bindparam("limit"))
)


def due(tx: Transaction, lane: int, *, now: datetime, limit: int) -> list[Row]:
    """Return first cards that are due in *lane*, of threads that say nothing else: key and channel."""
    return tx.fetch_all(_FIRST, lane=lane, now=now, limit=limit)

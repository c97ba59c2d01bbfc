"""Up to where the channels that are read as a bus have been read."""

from datetime import datetime

from coordination.database import (
    Reader,
    Transaction,
    bindparam,
    insert_if_absent,
    select,
    sweeps,
    upsert,
)

_MARK = select(sweeps.c.ts).where(sweeps.c.channel == bindparam("of"))
_PUT = upsert(sweeps, key=("channel",), update=("ts", "swept_at"))
_BEGIN = insert_if_absent(sweeps)


async def mark(reader: Reader, channel: str) -> str | None:
    """Return the ``ts`` up to which a channel was read; None: it never was."""
    row = await reader.fetch_one(_MARK, of=channel)
    return None if row is None else str(row.ts)


def put(tx: Transaction, channel: str, ts: str, *, now: datetime) -> None:
    """Note that a channel was read up to *ts*."""
    tx.execute(_PUT, channel=channel, ts=ts, swept_at=now)


def begin(tx: Transaction, channel: str, ts: str, *, now: datetime) -> None:
    """Note that a channel is to be read from *ts* on, unless it is known from where."""
    tx.execute(_BEGIN, channel=channel, ts=ts, swept_at=now)

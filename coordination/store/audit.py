"""The audit trail's rows."""

from datetime import datetime
from typing import Any

from coordination.database import Reader, Row, Transaction, audit, bindparam, insert, select

_ADD = insert(audit)
_LAST = select(audit.c.sum).order_by(audit.c.seq.desc()).limit(1)
_AFTER = (
    select(audit)
    .where(audit.c.seq > bindparam("after"))
    .order_by(audit.c.seq)
    .limit(bindparam("limit"))
)


def last_sum(tx: Transaction) -> str | None:
    """Return the sum of the newest row."""
    row = tx.fetch_one(_LAST)
    return row.sum if row is not None else None


def add(tx: Transaction, at: datetime, values: dict[str, Any]) -> int:
    """Insert a row and return its place in the chain."""
    return tx.insert(_ADD, at=at, **values)


async def after(reader: Reader, seq: int, limit: int) -> list[Row]:
    """Return up to *limit* rows after *seq*, in order."""
    return await reader.fetch_all(_AFTER, after=seq, limit=limit)

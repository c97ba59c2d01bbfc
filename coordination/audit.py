"""Who did what: one row for each decision and effect, written in the unit that did it.

Each row's sum covers that of the row before it, so that an edited or deleted row is found. Somebody who
can write the whole file can write a whole new chain; only an exported head would show that. Rows of earlier
versions repeat the sum of the row before them.

A row whose time is over loses its content and keeps its sums. That it was done, and up to which row, is
itself a row: what was emptied beyond that was emptied by somebody else.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coordination.database import Reader, Row, Transaction, canonical
from coordination.store import audit as store

START = "0" * 64
PAGE = 1_000
PURGED = "audit.purge"


def record(
    tx: Transaction,
    *,
    at: datetime,
    actor: str,
    action: str,
    object: str,  # noqa: A002  # subject, verb and object of the sentence
    detail: Mapping[str, Any],
) -> None:
    """Append what *actor* (a person's id, ``source:NAME``, ``timer`` …) did to *object*."""
    values = {"actor": actor, "action": action, "object": object, "detail": dict(detail)}
    previous = store.last_sum(tx) or START
    store.add(tx, at, {**values, "previous": "", "sum": _sum(at, values, previous)})


async def verify(reader: Reader) -> int | None:
    """Return the place of the first row that does not add up, or None if all do."""
    seq, previous = 0, START
    emptied = allowed = 0
    while rows := await store.after(reader, seq, PAGE):
        for row in rows:
            follows = row.seq == seq + 1 and row.previous in ("", previous)
            if not follows or not _is_whole(row, previous):
                return int(row.seq)
            if row.purged_at is not None:
                emptied = row.seq
            elif row.action == PURGED:
                allowed = max(allowed, int(row.detail["through"]))
            seq, previous = row.seq, row.sum
    return emptied if emptied > allowed else None


def purged(tx: Transaction, *, through: int, at: datetime) -> None:
    """Note that all rows up to *through* were emptied, in the unit that does it."""
    detail = {"through": through}
    record(tx, at=at, actor="baton", action=PURGED, object="audit", detail=detail)


def _is_whole(row: Row, previous: str) -> bool:
    """Say whether a row holds what its sum says, or, once it was emptied, nothing."""
    values = {name: getattr(row, name) for name in ("actor", "action", "object", "detail")}
    if row.purged_at is not None:
        return not any(values.values())
    return bool(row.sum == _sum(row.at, values, previous))


def _sum(at: datetime, values: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256(
        canonical([at.isoformat(), values, previous]).encode("utf-8", "surrogatepass")
    ).hexdigest()

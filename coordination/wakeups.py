"""Wake-ups: what a run has to hear of, as rows. A runtime drains them; telling it is only a hint."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination.database import (
    Ordered,
    Row,
    Transaction,
    bindparam,
    insert_if_absent,
    literal_column,
    select,
    update,
    wakeups,
)

_ADD = insert_if_absent(wakeups)
_BY_DELIVERY = select(wakeups).where(
    wakeups.c.run_key == bindparam("run"), wakeups.c.delivery_id == bindparam("delivery")
)
_OF_RUN = select(wakeups).where(wakeups.c.run_key == bindparam("run")).order_by(wakeups.c.key)
_PENDING = (
    select(wakeups)
    .where(wakeups.c.run_key == bindparam("run"), wakeups.c.done_at.is_(None))
    .order_by(wakeups.c.key)
)
_CANCELS = Ordered(  # asked before every step that begins
    select(wakeups.c.key).where(
        wakeups.c.run_key == bindparam("run"),
        wakeups.c.kind == literal_column("'cancel'"),
        wakeups.c.done_at.is_(None),
    ),
    ("run",),
)
_DONE = update(wakeups).where(wakeups.c.key == bindparam("wakeup"), wakeups.c.done_at.is_(None))


@dataclass(frozen=True, slots=True)
class Wakeup:
    """One thing a run has to hear of; its journal takes each *delivery_id* once."""

    key: int
    run_key: int
    kind: str  # approval, timer, event, child, signal, or what people want of the run
    payload: Mapping[str, Any]
    delivery_id: str
    created_at: datetime
    done_at: datetime | None


def add(
    tx: Transaction,
    *,
    run_key: int,
    kind: str,
    payload: Mapping[str, Any],
    delivery_id: str,
    now: datetime,
) -> int:
    """Store a wake-up and return its key; the same *delivery_id* again adds nothing."""
    tx.execute(
        _ADD,
        run_key=run_key,
        kind=kind,
        payload=dict(payload),
        delivery_id=delivery_id,
        created_at=now,
    )
    row = tx.fetch_one(_BY_DELIVERY, run=run_key, delivery=delivery_id)
    if row is None:
        raise LookupError(f"the wake-up {delivery_id!r} is not there right after it was stored")
    tx.touch("wakeup", str(run_key))
    return int(row.key)


def is_cancelled(tx: Transaction, run_key: int) -> bool:
    """Say whether a run was told to end and has not taken it in."""
    return bool(tx.run(_CANCELS, (run_key,)).fetchall())


def find(tx: Transaction, run_key: int, delivery_id: str) -> Wakeup | None:
    """Return what came under *delivery_id*, drained or not."""
    row = tx.fetch_one(_BY_DELIVERY, run=run_key, delivery=delivery_id)
    return None if row is None else _wakeup(row)


def of_run(tx: Transaction, run_key: int) -> list[Wakeup]:
    """Return all that a run was told, oldest first."""
    return [_wakeup(row) for row in tx.fetch_all(_OF_RUN, run=run_key)]


def pending(tx: Transaction, run_key: int) -> list[Wakeup]:
    """Return what a run has not heard of yet, oldest first."""
    return [_wakeup(row) for row in tx.fetch_all(_PENDING, run=run_key)]


def done(tx: Transaction, key: int, *, now: datetime) -> bool:
    """Mark a wake-up as heard, in the commit that took it in; False if it was before."""
    return tx.execute(_DONE, wakeup=key, done_at=now) == 1


def _wakeup(row: Row) -> Wakeup:
    return Wakeup(
        row.key,
        row.run_key,
        row.kind,
        row.payload,
        row.delivery_id,
        row.created_at,
        row.done_at,
    )

"""What the secret inputs of runs hold, sealed: one row for each, until the run can need it no more."""

from collections.abc import Mapping
from datetime import datetime

from coordination.database import (
    Reader,
    Transaction,
    bindparam,
    insert,
    or_,
    run_secrets,
    runs,
    select,
    update,
)

_PUT = insert(run_secrets)
_OF = (
    select(run_secrets)
    .where(run_secrets.c.run_key == bindparam("run"))
    .order_by(run_secrets.c.name)
)
_FORGET = (
    update(run_secrets)
    .where(run_secrets.c.run_key == bindparam("run"), run_secrets.c.sealed.is_not(None))
    .values(sealed=None)
)
_OVER = select(runs.c.key).where(
    or_(
        runs.c.ended_at < bindparam("before"),
        (runs.c.status == "faulted") & (runs.c.updated_at < bindparam("before")),
    ),
    runs.c.status.in_(("completed", "failed", "cancelled", "faulted")),
)
_FORGET_OLD = (
    update(run_secrets)
    .where(run_secrets.c.sealed.is_not(None), run_secrets.c.run_key.in_(_OVER))
    .values(sealed=None)
)


def put(tx: Transaction, run_key: int, name: str, sealed: str, mark: str) -> None:
    """Keep the value of one input."""
    tx.execute(_PUT, run_key=run_key, name=name, sealed=sealed, mark=mark)


def marks(tx: Transaction, run_key: int) -> dict[str, str]:
    """Return the keyed hash of each value that the run began with, also of those forgotten since."""
    return {row.name: row.mark for row in tx.fetch_all(_OF, run=run_key)}


async def held(reader: Reader, run_key: int) -> Mapping[str, str]:
    """Return what is still kept for a run, sealed, by the name of the input."""
    rows = await reader.fetch_all(_OF, run=run_key)
    return {row.name: row.sealed for row in rows if row.sealed is not None}


def forget(tx: Transaction, run_key: int) -> None:
    """Drop the values of a run that can need them no more; that they were there stays known."""
    tx.execute(_FORGET, run=run_key)


def forget_old(tx: Transaction, *, before: datetime) -> int:
    """Drop the values of all runs that ended, or were halted, before then; return how many."""
    return tx.execute(_FORGET_OLD, before=before)

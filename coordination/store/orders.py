"""What people told a run, among all that it hears of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coordination.database import Reader, Row, Transaction, bindparam, select, steps, wakeups

_NEWEST = (
    select(wakeups)
    .where(wakeups.c.run_key == bindparam("run"))
    .order_by(wakeups.c.key.desc())
    .limit(1)
)
# A retry begins a new life of the run: what was said before it does not count any more.
_ENDING = _NEWEST.where(wakeups.c.kind.in_(("cancel", "rollback", "retry")))
_PAUSING = _NEWEST.where(wakeups.c.kind.in_(("pause", "resume", "cancel", "rollback", "retry")))
_HANDLED = _NEWEST.where(wakeups.c.kind == "handled")
_STEPS = select(steps).where(steps.c.run_key == bindparam("run")).order_by(steps.c.position)


@dataclass(frozen=True, slots=True)
class Said:
    """Something that a run was told; *heard* says whether it has taken it in."""

    kind: str
    payload: Mapping[str, Any]
    heard: bool


def ending(tx: Transaction, run_key: int) -> Said | None:
    """Return how a run was told to end, unless it was tried again after that."""
    said = _said(tx.fetch_one(_ENDING, run=run_key))
    return None if said is None or said.kind == "retry" else said


async def read_ending(reader: Reader, run_key: int) -> Said | None:
    """Return the same, for those who only look."""
    said = _said(await reader.fetch_one(_ENDING, run=run_key))
    return None if said is None or said.kind == "retry" else said


def pausing(tx: Transaction, run_key: int) -> Said | None:
    """Return the last thing that a run was told which bears on whether it is paused."""
    return _said(tx.fetch_one(_PAUSING, run=run_key))


def last_handled(tx: Transaction, run_key: int) -> Row | None:
    """Return how somebody dealt with a failure of a run last, be it the one it ended with or not."""
    return tx.fetch_one(_HANDLED, run=run_key)


async def read_last_handled(reader: Reader, run_key: int) -> Row | None:
    """Return the same, for those who only look."""
    return await reader.fetch_one(_HANDLED, run=run_key)


def steps_of(tx: Transaction, run_key: int) -> list[Row]:
    """Return the steps of a run, as far as it has entered them."""
    return tx.fetch_all(_STEPS, run=run_key)


def _said(row: Row | None) -> Said | None:
    return None if row is None else Said(row.kind, row.payload, row.done_at is not None)

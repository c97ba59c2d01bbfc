"""Runs that a restore holds: nobody saw how they went on, so they do when somebody lets them.

What happened after the backup point is gone from the store and not from the world. A run that was open
then waits to be resumed, and from there asks before each step that is not repeatable. So do its children,
and runs that begin by what happened before the restore: they may have begun in the life that is gone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from coordination import wakeups
from coordination.database import Row, Transaction
from coordination.ports import RESTORE
from coordination.store import orders
from coordination.store import restored as store

__all__ = ["begin_after_all", "hold", "is_held", "start"]

PAUSE = "pause"
RESUME = "resume"


class Told(Protocol):
    """A wake-up, as far as it matters here."""

    @property
    def key(self) -> int: ...
    @property
    def kind(self) -> str: ...


def start(
    tx: Transaction,
    run_key: int,
    parent_key: int | None,
    cause_at: datetime | None,
    *,
    now: datetime,
) -> None:
    """Hold a run that was just written, where what starts it happened before a restore."""
    if parent_key is not None:
        generation = store.generation_of(tx, parent_key)
        if generation is not None:
            store.mark(tx, run_key, generation)
        return
    known = store.facts(tx)
    restored_at = known.get("restored_at")
    if cause_at is None or restored_at is None or cause_at > datetime.fromisoformat(restored_at):
        return
    _pause(tx, run_key, int(known["generation"]), begun=False, now=now)


def hold(tx: Transaction, run: Row, generation: int, *, now: datetime) -> None:
    """Hold a run that was open, unless somebody paused it: then it waits for them as it is."""
    said = orders.pausing(tx, run.key)
    if said is not None and said.kind == PAUSE:
        store.mark(tx, run.key, generation)
    else:
        _pause(tx, run.key, generation, begun=run.seq > 0, now=now)


def is_held(told: Sequence[Told]) -> bool:
    """Say whether nobody, of what a run that has not begun was told, lets it begin."""
    return not any(each.kind == RESUME for each in told)


def begin_after_all(tx: Transaction, run_key: int, told: Sequence[Told], *, now: datetime) -> None:
    """Let a run begin that was held before it began."""
    for each in told:
        if each.kind == RESUME:
            wakeups.done(tx, each.key, now=now)
    store.queue(tx, run_key, now=now)


def _pause(tx: Transaction, run_key: int, generation: int, *, begun: bool, now: datetime) -> None:
    """Show a run as paused, and tell it so; one that has not begun has nothing to hear that with."""
    store.hold(tx, run_key, generation, now=now)
    key = wakeups.add(
        tx,
        run_key=run_key,
        kind=PAUSE,
        payload={"by": RESTORE},
        delivery_id=f"{RESTORE}:{generation}",
        now=now,
    )
    if not begun:
        wakeups.done(tx, key, now=now)

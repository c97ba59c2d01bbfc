"""What a run's timer does when its time has come: it becomes a wake-up."""

from datetime import datetime, timedelta

from coordination import timers, waits, wakeups
from coordination.database import Transaction
from coordination.store import waits as wait_store
from coordination.timers import Due
from coordination.world import Ids

__all__ = ["fire_timer"]

EVENT = "event:"  # the slot of a wait's own timeout, before its path
AGAIN = timedelta(seconds=1)  # while a wait looks back, it may still find what came in time


def fire_timer(tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:
    """Tell the run, in the unit that removes the timer; for timers that a run owns.

    That unit happens once. The time is no name for it: where the clock is set back, it comes again.
    """
    if due.slot.startswith(EVENT):
        over = _expire(tx, due)
        if over is None:
            timers.set(tx, due.owner_kind, due.owner_key, due.slot, now + AGAIN)
        if not over:
            return
    wakeups.add(
        tx,
        run_key=due.owner_key,
        kind="timer",
        payload={"slot": due.slot, "due_at": due.due_at.isoformat()},
        delivery_id=ids.new("timer"),
        now=now,
    )


def _expire(tx: Transaction, due: Due) -> bool | None:
    """End the wait of a step; one for a signal has no row, and its run knows whether that came."""
    path = due.slot.removeprefix(EVENT)
    if wait_store.newest_at(tx, due.owner_key, path) is None:
        return True
    return waits.expire(tx, run_key=due.owner_key, path=path)

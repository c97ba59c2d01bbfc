"""What a run's timer does when its time has come: it becomes a wake-up."""

from datetime import datetime

from coordination import wakeups
from coordination.database import Transaction
from coordination.timers import Due
from coordination.world import Ids

__all__ = ["fire_timer"]


def fire_timer(tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:  # noqa: ARG001
    """Tell the run, in the unit that removes the timer; for timers that a run owns."""
    due_at = due.due_at.isoformat()
    wakeups.add(
        tx,
        run_key=due.owner_key,
        kind="timer",
        payload={"slot": due.slot, "due_at": due_at},
        delivery_id=f"timer:{due.slot}:{due_at}",
        now=now,
    )

"""A run whose journal does not add up is halted, once, with one record of why."""

from datetime import datetime

from coordination import audit, children, outbox, queues, timers
from coordination.database import Transaction
from coordination.outbox import ROOT, Lane, Notice
from coordination.store import runs
from coordination.world import Ids
from workflows import store
from workflows.runs import RunRecord
from workflows.runtimes.host.advance import RUN, leave_place

__all__ = ["halt"]


def halt(tx: Transaction, run: RunRecord, why: str, *, fence: int, now: datetime, ids: Ids) -> bool:
    """Mark *run* as faulted; nothing drives it any more. False if it is, or is not ours."""
    error = {"type": "faulted", "message": why, "class": "unknown"}
    if not store.halt(tx, run.key, fence=fence, error=error, at=now):
        return False
    timers.clear(tx, RUN, run.key)
    leave_place(tx, run)
    children.tell_of_halt(tx, run.key, why, seq=run.seq, now=now)
    row = runs.by_key(tx, run.key)
    if row is not None:
        queues.leave(tx, row)
    audit.record(
        tx, at=now, actor="baton", action="run.faulted", object=run.id, detail={"why": why}
    )
    if run.thread_key is not None:
        notice = Notice(run.thread_key, ROOT, Lane.FAILURE, "thread", {})
        outbox.add(tx, notice, id=ids.new("nt"), now=now)
    tx.touch("run", run.id, thread_id=run.thread_id)
    return True

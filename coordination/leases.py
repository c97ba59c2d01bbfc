"""Silence: a process that promised to report and does not is *stalled*, until it is heard of again.

The promise is one timer. A report does not move it; when it is due, the newest report is looked up,
and it is set again if that came in time. So a heartbeat costs its own row and nothing else.
"""

from datetime import datetime, timedelta

from coordination import outbox, timers
from coordination.attempts import Standing
from coordination.database import Row, Transaction
from coordination.outbox import ROOT, Lane, Notice
from coordination.store import events as event_store
from coordination.store import processes as store
from coordination.timers import Due
from coordination.world import Ids

OWNER = "process"
SLOT = "lease"


def tend(
    tx: Transaction,
    key: int,
    before: Standing | None,
    after: Standing,
    *,
    now: datetime,
    late: bool,
) -> None:
    """Set the timer of a process, move it or take it back, where what was promised changed.

    Args:
        tx: the unit.
        key: of the process.
        before: how it stood.
        after: how it stands.
        now: when it was heard of.
        late: whether it was stalled until now, so that there is no timer any more.
    """
    had = _promised(before)
    has = _promised(after)
    if has is None:
        if had is not None:
            timers.clear(tx, OWNER, key, SLOT)
    elif late or has != had:
        timers.set(tx, OWNER, key, SLOT, now + has)


def fire(tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:
    """Look whether a process kept its promise; note since when it is silent if it did not."""
    row = store.by_key(tx, due.owner_key)
    lease = _promised(Standing.from_json(row.attempt, row.state)) if row is not None else None
    if row is None or lease is None:
        return
    heard_at = event_store.last_heard(tx, row.key, row.attempt) or row.updated_at
    if heard_at + lease > now:
        timers.set(tx, OWNER, row.key, SLOT, heard_at + lease)
        return
    store.change(tx, row.key, {"stalled_since": heard_at + lease})
    _show(tx, row, now=now, ids=ids)


def _promised(standing: Standing | None) -> timedelta | None:
    if standing is None or standing.fold.ended or standing.lease is None:
        return None
    return timedelta(seconds=standing.lease)


def _show(tx: Transaction, row: Row, *, now: datetime, ids: Ids) -> None:
    tx.touch("process", f"{row.namespace}:{row.process_id}", thread_id=row.thread_id)
    notice = Notice(row.thread_key, ROOT, Lane.FAILURE, "thread", {})
    outbox.add(tx, notice, id=ids.new("nt"), now=now)

"""A failed run that somebody has dealt with: it asks nobody for anything any more, and says who did.

It is one of the things that a run was told, and heard at once: the run itself is not changed by it.
"""

from datetime import datetime

from coordination import audit, outbox, trail, wakeups
from coordination.database import Row, Transaction
from coordination.errors import Conflict, InvalidInputs
from coordination.orders import (
    Order,
    Telling,
    Told,
    allow,
    because,
    refuse_pending,
    repeated,
    run_of,
    tell,
)
from coordination.outbox import ROOT, Lane, Notice
from coordination.ports import RunStatus
from coordination.questions import mention
from coordination.store import orders as store
from coordination.votes import Judging

ACTION = "handle"  # in the policy
KIND = "handled"
LONGEST = 2000  # characters of a reason


def handle(tx: Transaction, order: Order, *, reason: str, judging: Judging) -> Told:
    """Count a failed run as dealt with.

    Raises:
        NotAllowed: by neither an operator, its starter nor one of its approvers.
        InvalidInputs: no reason is given, or a very long one.
        Conflict: it has not failed, is being revived, or somebody has dealt with it already.
    """
    run = run_of(tx, order)
    allow(tx, order, ACTION, run, judging)
    why = reason.strip()
    if not why or len(why) > LONGEST:
        raise InvalidInputs(
            [("reason", f"say in up to {LONGEST} characters what was done about it")]
        )
    payload = {"by": order.by, "reason": why}
    if known := repeated(tx, order, KIND, payload):
        return known
    refuse_unfailed(tx, run)
    if (by := handled_by(tx, run)) is not None:
        raise Conflict(f"R-{run.number} counts as dealt with already, by {mention(by)}.")
    said = because(f"Handled by {mention(order.by)}", why)
    told = tell(tx, order, run, Telling(KIND, payload, said), judging)
    wakeups.done(tx, told.wakeup, now=judging.now)
    _redraw(tx, run, judging)
    return told


def started_again(
    tx: Transaction, run: Row, number: int, *, by: str, via: str, judging: Judging
) -> None:
    """Count a failed run as dealt with, since another one takes its place; what counts so stays so."""
    said = f"Started again as R-{number} by {mention(by)}"
    trail.line(tx, run.thread_key, said, now=judging.now, ids=judging.ids)
    if handled_by(tx, run) is not None:
        return
    key = wakeups.add(
        tx,
        run_key=run.key,
        kind=KIND,
        payload={"by": by, "reason": f"started again as R-{number}"},
        delivery_id=f"again:R-{number}",
        now=judging.now,
    )
    wakeups.done(tx, key, now=judging.now)
    detail = {"by": by, "reason": f"started again as R-{number}", "via": via}
    audit.record(tx, at=judging.now, actor=by, action=f"run.{KIND}", object=run.id, detail=detail)
    tx.touch("run", run.id)
    _redraw(tx, run, judging)


def refuse_unfailed(tx: Transaction, run: Row) -> None:
    """Raises: Conflict, unless a run failed and stays so."""
    if run.status != RunStatus.FAILED:
        raise Conflict(f"R-{run.number} has not failed, it is {run.status}.")
    for kind, doing in (("retry", "being retried"), ("skip", "going on")):
        refuse_pending(tx, run, kind, doing)


def handled_by(tx: Transaction, run: Row) -> str | None:
    """Return who dealt with the failure that a run ended with, or None."""
    said = store.last_handled(tx, run.key)
    return str(said.payload["by"]) if counts(said, run.status, run.ended_at) and said else None


def counts(said: Row | None, status: str, ended_at: datetime | None) -> bool:
    """Say whether *said* is about the failure that a run ended with: it may have failed before. Pure."""
    if said is None or status != RunStatus.FAILED:
        return False
    return ended_at is None or bool(said.created_at >= ended_at)


def _redraw(tx: Transaction, run: Row, judging: Judging) -> None:
    if run.thread_key is not None:
        notice = Notice(run.thread_key, ROOT, Lane.RESULT, "thread", {})
        outbox.add(tx, notice, id=judging.ids.new("nt"), now=judging.now)

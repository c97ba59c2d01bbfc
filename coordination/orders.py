"""An order: what somebody wants of a run. Whether they may, that it is stored once, and told.

The run hears of it by its wake-up row. A repeat with the same request id changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination import audit, directory, trail, wakeups
from coordination.database import Row, Transaction
from coordination.eligibility import Standing, why_not
from coordination.errors import Conflict, IdempotencyMismatch, NotFound
from coordination.policy import Principal, authorize, require_scope
from coordination.ports import RunStatus
from coordination.questions import Approval, mention
from coordination.store import approvals as approval_store
from coordination.store import runs as store
from coordination.trail import escape
from coordination.votes import Judging


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants something of which run; *request_id* is theirs and tells a repeat."""

    principal: Principal
    run_key: int
    run_id: str
    request_id: str
    via: str

    @property
    def by(self) -> str:
        return self.principal.actor


@dataclass(frozen=True, slots=True)
class Told:
    """The run that was told, and the wake-up that tells it."""

    run_key: int
    wakeup: int


@dataclass(frozen=True, slots=True)
class Telling:
    """What a run is told.

    Args:
        kind: of the wake-up, and in the audit.
        payload: of the wake-up.
        said: the line in its thread, as Slack's markup.
        hidden: members of *payload* that the audit does without.
    """

    kind: str
    payload: Mapping[str, Any]
    said: str
    hidden: frozenset[str] = frozenset()


def run_of(tx: Transaction, order: Order) -> Row:
    """Return the row of the run. Raises: NotFound."""
    run = store.by_key(tx, order.run_key)
    if run is None:
        raise NotFound("run", order.run_id)
    return run


def step_of(tx: Transaction, run: Row, path: str) -> Row:
    """Return the row of a step. Raises: NotFound, with the nearest path."""
    step = store.step(tx, run.key, path)
    if step is None:
        raise NotFound("step", path, known=store.step_paths(tx, run.key))
    return step


def allow(
    tx: Transaction,
    order: Order,
    action: str,
    run: Row,
    judging: Judging,
    path: str | None = None,
) -> None:
    """Let operators through, and those involved: for a step at *path* only who approves that step.

    Raises:
        NotAllowed: they are neither.
    """
    who = order.principal
    require_scope(who, action)
    standing = directory.standing(tx, who.human, judging.roles, now=judging.now)
    refuse_stranger(who, action, (run, approval_store.of_run(tx, run.key), standing), path)


def refuse_stranger(
    who: Principal,
    action: str,
    facts: tuple[Row, Iterable[Approval], Standing],
    path: str | None = None,
) -> None:
    """Return if *who* may do *action* to a run, or to its step at *path*. Pure.

    Args:
        who: asks.
        action: cancel, retry, resolve or another row of the policy.
        facts: the row of the run, every approval of it, and what is known of *who*.
        path: of the step in question; then only who approves that step is involved.

    Raises:
        NotAllowed: they are neither an operator nor involved.
    """
    run, approvals, standing = facts
    asked = [each for each in approvals if _is_about(each, path)]
    involved = any(why_not(approval, who, standing) is None for approval in asked)
    if path is None:
        involved = involved or who.actor in (run.started_by, run.requested_by)
    authorize(who, action, person=standing.person, roles=standing.roles, involved=involved)


def _is_about(approval: Approval, path: str | None) -> bool:
    return path is None or any(covered.path == path for covered in approval.question.covers)


def repeated(tx: Transaction, order: Order, kind: str, payload: Mapping[str, Any]) -> Told | None:
    """Return what the same request did before, if it came before.

    Raises:
        IdempotencyMismatch: it asked for something else then.
    """
    known = wakeups.find(tx, order.run_key, _delivery(order))
    if known is None:
        return None
    if (known.kind, dict(known.payload)) != (kind, dict(payload)):
        raise IdempotencyMismatch(order.request_id)
    return Told(order.run_key, known.key)


def tell(tx: Transaction, order: Order, run: Row, telling: Telling, judging: Judging) -> Told:
    """Store the wake-up, the audit row and the line in the thread."""
    key = wakeups.add(
        tx,
        run_key=run.key,
        kind=telling.kind,
        payload=telling.payload,
        delivery_id=_delivery(order),
        now=judging.now,
    )
    kept = {name: each for name, each in telling.payload.items() if name not in telling.hidden}
    audit.record(
        tx,
        at=judging.now,
        actor=order.by,
        action=f"run.{telling.kind}",
        object=run.id,
        detail={**kept, "via": order.via, "request_id": order.request_id},
    )
    tx.touch("run", run.id, thread_id=run.thread_id)
    trail.line(tx, run.thread_key, telling.said, now=judging.now, ids=judging.ids)
    return Told(run.key, key)


def _delivery(order: Order) -> str:
    """Name the delivery: two people may well take the same request id."""
    return f"{order.by}:{order.request_id}"


def refuse_halted(run: Row) -> None:
    """Raises: Conflict, of a run whose journal does not add up."""
    if run.status == RunStatus.FAULTED:
        raise Conflict(
            f"R-{run.number} is halted: its journal does not add up, so nothing can steer it. "
            "`python -m bot doctor` says what is wrong."
        )


def refuse_ended(run: Row, so: str) -> None:
    """Raises: Conflict, of a run that has ended; *so* is the sentence after that."""
    if RunStatus(run.status).ended:
        raise Conflict(f"R-{run.number} has ended already: {ending_of(run)}. {so}")


def refuse_queued(run: Row, so: str) -> None:
    """Raises: Conflict, of a run that has not begun; *so* is the sentence after that."""
    if run.status == RunStatus.QUEUED:
        raise Conflict(f"R-{run.number} has not begun yet. {so}")


def refuse_pending(tx: Transaction, run: Row, kind: str, doing: str) -> None:
    """Raises: Conflict, while the run has not heard yet of the same from somebody."""
    for told in wakeups.pending(tx, run.key):
        if told.kind == kind:
            raise Conflict(f"R-{run.number} is {doing} already, by {mention(told.payload['by'])}.")


def ending_of(run: Row) -> str:
    """Say how a run ended, and when."""
    ended: datetime = run.ended_at or run.updated_at
    return f"{run.status} at {ended:%H:%M} UTC on {ended:%Y-%m-%d}"


def because(said: str, reason: str) -> str:
    """Add to a line of the thread why, where somebody gave a reason."""
    return f"{said}: {escape(reason)}" if reason.strip() else said

"""What people make a run do: cancel, retry, resolve. Each is one durable decision, told once.

The run hears of it by its wake-up row. A repeat with the same request id changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination import audit, directory, outbox, trail, wakeups
from coordination.database import Row, Transaction
from coordination.eligibility import Standing, why_not
from coordination.errors import Conflict, IdempotencyMismatch, InvalidInputs, NotFound
from coordination.outbox import Lane, Notice
from coordination.policy import Principal, authorize, require_scope
from coordination.ports import RunStatus, StepStatus
from coordination.questions import Approval, mention
from coordination.store import approvals as approval_store
from coordination.store import runs as store
from coordination.trail import escape
from coordination.votes import Judging
from coordination.wakeups import Wakeup

OUTCOMES = ("retry", "done", "fail")


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants something of which run; *request_id* is theirs and tells a repeat."""

    principal: Principal
    run_key: int
    run_id: str
    request_id: str
    via: str


@dataclass(frozen=True, slots=True)
class Told:
    """The run that was told, and the wake-up that tells it."""

    run_key: int
    wakeup: int


def cancel(tx: Transaction, order: Order, *, reason: str, judging: Judging) -> Told:
    """End a run.

    Raises:
        NotAllowed: by neither an operator, its starter nor one of its approvers.
        Conflict: it has ended, is halted, or is being cancelled already.
    """
    run = _run(tx, order)
    _authorize(tx, order, "cancel", run, judging)
    payload = {"by": order.principal.actor, "reason": reason}
    if known := _repeated(tx, order, "cancel", payload):
        return known
    _refuse_halted(run)
    if RunStatus(run.status).ended:
        raise Conflict(f"R-{run.number} has ended already: {_ending(run)}. Nothing is cancelled.")
    _refuse_pending(tx, run, "cancel", "being cancelled")
    said = f"Cancelled by {mention(order.principal.actor)}"
    return _tell(tx, order, run, _Telling("cancel", payload, _because(said, reason)), judging)


def retry(tx: Transaction, order: Order, *, from_path: str | None, judging: Judging) -> Told:
    """Run what failed again, and what did not run because of it; what completed stays as it is.

    Raises:
        NotAllowed: as for `cancel`.
        Conflict: the run has not failed, is being retried already, or *from_path* did not fail.
        NotFound: it has no such step.
    """
    run = _run(tx, order)
    _authorize(tx, order, "retry", run, judging)
    payload = {"by": order.principal.actor, "from_path": from_path}
    if known := _repeated(tx, order, "retry", payload):
        return known
    _refuse_halted(run)
    if run.status == RunStatus.UNKNOWN:
        raise Conflict(f"A step of R-{run.number} is unknown: resolve it, then it goes on.")
    if run.status != RunStatus.FAILED:
        raise Conflict(f"R-{run.number} has not failed, it is {run.status}: nothing to retry.")
    if from_path is not None:
        _refuse_completed(_step(tx, run, from_path))
    _refuse_pending(tx, run, "retry", "being retried")
    said = f"Retried by {mention(order.principal.actor)}"
    where = f" from `{escape(from_path)}`" if from_path else ""
    return _tell(tx, order, run, _Telling("retry", payload, said + where), judging)


def resolve(
    tx: Transaction, order: Order, path: str, outcome: str, *, output: Any, judging: Judging
) -> Told:
    """Say what happened to a step that is unknown: retry (it did not), done (it did), or fail.

    Raises:
        NotAllowed: by neither an operator nor an approver of that very step.
        Conflict: it is not unknown; the sentence says who resolved it and how.
        InvalidInputs: no such outcome, or an output beside another one than ``done``.
    """
    run = _run(tx, order)
    _authorize(tx, order, "resolve", run, judging, path)
    step = _step(tx, run, path)
    _refuse_outcome(outcome, output)
    by = order.principal.actor
    payload = {"by": by, "path": path, "outcome": outcome, "output": output}
    if known := _repeated(tx, order, "resolve", payload):
        return known
    _refuse_halted(run)
    _refuse_resolved(tx, run, step)
    said = f"{mention(by)} says of `{escape(path)}`: {outcome}"
    told = _tell(tx, order, run, _Telling("resolve", payload, said), judging)
    _redraw_unknown(tx, run, step, judging)
    return told


@dataclass(frozen=True, slots=True)
class _Telling:
    kind: str
    payload: Mapping[str, Any]
    said: str


def _tell(tx: Transaction, order: Order, run: Row, telling: _Telling, judging: Judging) -> Told:
    """Store the wake-up, the audit row and the line in the thread."""
    key = wakeups.add(
        tx,
        run_key=run.key,
        kind=telling.kind,
        payload=telling.payload,
        delivery_id=_delivery(order),
        now=judging.now,
    )
    audit.record(
        tx,
        at=judging.now,
        actor=order.principal.actor,
        action=f"run.{telling.kind}",
        object=run.id,
        detail={**telling.payload, "via": order.via, "request_id": order.request_id},
    )
    tx.touch("run", run.id, thread_id=run.thread_id)
    trail.line(tx, run.thread_key, telling.said, now=judging.now, ids=judging.ids)
    return Told(run.key, key)


def _authorize(
    tx: Transaction,
    order: Order,
    action: str,
    run: Row,
    judging: Judging,
    path: str | None = None,
) -> None:
    """Let operators through, and those involved: for a step at *path* only who approves that step."""
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
        action: cancel, retry or resolve.
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


def _repeated(tx: Transaction, order: Order, kind: str, payload: Mapping[str, Any]) -> Told | None:
    """Return what the same request did before, if it came before."""
    known = wakeups.find(tx, order.run_key, _delivery(order))
    if known is None:
        return None
    if (known.kind, dict(known.payload)) != (kind, dict(payload)):
        raise IdempotencyMismatch(order.request_id)
    return Told(order.run_key, known.key)


def _delivery(order: Order) -> str:
    """Name the delivery: two people may well take the same request id."""
    return f"{order.principal.actor}:{order.request_id}"


def _run(tx: Transaction, order: Order) -> Row:
    run = store.by_key(tx, order.run_key)
    if run is None:
        raise NotFound("run", order.run_id)
    return run


def _step(tx: Transaction, run: Row, path: str) -> Row:
    step = store.step(tx, run.key, path)
    if step is None:
        raise NotFound("step", path, known=store.step_paths(tx, run.key))
    return step


def _refuse_halted(run: Row) -> None:
    if run.status == RunStatus.FAULTED:
        raise Conflict(
            f"R-{run.number} is halted: its journal does not add up, so nothing can steer it. "
            "`python -m bot doctor` says what is wrong."
        )


def _refuse_completed(step: Row) -> None:
    if step.status in (StepStatus.COMPLETED, StepStatus.SKIPPED):
        raise Conflict(
            f"`{step.path}` is {step.status}, and what has ended well is not run again: "
            "retry the step that failed, or leave the step out."
        )


def _refuse_pending(tx: Transaction, run: Row, kind: str, doing: str) -> None:
    for told in wakeups.pending(tx, run.key):
        if told.kind == kind:
            raise Conflict(f"R-{run.number} is {doing} already, by {mention(told.payload['by'])}.")


def _refuse_outcome(outcome: str, output: Any) -> None:
    problems = []
    if outcome not in OUTCOMES:
        problems.append(("outcome", f"{outcome[:100]!r} is none of {', '.join(OUTCOMES)}"))
    if output is not None and outcome != "done":
        problems.append(("output", "only a step that is done has an output; leave it out"))
    if problems:
        raise InvalidInputs(problems)


def _refuse_resolved(tx: Transaction, run: Row, step: Row) -> None:
    """Refuse unless the step is unknown now and nobody has said yet what happened to it."""
    answers = [
        told
        for told in wakeups.of_run(tx, run.key)
        if told.kind == "resolve" and told.payload["path"] == step.path
    ]
    if step.status == StepStatus.UNKNOWN:
        answers = [told for told in answers if told.done_at is None]
    if answers:
        raise Conflict(_answered(answers[-1]))
    if step.status != StepStatus.UNKNOWN:
        raise Conflict(f"`{step.path}` is {step.status}, not unknown: there is nothing to resolve.")


def _answered(told: Wakeup) -> str:
    said = told.payload
    return (
        f"{mention(said['by'])} said of `{said['path']}` at {told.created_at:%H:%M} UTC: "
        f"{said['outcome']}. Nothing was changed."
    )


def _ending(run: Row) -> str:
    ended: datetime = run.ended_at or run.updated_at
    return f"{run.status} at {ended:%H:%M} UTC on {ended:%Y-%m-%d}"


def _because(said: str, reason: str) -> str:
    return f"{said}: {escape(reason)}" if reason.strip() else said


def _redraw_unknown(tx: Transaction, run: Row, step: Row, judging: Judging) -> None:
    if run.thread_key is None:
        return
    body = {"run_id": run.id, "path": step.path, "attempt": step.attempts}
    slot = f"unknown:{run.id}:{step.path}:{step.attempts}"
    notice = Notice(run.thread_key, slot, Lane.DECISION, "unknown", body)
    outbox.add(tx, notice, id=judging.ids.new("nt"), now=judging.now)

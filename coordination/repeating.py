"""Asking again what nobody answered in time."""

from dataclasses import dataclass, replace

from baton.events import WIRE_PREFIX, Event
from baton.parts import Actor
from baton.status import Status
from coordination import accept, approvals, directory
from coordination.database import Transaction
from coordination.eligibility import why_not
from coordination.errors import Conflict, decided_sentence
from coordination.incoming import Incoming
from coordination.policy import Principal, authorize, require_scope
from coordination.questions import Approval, ProcessRef
from coordination.store import approvals as store
from coordination.votes import Judging, find


@dataclass(frozen=True, slots=True)
class Repeat:
    """Who wants what asked again, and by which way."""

    principal: Principal
    approval: str
    via: str


def ask_again(tx: Transaction, order: Repeat, judging: Judging) -> Approval:
    """Ask for a process what nobody answered; what a run asked is returned as it is.

    A run asks again by itself, once the step that asked is retried. The same call again finds the
    approval that the first one opened.

    Raises:
        NotFound: no such approval.
        NotAllowed: by neither an operator, who asked, nor one of its approvers.
        Conflict: it was answered, or what asked has ended.
    """
    require_scope(order.principal, "repeat")
    asked = find(tx, order.approval)
    repeated = store.again_of(tx, asked.id)
    if repeated is not None:
        return repeated
    _refuse(tx, order, asked, judging)
    if asked.process_key is None:
        return asked
    return _ask(tx, order, asked, judging)


def _refuse(tx: Transaction, order: Repeat, asked: Approval, judging: Judging) -> None:
    who = order.principal
    standing = directory.standing(tx, who.human, judging.roles, now=judging.now)
    involved = who.actor in asked.behind or why_not(asked, who, standing) is None
    authorize(who, "repeat", person=standing.person, roles=judging.roles, involved=involved)
    if not asked.ended:
        raise Conflict(f"{asked.label} is still open: it can be answered.")
    if asked.process is not None and asked.process.ended:
        raise Conflict(f"{asked.label} cannot be asked again: the process that asked has ended.")
    if not asked.unanswered:
        raise Conflict(f"{decided_sentence(asked)} It is not asked again.")


def _ask(tx: Transaction, order: Repeat, asked: Approval, judging: Judging) -> Approval:
    key, now, ids = asked.process_key or 0, judging.now, judging.ids
    if store.open_of_process(tx, key):
        raise Conflict(f"{asked.label} cannot be asked again: its process asks something else now.")
    question = asked.question
    if asked.expires_at is not None:  # people get as long as they had
        question = replace(question, expires_at=now + (asked.expires_at - asked.asked_at))
    again = approvals.open_for_process(
        tx,
        question,
        process_key=key,
        asking=asked.behind,
        again_of=asked.id,
        now=now,
        ids=ids,
    )
    actor = order.principal.actor
    approvals.record(tx, again, "approval.again", actor=actor, at=now, of=asked.id, way=order.via)
    if asked.process is not None:
        incoming = _waits(asked.process, asked.thread_key, actor, judging)
        accept.record(tx, incoming, now=now, ids=ids)
    return again


def _waits(process: ProcessRef, thread_key: int | None, actor: str, judging: Judging) -> Incoming:
    """Return the report that the process waits for people again."""
    event_id, now = judging.ids.new("ev"), judging.now
    event = Event(
        event_id=event_id,
        id=event_id,
        kind="process",
        type=WIRE_PREFIX + Status.PENDING_APPROVAL.value,
        source="baton",
        namespace=process.namespace,
        occurred_at=now,
        received_at=now,
        process_id=process.id,
        status=Status.PENDING_APPROVAL,
        actor=Actor(id=actor),
    )
    return Incoming(event=event, identity=None, thread_key=thread_key, trusted=True)

"""What an approval is in the tables: its wait, its question, its votes, and who handed one on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from coordination.database import (
    Row,
    approvals,
    bindparam,
    delegations,
    numbers_in,
    processes,
    runs,
    select,
    threads,
    votes,
    waits,
)
from coordination.questions import Approval, Delegation, ProcessRef, Question, Raised, Vote

Said: TypeAlias = tuple[list[Row], list[Row]]  # votes of the current version, and delegations

_again = approvals.alias("again")
_AGAIN_AS = (
    select(_again.c.number).where(_again.c.again_of == approvals.c.id).limit(1).scalar_subquery()
)
APPROVAL = select(
    waits.c.key,
    waits.c.run_key,
    waits.c.process_key,
    waits.c.path,
    waits.c.since,
    waits.c.state,
    waits.c.version,
    waits.c.digest,
    waits.c.expires_at,
    approvals.c.id,
    approvals.c.number,
    approvals.c.thread_key,
    approvals.c.question,
    approvals.c.requested_by,
    approvals.c.decision,
    approvals.c.decided_by,
    approvals.c.comment,
    approvals.c.answer,
    approvals.c.via,
    approvals.c.note,
    approvals.c.decided_at,
    approvals.c.askers,
    approvals.c.escalated,
    approvals.c.again_of,
    _AGAIN_AS.label("again_as"),
    runs.c.id.label("run_id"),
    runs.c.number.label("run_number"),
    runs.c.workflow,
    threads.c.id.label("thread_id"),
    processes.c.namespace,
    processes.c.process_id,
    processes.c.ended_at.label("process_ended_at"),
).select_from(
    waits.join(approvals, approvals.c.wait_key == waits.c.key)
    .outerjoin(runs, runs.c.key == waits.c.run_key)
    .outerjoin(threads, threads.c.key == approvals.c.thread_key)
    .outerjoin(processes, processes.c.key == waits.c.process_key)
)
VOTES = (
    select(votes)
    .where(votes.c.wait_key == bindparam("wait"), votes.c.version == bindparam("at_version"))
    .order_by(votes.c.key)
)
_THESE = numbers_in("waits")
VOTES_OF = (
    select(votes)
    .join(waits, waits.c.key == votes.c.wait_key)
    .where(votes.c.wait_key.in_(_THESE), votes.c.version == waits.c.version)
    .order_by(votes.c.key)
)
DELEGATIONS_OF = (
    select(delegations)
    .where(delegations.c.wait_key.in_(_THESE))
    .order_by(delegations.c.at, delegations.c.person)
)
DELEGATIONS = (
    select(delegations)
    .where(delegations.c.wait_key == bindparam("wait"))
    .order_by(delegations.c.at, delegations.c.person)
)


def build(row: Row, said: Said) -> Approval:
    process = None
    if row.process_key:
        ended = row.process_ended_at is not None
        process = ProcessRef(row.namespace, row.process_id, ended)
    return Approval(
        id=row.id,
        number=row.number,
        state=row.state,
        version=row.version,
        digest=row.digest or "",
        question=Question.from_json(row.question),
        asked_at=row.since,
        key=row.key,
        path=row.path,
        run_key=row.run_key,
        run_id=row.run_id,
        run_number=row.run_number,
        workflow=row.workflow,
        process_key=row.process_key,
        process=process,
        thread_key=row.thread_key,
        thread_id=row.thread_id,
        requested_by=row.requested_by,
        expires_at=row.expires_at,
        votes=tuple(_vote(each) for each in said[0]),
        decision=row.decision,
        decided_by=row.decided_by,
        comment=row.comment,
        text=row.answer,
        via=row.via,
        note=row.note,
        decided_at=row.decided_at,
        askers=tuple(row.askers or ()),
        delegations=tuple(_handed(each) for each in said[1]),
        escalated=tuple(_raised(each) for each in row.escalated or ()),
        again_of=row.again_of,
        again_as=row.again_as,
    )


def _handed(row: Row) -> Delegation:
    return Delegation(row.person, row.to_person, row.comment, row.at)


def _raised(body: Mapping[str, Any]) -> Raised:
    return Raised(datetime.fromisoformat(body["at"]), tuple(body["to"]))


def _vote(row: Row) -> Vote:
    return Vote(
        row.person,
        row.version,
        row.choice,
        row.answer,
        row.comment,
        row.via,
        row.state,
        row.at,
        row.for_person,
    )

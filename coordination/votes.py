"""Votes inside a unit: the one function that decides, the clock's answer, and late look-ups."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from baton.events import WIRE_PREFIX, Event
from baton.parts import Actor
from baton.status import Status
from coordination import accept, approvals, directory, outbox
from coordination.database import Reader, Transaction
from coordination.eligibility import (
    Ballot,
    Standing,
    expired_view,
    for_whom,
    judge,
    still_entitled,
    tally,
    would_count,
)
from coordination.errors import AlreadyDecided, NotFound
from coordination.outbox import ROOT, Lane, Notice
from coordination.policy import Roles, require_scope
from coordination.ports import Person
from coordination.questions import Approval, ApprovalState, ProcessRef, Vote
from coordination.store import approvals as store
from coordination.taking import Incoming
from coordination.world import Ids


@dataclass(frozen=True, slots=True)
class Judging:
    """What judging takes beside the store: who has which role, the time, and where ids come from."""

    roles: Roles
    now: datetime
    ids: Ids


def find(tx: Transaction, ref: str) -> Approval:
    """Return the approval *ref*: its id, or ``A-`` and its number.

    Raises:
        NotFound: there is none.
    """
    number = _number(ref)
    found = store.by_id(tx, ref) if number is None else store.by_number(tx, number)
    if found is None:
        raise NotFound("approval", ref)
    return found


async def read(reader: Reader, ref: str) -> Approval:
    """As `find`, for those who only look."""
    number = _number(ref)
    found = await (
        store.find(reader, approval_id=ref) if number is None else store.find(reader, number=number)
    )
    if found is None:
        raise NotFound("approval", ref)
    return found


def decide(tx: Transaction, ballot: Ballot, judging: Judging) -> Approval:
    """Record an answer, and the verdict if it settles the matter; return how the approval stands.

    The same answer by the same person again changes nothing and returns the same.

    Raises:
        NotFound, NotAllowed, AlreadyDecided, Superseded, InvalidChoice, CommentRequired
    """
    require_scope(ballot.principal, "decide")
    approval = find(tx, ballot.approval)
    human = ballot.principal.human
    standing = directory.standing(tx, human, judging.roles, now=judging.now)
    verdict = judge(approval, ballot, standing, now=judging.now)
    if verdict is None:
        return approval
    return _count(tx, approval, verdict.vote, verdict.decides, judging)


def expire(tx: Transaction, key: int, *, now: datetime, ids: Ids) -> Approval | None:
    """Let the clock answer the approval of wait *key*; None where somebody was first."""
    approval = store.by_key(tx, key)
    if approval is None or approval.ended:
        return None
    decided = replace(expired_view(approval), decided_at=now)
    if not store.expire(tx, approval, decided.state, now=now):
        return None
    for vote in approval.votes:
        if vote.state == "checking":
            store.cast(tx, approval.key, replace(vote, state="refused"))
    return _conclude(tx, decided, now=now, ids=ids)


def settle(tx: Transaction, judging: Judging) -> list[Approval]:
    """Judge votes by the directory that was just read, and return the approvals that changed.

    Those that waited for it are counted or refused; one that was counted is refused where its voter
    would not be asked any more, or turns out to be somebody who has voted from another account.
    """
    found = store.voted(tx)
    people = directory.people(tx) if found else {}
    settled = [(each, _settle(tx, each, people, judging)) for each in found]
    return [after for before, after in settled if after != before]


def covers(tx: Transaction, run_key: int, path: str, digest: str) -> Approval | None:
    """Return the approval that said yes to exactly these bytes of the step at *path*."""
    for approval in reversed(store.of_run(tx, run_key)):
        for covered in approval.question.covers:
            if covered.path == path and covered.digest == digest and _is_yes(approval):
                return approval
    return None


def still_covers(tx: Transaction, run_key: int, path: str, digest: str, roles: Roles) -> str | None:
    """Check again, right before the effect: return why it must not start, or None."""
    approval = covers(tx, run_key, path, digest)
    if approval is None:
        return f"no approval covers what {path} is about to run"
    if approval.decided_by != "timer" and not still_entitled(approval, directory.people(tx), roles):
        return f"those who approved {approval.label} may not any more"
    return None


def _number(ref: str) -> int | None:
    """Return the number in ``A-17``; None where *ref* is an id."""
    number = ref[2:]
    known = ref[:2] in ("A-", "a-") and number.isascii() and number.isdigit() and len(number) < 16
    return int(number) if known else None


def _count(
    tx: Transaction,
    approval: Approval,
    vote: Vote,
    decides: ApprovalState | None,
    judging: Judging,
) -> Approval:
    """Store *vote*; with it the verdict if it settles the matter."""
    store.cast(tx, approval.key, vote)
    audited = replace(
        approval, decision=vote.choice, comment=vote.comment, via=vote.via, state=approval.state
    )
    action = f"vote.{vote.state}"
    more = {"for": vote.for_person} if vote.for_person else {}
    approvals.record(tx, audited, action, actor=vote.person, at=judging.now, **more)
    if decides is None:
        return _show(tx, approval, vote, judging)
    if not store.decide(tx, approval, decides, voted_at=vote.at):
        raise AlreadyDecided(find(tx, approval.id))
    decided = replace(
        approval,
        state=decides,
        decision=vote.choice,
        decided_by=vote.person,
        comment=vote.comment,
        text=vote.text,
        via=vote.via,
        decided_at=vote.at,
    )
    return _conclude(tx, decided, now=judging.now, ids=judging.ids)


def _conclude(tx: Transaction, decided: Approval, *, now: datetime, ids: Ids) -> Approval:
    """Store the verdict; a process that asked goes on, unless it asked whether it may at all."""
    whole = approvals.conclude(tx, decided, now=now, ids=ids)
    if whole.process is not None:
        accept.record(tx, _told(whole, whole.process, now, ids), now=now, ids=ids)
    return whole


def _told(approval: Approval, process: ProcessRef, now: datetime, ids: Ids) -> Incoming:
    """Return what a verdict says about the process that asked."""
    status = Status.APPROVED if approval.state == "approved" else Status.IN_PROGRESS
    if approval.state == "rejected" and approval.question.ends_process:
        status = Status.REJECTED
    event_id = ids.new("ev")
    event = Event(
        event_id=event_id,
        id=event_id,
        kind="process",
        type=WIRE_PREFIX + status.value,
        source="baton",
        namespace=process.namespace,
        occurred_at=now,
        received_at=now,
        process_id=process.id,
        status=status,
        actor=Actor(id=approval.decided_by),
    )
    return Incoming(event=event, identity=None, thread_key=approval.thread_key, trusted=True)


def _show(tx: Transaction, approval: Approval, vote: Vote, judging: Judging) -> Approval:
    """Bring state and card up to date after a vote that settled nothing."""
    waits = vote.state == "checking" or any(
        each.state == "checking" for each in approval.votes if each.person != vote.person
    )
    store.set_state(tx, approval, "checking" if waits else "open")
    shown = find(tx, approval.id)
    approvals.redraw(tx, shown, now=judging.now, ids=judging.ids)
    if shown.thread_key is not None:  # its card says how many are still missing
        card = Notice(shown.thread_key, ROOT, Lane.RESULT, "thread", {})
        outbox.add(tx, card, id=judging.ids.new("nt"), now=judging.now)
    return shown


def _settle(
    tx: Transaction, approval: Approval, people: Mapping[str, Person], judging: Judging
) -> Approval:
    voted: set[str] = set()
    for vote in approval.votes:
        if vote.state == "refused" or approval.ended:
            continue
        person = people.get(vote.person)
        human = person.human if person is not None else vote.person
        good = would_count(approval, vote, people, judging.roles) and human not in voted
        if good:
            voted.add(human)
        if good and vote.state == "counted":
            continue
        standing = Standing(person, fresh=True, roles=judging.roles, known=people)
        settled = replace(
            vote,
            state="counted" if good else "refused",
            for_person=for_whom(approval, standing),
        )
        approval = _count(tx, approval, settled, tally(approval, settled), judging)
    return approval


def _is_yes(approval: Approval) -> bool:
    return approval.state == "approved" or (
        approval.state == "answered" and approval.decision != "reject"
    )

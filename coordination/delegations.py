"""Handing a vote on: whoever may answer a question lets somebody else answer it for them."""

from dataclasses import dataclass

from coordination import approvals, directory, reminders, trail
from coordination.database import Transaction
from coordination.eligibility import Standing, refusal, stands_behind, why_not
from coordination.errors import AlreadyDecided, Conflict, NotAllowed, NotFound
from coordination.policy import Principal, is_active, require_scope, unknown_sentence
from coordination.ports import Person
from coordination.questions import Approval, Delegation, mention
from coordination.store import approvals as approval_store
from coordination.store import delegations as store
from coordination.votes import Judging, find


class LookedUp(Conflict):
    """Who people are is being read anew; the same call works in a moment."""

    def __init__(self) -> None:
        super().__init__("I am looking up who may do this. Try again in a moment.")


@dataclass(frozen=True, slots=True)
class Handing:
    """Who hands which vote to whom; *to_person* None takes it back."""

    principal: Principal
    approval: str
    to_person: str | None
    comment: str | None
    via: str


def hand(tx: Transaction, order: Handing, judging: Judging) -> Approval:
    """Let somebody else answer in one's place, until it is taken back or answered.

    The same again changes nothing.

    Raises:
        NotFound: no such approval, or nobody of that id.
        NotAllowed: whoever hands it on may not answer, or the other one must not.
        AlreadyDecided: it has ended.
        Conflict: one of them has answered already.
        LookedUp: the directory is too old to judge this.
    """
    asked, giver = _giver(tx, order, judging)
    handed = asked.handed_by(giver.id)
    if handed is not None and handed.to_person == order.to_person:
        return asked
    no = refusal(
        asked, order.principal, directory.standing(tx, giver.id, judging.roles, now=judging.now)
    )
    if no:
        raise NotAllowed(no, code="not-eligible")
    if asked.vote_of(giver.id) is not None:
        raise Conflict(f"You answered {asked.label} already, so there is no vote to hand on.")
    taker = _taker(tx, asked, giver, order.to_person or "", judging)
    handed = Delegation(giver.id, taker.id, order.comment or None, judging.now)
    store.hand(tx, asked.key, handed)
    said = f"{mention(giver.id)} handed their vote to {mention(taker.id)}"
    changed = _tell(tx, asked, order, said, judging)
    reminders.nudge(tx, changed, [taker], "delegate", now=judging.now, ids=judging.ids)
    return changed


def take_back(tx: Transaction, order: Handing, judging: Judging) -> Approval:
    """Answer oneself again. What was not handed on, or was taken back, changes nothing.

    Raises:
        NotFound, NotAllowed, AlreadyDecided, LookedUp
        Conflict: it was used already.
    """
    asked, giver = _giver(tx, order, judging)
    handed = asked.handed_by(giver.id)
    if handed is None:
        return asked
    vote = asked.vote_of(handed.to_person)
    if vote is not None and vote.for_person == giver.id:
        taker = mention(handed.to_person)
        raise Conflict(f"{taker} answered {asked.label} for you already: {vote.choice}.")
    store.take_back(tx, asked.key, giver.id)
    said = f"{mention(giver.id)} took their vote back from {mention(handed.to_person)}"
    return _tell(tx, asked, order, said, judging)


def _giver(tx: Transaction, order: Handing, judging: Judging) -> tuple[Approval, Person]:
    """Return what it is about and who hands on, judged by a fresh directory."""
    require_scope(order.principal, "decide")
    asked = find(tx, order.approval)
    human = order.principal.human
    standing = directory.standing(tx, human, judging.roles, now=judging.now)
    if human is None:
        raise NotAllowed("Only people hand their vote on.", code="not-eligible")
    if asked.ended:
        raise AlreadyDecided(asked)
    if not standing.fresh:
        raise LookedUp
    if standing.person is None or not is_active(standing.person):
        raise NotAllowed(unknown_sentence(human, standing.person), code="not-eligible")
    return asked, standing.person


def _taker(
    tx: Transaction, asked: Approval, giver: Person, person_id: str, judging: Judging
) -> Person:
    """Return who is to answer instead; they must be somebody whose vote says something of its own."""
    standing = directory.standing(tx, person_id, judging.roles, now=judging.now)
    taker = standing.person
    if taker is None:
        raise NotFound("person", person_id)
    if why := _why_not_to(asked, giver, taker, standing):
        raise NotAllowed(why, code="not-eligible")
    return taker


def _why_not_to(asked: Approval, giver: Person, taker: Person, standing: Standing) -> str | None:
    name, label = mention(taker.id), asked.label
    principal = Principal("person", taker.id, taker.id)
    theirs = (taker.id, *taker.accounts)
    mine = asked.handed_to(giver.id)
    reasons = (
        (
            mine is not None,
            f"You answer {label} for somebody else: only they can hand that vote on.",
        ),
        (not is_active(taker), f"{name} takes no part here, so nobody can hand a vote to them."),
        (
            taker.human == giver.human,
            "That is you: hand your vote to somebody else, or answer yourself.",
        ),
        (
            stands_behind(asked, taker, standing.known),
            f"{name} asked for {label}, so somebody else answers it.",
        ),
        (
            any(asked.handed_by(each) for each in theirs),
            f"{name} handed their own vote on {label} to somebody else.",
        ),
        (
            any(asked.handed_to(each) for each in theirs),
            f"{name} answers {label} for somebody else already, and has one voice.",
        ),
        (
            why_not(asked, principal, standing) is None,
            f"{name} may answer {label} already, and has one voice.",
        ),
    )
    return next((sentence for holds, sentence in reasons if holds), None)


def _tell(
    tx: Transaction, asked: Approval, order: Handing, said: str, judging: Judging
) -> Approval:
    """Write the audit row, draw the card, and say it in the thread."""
    now, ids = judging.now, judging.ids
    changed = approval_store.by_key(tx, asked.key) or asked
    action = "approval.taken_back" if order.to_person is None else "approval.delegated"
    more = {"to": order.to_person, "why": order.comment, "way": order.via}
    approvals.record(tx, changed, action, actor=order.principal.actor, at=now, **more)
    approvals.redraw(tx, changed, now=now, ids=ids)
    trail.line(tx, changed.thread_key, said, now=now, ids=ids)
    return changed

"""Who may answer a question, and what an answer leads to. Pure: the store brings the facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coordination.errors import (
    AlreadyDecided,
    CommentRequired,
    InvalidChoice,
    NotAllowed,
    Superseded,
)
from coordination.policy import (
    Principal,
    Roles,
    is_active,
    is_named,
    names_person,
    unknown_sentence,
)
from coordination.ports import Person
from coordination.questions import (
    Approval,
    ApprovalState,
    Vote,
    VoteState,
    mention,
    outcome,
)

MAX_AGE = timedelta(minutes=5)  # of what the directory says, when a vote is judged by it


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody answers, as it came in: to which approval, which version of it, by which way."""

    principal: Principal
    approval: str  # an id (ap_…) or a display number
    choice: str
    version: int | None = None
    digest: str | None = None
    comment: str | None = None
    text: str | None = None
    via: str = "api"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the directory says of who answers; *fresh* if it was read at most `MAX_AGE` ago."""

    person: Person | None
    fresh: bool
    roles: Roles


@dataclass(frozen=True, slots=True)
class Cast:
    """A ballot that stands: the vote to store, and the state it leads to if it settles the matter."""

    vote: Vote
    decides: ApprovalState | None


def judge(approval: Approval, ballot: Ballot, standing: Standing, *, now: datetime) -> Cast | None:
    """Say what becomes of *ballot*; None if the very same answer stands already.

    Raises:
        AlreadyDecided, Superseded: too late, or to a question that changed since.
        NotAllowed: whoever answers is not asked.
        InvalidChoice, CommentRequired: the answer is not one, or lacks its reason.
    """
    if _stands(approval, ballot):
        return None
    _refuse_late(approval, ballot, now)
    state = _entitled(approval, ballot.principal, standing)
    _refuse_wrong(approval, ballot)
    vote = Vote(
        ballot.principal.actor,
        approval.version,
        ballot.choice,
        ballot.text,
        ballot.comment or None,
        ballot.via,
        state,
        now,
    )
    return Cast(vote, tally(approval, vote))


def why_not(approval: Approval, principal: Principal, standing: Standing) -> str | None:
    """Say why *principal* is not among those who answer *approval*; None: they are.

    Whether it is still open is another question.
    """
    human = principal.human
    if _asked(approval, principal, standing):
        return f"You asked for {approval.label}, so somebody else answers it: {_who(approval)}."
    if human is None:
        if principal.source and f"source:{principal.source}" in approval.question.approvers:
            return None
        return f"{approval.label} is answered by people, not by tools: {_who(approval)}."
    person = standing.person
    if person is None or not is_active(person):
        return unknown_sentence(human, person)
    if not is_named(approval.question.approvers, person, standing.roles):
        return f"Only {_who(approval)} can answer {approval.label}."
    return None


def refusal(approval: Approval, principal: Principal, standing: Standing) -> str | None:
    """Say why an answer of *principal* is not even taken; None: it is counted, or checked first.

    Under an old directory nobody is turned away but the asker: who they are has to be read anew.
    """
    if principal.human and not standing.fresh and not _asked(approval, principal, standing):
        return None
    return why_not(approval, principal, standing)


def tally(approval: Approval, vote: Vote) -> ApprovalState | None:
    """Return the state that the counted votes lead to once *vote* is among them, if they settle it.

    One reject ends it; anything else takes as many distinct people as the quorum says.
    """
    if vote.state != "counted":
        return None
    if vote.choice == "reject":
        return "rejected"
    same = {each.person for each in approval.counted if each.choice == vote.choice}
    enough = len(same | {vote.person}) >= approval.question.quorum
    return outcome(vote.choice) if enough else None


def still_entitled(approval: Approval, people: Mapping[str, Person], roles: Roles) -> bool:
    """Say whether those who said yes would be asked today: an effect is checked before it starts."""
    if approval.decision is None:
        return False
    votes = [vote for vote in approval.counted if vote.choice == approval.decision]
    standing = sum(_would_count(approval, vote, people, roles) for vote in votes)
    return standing >= approval.question.quorum


def approver_problems(approvers: Iterable[str], people: Iterable[Person]) -> tuple[str, ...]:
    """Return a sentence for each approver nobody can be found for."""
    known = tuple(people)
    return tuple(
        f"{form} is no person Baton can find. Name people (<@U123>, @handle), role:NAME or "
        "source:NAME; user groups are not read yet."
        for form in approvers
        if not form.startswith(("role:", "source:"))
        and not any(names_person(form, person) for person in known)
    )


def expired_view(approval: Approval) -> Approval:
    """Return *approval* as its expiry leaves it: the clock answers what the asker chose."""
    choice = approval.question.on_timeout
    state: ApprovalState = "expired" if choice == "fail" else outcome(choice)
    return replace(
        approval,
        state=state,
        decision="expired" if choice == "fail" else choice,
        decided_by="timer",
        via="timer",
        note="nobody answered in time",
        decided_at=approval.expires_at,
    )


def _asked(approval: Approval, principal: Principal, standing: Standing) -> bool:
    """Say whether *principal* asked, in whatever form the asker was written down."""
    asker = approval.requested_by
    if asker is None or approval.question.allow_self:
        return False
    person = standing.person
    return asker == principal.actor or (person is not None and names_person(asker, person))


def _stands(approval: Approval, ballot: Ballot) -> bool:
    vote = approval.vote_of(ballot.principal.actor)
    if vote is None or not _current(approval, ballot):
        return False
    return vote.choice == ballot.choice and vote.text == ballot.text


def _current(approval: Approval, ballot: Ballot) -> bool:
    return ballot.version in (None, approval.version) and ballot.digest in (None, approval.digest)


def _refuse_late(approval: Approval, ballot: Ballot, now: datetime) -> None:
    if approval.state == "superseded":
        raise Superseded(approval)
    if approval.ended:
        raise AlreadyDecided(approval)
    if approval.expires_at is not None and approval.expires_at <= now:
        raise AlreadyDecided(expired_view(approval))
    if not _current(approval, ballot):
        raise Superseded(approval)


def _entitled(approval: Approval, principal: Principal, standing: Standing) -> VoteState:
    """Return how the vote stands: counted, or waiting for a fresh look at who the voter is."""
    if principal.kind not in ("person", "token"):
        raise NotAllowed(f"The {principal.kind} does not vote.", code="not-eligible")
    no = refusal(approval, principal, standing)
    if no:
        raise NotAllowed(no, code="not-eligible")
    return "counted" if standing.fresh or not principal.human else "checking"


def _refuse_wrong(approval: Approval, ballot: Ballot) -> None:
    choices = approval.question.choices
    if ballot.choice not in choices:
        raise InvalidChoice(
            approval,
            f"{ballot.choice[:100]!r} is no answer to {approval.label}; "
            f"use one of {', '.join(choices)}.",
        )
    if (
        ballot.choice == "answer"
        and approval.question.answer == "text"
        and not _filled(ballot.text)
    ):
        raise InvalidChoice(approval, f"{approval.label} asks for a text; write one and send it.")
    if approval.question.needs_reason(ballot.choice) and not _filled(ballot.comment):
        raise CommentRequired(approval, ballot.choice)


def _filled(text: str | None) -> bool:
    return bool(text and text.strip())


def _would_count(
    approval: Approval, vote: Vote, people: Mapping[str, Person], roles: Roles
) -> bool:
    if vote.person.startswith("source:"):
        return vote.person in approval.question.approvers
    principal = Principal("person", vote.person, vote.person)
    standing = Standing(people.get(vote.person), fresh=True, roles=roles)
    return why_not(approval, principal, standing) is None


def _who(approval: Approval) -> str:
    """Name who may answer, so that Slack shows names."""
    return ", ".join(mention(form) for form in approval.question.approvers)

"""Who may answer a question, and what an answer leads to. Pure: the store brings the facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    could_be,
    is_active,
    is_named,
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
    """What the directory says of who answers; *fresh* if it was read at most `MAX_AGE` ago.

    *known* has, beside them, their other accounts and whoever handed a vote to them.
    """

    person: Person | None
    fresh: bool
    roles: Roles
    known: Mapping[str, Person] = field(default_factory=dict)


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
    if _stands(approval, ballot, standing):
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
        for_whom(approval, standing),
    )
    return Cast(vote, tally(approval, vote))


def why_not(approval: Approval, principal: Principal, standing: Standing) -> str | None:
    """Say why *principal* is not among those who answer *approval*; None: they are.

    Whether it is still open is another question.
    """
    human = principal.human
    if never := _never(approval, principal, standing):
        return never
    if human is None:
        if principal.source and f"source:{principal.source}" in approval.approvers:
            return None
        return f"{approval.label} is answered by people, not by tools: {_who(approval)}."
    person = standing.person
    if person is None or not is_active(person):
        return unknown_sentence(human, person)
    if _is_asked(approval, person, standing.roles) or for_whom(approval, standing):
        return None
    return f"Only {_who(approval)} can answer {approval.label}."


def refusal(approval: Approval, principal: Principal, standing: Standing) -> str | None:
    """Say why an answer of *principal* is not even taken; None: it is counted, or checked first.

    Under an old directory nobody is turned away but for what does not change: that they asked,
    handed their vote on, or answered already. Who else they are has to be read anew.
    """
    if principal.human and not standing.fresh:
        return _never(approval, principal, standing)
    return why_not(approval, principal, standing) or answered_as(approval, standing)


def answered_as(approval: Approval, standing: Standing) -> str | None:
    """Say under which other account somebody answered already: one human has one vote."""
    person = standing.person
    for account in () if person is None else person.accounts:
        vote = approval.vote_of(account)
        if person is not None and account != person.id and vote is not None:
            return (
                f"You already said {vote.choice!r} to {approval.label} as {mention(account)}. "
                "One person has one vote; change it there."
            )
    return None


def for_whom(approval: Approval, standing: Standing) -> str | None:
    """Return who handed their vote to somebody that is not asked themselves, and still may answer."""
    person = standing.person
    if person is None or _is_asked(approval, person, standing.roles):
        return None
    for handed in approval.delegations:
        giver = standing.known.get(handed.person)
        if (
            handed.to_person == person.id
            and giver is not None
            and is_active(giver)
            and _is_asked(approval, giver, standing.roles)
            and not stands_behind(approval, giver, standing.known)
        ):
            return handed.person
    return None


def pending(approval: Approval, people: Mapping[str, Person], roles: Roles) -> list[Person]:
    """Return everybody who may answer and has not, each human once."""
    found: dict[str, Person] = {}
    for person in filter(is_active, people.values()):
        standing = Standing(person, fresh=True, roles=roles, known=people)
        principal = Principal("person", person.id, person.id)
        if refusal(approval, principal, standing) is None and approval.vote_of(person.id) is None:
            found.setdefault(person.human, person)
    return list(found.values())


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
    good = [vote.person for vote in votes if would_count(approval, vote, people, roles)]
    humans = {people[each].human if each in people else each for each in good}
    return len(humans) >= approval.question.quorum


def would_count(approval: Approval, vote: Vote, people: Mapping[str, Person], roles: Roles) -> bool:
    """Say whether who cast *vote* would be asked today."""
    if vote.person.startswith("source:"):
        return vote.person in approval.approvers
    principal = Principal("person", vote.person, vote.person)
    standing = Standing(people.get(vote.person), fresh=True, roles=roles, known=people)
    return why_not(approval, principal, standing) is None


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


def stands_behind(approval: Approval, person: Person, known: Mapping[str, Person]) -> bool:
    """Say whether *person* asked, from whichever of their accounts and in whatever form."""
    if approval.question.allow_self:
        return False
    own = [person, *(known[each] for each in person.accounts if each in known)]
    return any(
        asker in person.accounts or any(could_be(asker, each) for each in own)
        for asker in approval.behind
    )


def _never(approval: Approval, principal: Principal, standing: Standing) -> str | None:
    """Say what keeps *principal* from answering whatever the directory says."""
    person = standing.person
    asked = not approval.question.allow_self and principal.actor in approval.behind
    if asked or (person is not None and stands_behind(approval, person, standing.known)):
        return f"You asked for {approval.label}, so somebody else answers it: {_who(approval)}."
    for account in () if person is None else (person.id, *person.accounts):
        if handed := approval.handed_by(account):
            taker = mention(handed.to_person)
            return f"You handed your vote on {approval.label} to {taker}. Take it back first."
    return None


def _is_asked(approval: Approval, person: Person, roles: Roles) -> bool:
    return is_named(approval.approvers, person, roles)


def _stands(approval: Approval, ballot: Ballot, standing: Standing) -> bool:
    """Say whether the very same answer stands already, from whichever account it came."""
    person = standing.person
    mine = (ballot.principal.actor, *(() if person is None else person.accounts))
    votes = [vote for each in mine if (vote := approval.vote_of(each)) is not None]
    return _current(approval, ballot) and any(
        vote.choice == ballot.choice and vote.text == ballot.text for vote in votes
    )


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


def _who(approval: Approval) -> str:
    """Name who may answer, so that Slack shows names."""
    return ", ".join(mention(form) for form in approval.approvers) or "nobody"

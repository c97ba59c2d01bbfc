"""What people are asked and what they answered: values only, stored and shown alike."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

Json = Any
ApprovalState = Literal[
    "open",
    "checking",
    "approved",
    "rejected",
    "answered",
    "expired",
    "withdrawn",
    "superseded",
]
VoteState = Literal["counted", "checking", "refused"]
RequireReason = Literal["reject", "always", "never"]

OPEN: frozenset[str] = frozenset({"open", "checking"})
STATE_OF_CHOICE: Mapping[str, ApprovalState] = {"approve": "approved", "reject": "rejected"}


class Covers(Protocol):
    """An action that an approval covers, whoever describes it."""

    @property
    def path(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def params(self) -> Json: ...
    @property
    def digest(self) -> str: ...


class Escalates(Protocol):
    """Who is asked as well, once a question has waited so long."""

    @property
    def after(self) -> timedelta: ...
    @property
    def to(self) -> tuple[str, ...]: ...


class Asks(Protocol):
    """A question as its asker has it. The core's own value fits without knowing of this one."""

    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str | None: ...
    @property
    def show(self) -> tuple[Json, ...]: ...
    @property
    def approvers(self) -> tuple[str, ...]: ...
    @property
    def quorum(self) -> int: ...
    @property
    def decisions(self) -> tuple[str, ...]: ...
    @property
    def answer(self) -> Literal["choice", "text"]: ...
    @property
    def require_reason(self) -> RequireReason: ...
    @property
    def allow_self(self) -> bool: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def on_timeout(self) -> str: ...
    @property
    def channel(self) -> str | None: ...
    @property
    def covers(self) -> tuple[Covers, ...]: ...
    @property
    def not_covered(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def remind(self) -> tuple[timedelta, ...]: ...
    @property
    def escalate(self) -> tuple[Escalates, ...]: ...
    @property
    def digest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Covered:
    """What will run after a Yes, as exactly these bytes; *digest* is over path, action and params."""

    path: str
    action: str
    params: Json
    digest: str


@dataclass(frozen=True, slots=True)
class Escalation:
    """*after* a question has waited so long, *to* these people may answer it as well."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Everything people are asked. *digest* binds an answer to what was shown.

    Args:
        remind: how long after it was asked those who have not answered are reminded.
        escalate: who may answer as well, and after how long.
        labels: what the buttons of decisions say, where that is not the decision itself.
        ends_process: a No ends the process that asked; a run decides by itself what a No means.
    """

    title: str
    description: str | None = None
    show: tuple[Json, ...] = ()
    approvers: tuple[str, ...] = ()
    quorum: int = 1
    decisions: tuple[str, ...] = ("approve", "reject")
    answer: Literal["choice", "text"] = "choice"
    require_reason: RequireReason = "reject"
    allow_self: bool = False
    expires_at: datetime | None = None
    on_timeout: str = "reject"
    channel: str | None = None
    covers: tuple[Covered, ...] = ()
    not_covered: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    ends_process: bool = False
    remind: tuple[timedelta, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, asked: Asks) -> "Question":
        """Copy a question from whoever asks it."""
        members = {
            each.name: getattr(asked, each.name)
            for each in fields(cls)
            if hasattr(asked, each.name)
        }
        members["covers"] = tuple(_covered(item) for item in asked.covers)
        members["escalate"] = tuple(Escalation(each.after, each.to) for each in asked.escalate)
        return cls(**members)

    def to_json(self) -> dict[str, Json]:
        """Return plain JSON values: what the store keeps."""
        body: dict[str, Json] = {each.name: getattr(self, each.name) for each in fields(self)}
        body["expires_at"] = self.expires_at and self.expires_at.isoformat()
        body["covers"] = [
            {each.name: getattr(item, each.name) for each in fields(item)} for item in self.covers
        ]
        for name in ("show", "approvers", "decisions"):
            body[name] = list(body[name])
        body["not_covered"] = [list(pair) for pair in self.not_covered]
        body["labels"] = [list(pair) for pair in self.labels]
        body["remind"] = [each.total_seconds() for each in self.remind]
        body["escalate"] = [[each.after.total_seconds(), list(each.to)] for each in self.escalate]
        return body

    @classmethod
    def from_json(cls, body: Mapping[str, Json]) -> "Question":
        """Read back what :meth:`to_json` wrote; members of a later version are left out."""
        members = {name: value for name, value in body.items() if name in _MEMBERS}
        for name in ("show", "approvers", "decisions"):
            members[name] = tuple(members[name])
        until = members["expires_at"]
        members["expires_at"] = datetime.fromisoformat(until) if until else None
        members["covers"] = tuple(Covered(**item) for item in members["covers"])
        members["not_covered"] = tuple((path, why) for path, why in members["not_covered"])
        members["labels"] = tuple((choice, label) for choice, label in members.get("labels", ()))
        members["remind"] = tuple(timedelta(seconds=each) for each in members.get("remind", ()))
        members["escalate"] = tuple(
            Escalation(timedelta(seconds=after), tuple(to))
            for after, to in members.get("escalate", ())
        )
        return cls(**members)

    @property
    def choices(self) -> tuple[str, ...]:
        """Return every choice that may be sent; rejecting is always possible."""
        if self.answer == "text":
            return ("answer", "reject")
        return self.decisions if "reject" in self.decisions else (*self.decisions, "reject")

    def label(self, choice: str) -> str:
        """Return what the button of *choice* says."""
        return dict(self.labels).get(choice) or choice.replace("_", " ").capitalize()

    def needs_reason(self, choice: str) -> bool:
        """Say whether *choice* has to come with a comment."""
        if self.require_reason == "always":
            return True
        return self.require_reason == "reject" and choice == "reject"


_MEMBERS = frozenset(each.name for each in fields(Question))


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's answer to one version of a question. *person* is ``source:NAME`` for a machine.

    *for_person*: whose vote it is, where that was handed over.
    """

    person: str
    version: int
    choice: str
    text: str | None
    comment: str | None
    via: str
    state: VoteState
    at: datetime
    for_person: str | None = None


@dataclass(frozen=True, slots=True)
class Delegation:
    """*person* handed their vote on one approval to *to_person*."""

    person: str
    to_person: str
    comment: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Raised:
    """An escalation that has happened: from *at* on these people may answer as well."""

    at: datetime
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessRef:
    """A process, as tools name it; *ended*: nothing that is said to it reaches it any more."""

    namespace: str
    id: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """A wait with a question to people, its votes, and its verdict once there is one.

    *key*, *run_key*, *process_key* and *thread_key* are the store's; nobody outside sees them.
    *askers* stand behind the question beside *requested_by*, and may not answer it either.
    """

    id: str
    number: int
    state: ApprovalState
    version: int
    digest: str
    question: Question
    asked_at: datetime
    key: int
    path: str | None = None
    run_key: int | None = None
    run_id: str | None = None
    run_number: int | None = None
    workflow: str | None = None
    process_key: int | None = None
    process: ProcessRef | None = None
    thread_key: int | None = None
    thread_id: str | None = None
    requested_by: str | None = None
    expires_at: datetime | None = None
    votes: tuple[Vote, ...] = ()  # of the current version, oldest first
    decision: str | None = None
    decided_by: str | None = None  # a person, source:NAME or `timer`
    comment: str | None = None
    text: str | None = None
    via: str | None = None
    note: str | None = None
    decided_at: datetime | None = None
    askers: tuple[str, ...] = ()
    delegations: tuple[Delegation, ...] = ()  # oldest first
    escalated: tuple[Raised, ...] = ()
    again_of: str | None = None  # the approval that nobody answered, which this one asks again
    again_as: int | None = None  # the number of the one that asks this again

    @property
    def label(self) -> str:
        """The display number, as ``A-17``."""
        return f"A-{self.number}"

    @property
    def title(self) -> str:
        return self.question.title

    @property
    def approvers(self) -> tuple[str, ...]:
        """Everybody who is asked: by the question, and by escalations since."""
        added = (form for raised in self.escalated for form in raised.to)
        return tuple(dict.fromkeys((*self.question.approvers, *added)))

    @property
    def behind(self) -> tuple[str, ...]:
        """Everybody who stands behind the question."""
        first = (self.requested_by,) if self.requested_by else ()
        return tuple(dict.fromkeys((*first, *self.askers)))

    @property
    def unanswered(self) -> bool:
        """Say whether the clock said no, and it makes sense to ask the same again."""
        said_no = self.decided_by == "timer" and self.state in ("expired", "rejected")
        over = self.process is not None and self.process.ended
        return said_no and not over and self.again_as is None

    @property
    def ended(self) -> bool:
        """Say whether nobody can answer any more."""
        return self.state not in OPEN

    @property
    def counted(self) -> tuple[Vote, ...]:
        """The votes that count; one whose voter is still being looked up does not yet."""
        return tuple(vote for vote in self.votes if vote.state == "counted")

    def vote_of(self, person: str) -> Vote | None:
        """Return the vote of *person* on the current version, if it was not refused."""
        for vote in self.votes:
            if vote.person == person and vote.state != "refused":
                return vote
        return None

    def handed_by(self, person: str) -> Delegation | None:
        """Return to whom *person* handed their vote."""
        return next((each for each in self.delegations if each.person == person), None)

    def handed_to(self, person: str) -> Delegation | None:
        """Return who handed their vote to *person*."""
        return next((each for each in self.delegations if each.to_person == person), None)


def outcome(choice: str) -> ApprovalState:
    """Return the state that a verdict of *choice* leads to."""
    return STATE_OF_CHOICE.get(choice, "answered")


def _covered(item: Covers) -> Covered:
    return Covered(item.path, item.action, item.params, item.digest)


def mention(actor: str) -> str:
    """Write who did something so that Slack shows a name: ``<@U1>``, or the word as it is."""
    return f"<@{actor}>" if is_person(actor) else actor


def is_person(actor: str) -> bool:
    """Say whether *actor* is the id of a person: ``U`` or ``W`` and capitals or digits."""
    return actor[:1] in ("U", "W") and len(actor) > 1 and actor.isalnum() and actor.isupper()

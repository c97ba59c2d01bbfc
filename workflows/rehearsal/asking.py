"""Questions to people in a rehearsal: answered as the script says, or by the clock, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from coordination import questions
from coordination.ports import OpenQuestion
from coordination.questions import outcome
from workflows.core.commands import AskApproval, Question
from workflows.core.facts import ApprovalDecided
from workflows.rehearsal.behind import behind, plain
from workflows.rehearsal.hall import Run
from workflows.rehearsal.script import Decision, InvalidScript, Problem
from workflows.rehearsal.timeline import shown

__all__ = ["Asking"]

SOMEBODY = "rehearsal"  # who answers where no person is named
TIMER = "timer"
GATE = "~approval"
REJECT = "reject"

Vote: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that stands open."""

    command: AskApproval
    number: int
    at: datetime
    behind: tuple[str, ...] = ()  # who may not answer, unless the question allows it
    votes: list[Vote] = field(default_factory=list)  # that do not settle it yet, in order

    @property
    def question(self) -> Question:
        return self.command.question

    def count(self, choice: str | None = None) -> int:
        """Return how many people have made *choice*, or the one that most have made."""
        people: dict[str, set[str]] = {}
        for vote in self.votes:
            people.setdefault(vote["choice"], set()).add(vote["by"])
        counts = {each: len(who) for each, who in people.items()}
        return max(counts.values(), default=0) if choice is None else counts.get(choice, 0)

    def as_open(self) -> OpenQuestion:
        """Return it as the sentence about what a run waits for needs it."""
        question = self.question
        return OpenQuestion(
            approval_id=f"ap_{self.number}",
            number=self.number,
            path=self.command.path,
            title=question.title,
            approvers=question.approvers,
            quorum=question.quorum,
            approved=self.count(),
            since=self.at,
            expires_at=question.expires_at,
            decisive=question.answer == "choice"
            and set(question.decisions) == {"approve", "reject"},
        )


class Asking:
    """The questions of one run that stand open."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._open: dict[str, Asked] = {}

    def open(self) -> tuple[OpenQuestion, ...]:
        """Return what stands open, the oldest first."""
        return tuple(each.as_open() for each in self._open.values())

    def ask(self, command: AskApproval) -> None:
        """Show the question, and have it answered in time, if anybody does."""
        run, path, hall = self._run, command.path, self._run.hall
        asked = Asked(command, next(hall.questions), hall.stage.now, behind(run.record))
        self._open[path] = asked
        run.note(path, "asked", text=asked.question.title, params=as_shown(asked.question))
        self._next_vote(asked)
        self._come_by_themselves(asked)

    def close(self, path: str) -> None:
        self._open.pop(path, None)

    def _next_vote(self, asked: Asked) -> None:
        """Have the next of the script's answers come in its time."""
        hall, own = self._run.hall, self._run.prefix + asked.command.path
        decision = hall.decisions.next(own, own.removesuffix(GATE))
        if decision is not None:
            after = max(timedelta(0), asked.at + decision.after - hall.stage.now)
            hall.stage.soon(partial(self._decide, asked, decision), after=after)

    def _come_by_themselves(self, asked: Asked) -> None:
        stage, question = self._run.hall.stage, asked.question
        for after in question.remind:
            self._later(asked, after, f"Reminder: {question.title}")
        for each in question.escalate:
            self._later(asked, each.after, f"Asked as well: {', '.join(each.to)}")
        if question.expires_at is not None:
            stage.on_time(question.expires_at, partial(self._expire, asked))

    def _later(self, asked: Asked, after: timedelta, text: str) -> None:
        stage = self._run.hall.stage

        def say() -> None:
            if self._open.get(asked.command.path) is asked:
                self._run.note(asked.command.path, "posted", text=text)

        stage.on_time(stage.now + after, say)

    def _decide(self, asked: Asked, decision: Decision) -> None:
        """Take an answer; one of a named person counts for one, any other for all who are needed."""
        path, run = asked.command.path, self._run
        if self._open.get(path) is not asked:
            return
        own, quorum = run.prefix + path, asked.question.quorum
        fact = decided(asked, decision, run.hall.stage.now, own)
        if decision.by is None or fact.decision == REJECT or asked.count(fact.decision) >= quorum:
            self._end(asked, fact)
            return
        text = f"by {fact.by}, {asked.count(fact.decision)} of {quorum}"
        run.note(path, "decided", status=fact.decision, text=text)
        if run.hall.decisions.more(own, own.removesuffix(GATE)):
            self._next_vote(asked)

    def _expire(self, asked: Asked) -> None:
        if self._open.get(asked.command.path) is asked:
            self._end(asked, expired(asked, self._run.hall.stage.now))

    def _end(self, asked: Asked, fact: ApprovalDecided) -> None:
        path = asked.command.path
        del self._open[path]
        said = f": {fact.text or fact.comment}" if fact.text or fact.comment else ""
        text = "nobody answered in time" if fact.by == TIMER else f"by {fact.by}{said}"
        self._run.note(path, "decided", status=fact.decision, text=text)
        self._run.tell(fact)


def as_shown(question: Question) -> dict[str, Any]:
    """Return what the card of *question* says; what it leaves out is left out."""
    covers = [
        {"path": each.path, "action": each.action, "params": shown(each.params)}
        for each in question.covers
    ]
    parts: Mapping[str, Any] = {
        "title": question.title,
        "description": question.description,
        "show": list(question.show),
        "approvers": list(question.approvers),
        "quorum": question.quorum,
        "decisions": list(question.decisions),
        "covers": covers,
        "not_covered": [{"path": path, "why": why} for path, why in question.not_covered],
        "channel": question.channel,
        "expires_at": None if question.expires_at is None else question.expires_at.isoformat(),
    }
    return {name: part for name, part in parts.items() if part not in (None, [])}


def decided(asked: Asked, decision: Decision, at: datetime, path: str) -> ApprovalDecided:
    """Return what the run is told when people answer like this, and keep the vote.

    Raises:
        InvalidScript: the question does not take that answer, not without a reason, or not from that
            person; *path* is where the script gives it.
    """
    question, by = asked.question, decision.by or _first(asked)
    writes = question.answer == "text" and decision.choice != REJECT
    wrong = _wrong_choice(question, decision, writes=writes) or _wrong_person(asked, decision)
    if wrong is not None:
        raise InvalidScript([Problem(("decide", path), *wrong)])
    if writes:
        text = decision.text or ": ".join(filter(None, (decision.choice, decision.comment)))
        comment = decision.comment if decision.text else None
        return _fact(asked, at, ("answered", "answer", by), comment, text)
    state = outcome(decision.choice)
    return _fact(asked, at, (state, decision.choice, by), decision.comment, decision.text)


def _wrong_choice(
    question: Question, decision: Decision, *, writes: bool
) -> tuple[str, str] | None:
    choices = dict.fromkeys((*question.decisions, REJECT))
    if not writes and decision.choice not in choices:
        return f"there is no decision `{decision.choice}` here", f"It takes {', '.join(choices)}."
    choice = "answer" if writes else decision.choice
    needed = questions.Question.of(question).needs_reason(choice)
    if needed and not (decision.comment or "").strip():
        hint = f"Write `{choice}:REASON`, or give `comment`."
        return f"`{choice}` needs a reason here", "Give `text` and `comment`." if writes else hint
    return None


def _wrong_person(asked: Asked, decision: Decision) -> tuple[str, str] | None:
    """Say that who stands behind the run answers it; nobody in particular never does."""
    if decision.by is None or asked.question.allow_self:
        return None
    if plain(decision.by) not in asked.behind:
        return None
    message = f"{plain(decision.by)} stands behind this run, so somebody else answers"
    return message, "Name another person, or set `allow_self: true` in the approval."


def expired(asked: Asked, at: datetime) -> ApprovalDecided:
    """Return what the run is told when nobody answered in time."""
    choice = asked.question.on_timeout
    if choice == "fail":
        return _fact(asked, at, ("expired", "expired", TIMER))
    return _fact(asked, at, (outcome(choice), choice, TIMER))


def _fact(
    asked: Asked,
    at: datetime,
    verdict: tuple[Any, str, str],
    comment: str | None = None,
    text: str | None = None,
) -> ApprovalDecided:
    state, decision, by = verdict
    vote = {"by": by, "choice": decision, "comment": comment, "text": text, "at": at.isoformat()}
    if by != TIMER:
        asked.votes.append({name: value for name, value in vote.items() if value is not None})
    path, digest, votes = asked.command.path, asked.question.digest, tuple(asked.votes)
    return ApprovalDecided(at, path, state, decision, by, comment, text, votes, digest)


def _first(asked: Asked) -> str:
    """Name a person of those who may answer; a group or a role has nobody in a rehearsal."""
    question, others = asked.question, () if asked.question.allow_self else asked.behind
    named = [plain(each) for each in question.approvers if each.startswith("<@")]
    return next((each for each in named if each not in others), SOMEBODY)

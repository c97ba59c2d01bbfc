"""Questions to people in a rehearsal: answered as the script says, or by the clock, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from coordination.ports import OpenQuestion
from coordination.questions import outcome
from workflows.core.commands import AskApproval, Question
from workflows.core.facts import ApprovalDecided
from workflows.rehearsal.hall import Run
from workflows.rehearsal.script import Decision, InvalidScript, Problem
from workflows.rehearsal.timeline import shown

__all__ = ["Asking"]

SOMEBODY = "rehearsal"  # who answers where no person is named
TIMER = "timer"
GATE = "~approval"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that stands open."""

    command: AskApproval
    number: int
    at: datetime

    @property
    def question(self) -> Question:
        return self.command.question

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
            approved=0,
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
        asked = Asked(command, next(hall.questions), hall.stage.now)
        self._open[path] = asked
        run.note(path, "asked", text=asked.question.title, params=as_shown(asked.question))
        own = run.prefix + path
        decision = hall.decisions.next(own, own.removesuffix(GATE))
        if decision is not None:
            hall.stage.soon(partial(self._decide, asked, decision), after=decision.after)
        self._come_by_themselves(asked)

    def close(self, path: str) -> None:
        self._open.pop(path, None)

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
        path = asked.command.path
        if self._open.get(path) is asked:
            now = self._run.hall.stage.now
            self._end(asked, decided(asked, decision, now, self._run.prefix + path))

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
    """Return what the run is told when people answer.

    Raises:
        InvalidScript: the question does not take that answer; *path* is where the script gives it.
    """
    question, by = asked.question, decision.by or _first(asked.question)
    if question.answer == "text" and decision.choice != "reject":
        text = decision.text or ": ".join(filter(None, (decision.choice, decision.comment)))
        return _fact(asked, at, ("answered", "answer", by), text=text)
    choices = dict.fromkeys((*question.decisions, "reject"))
    if decision.choice not in choices:
        message = f"there is no decision `{decision.choice}` here"
        hint = f"It takes {', '.join(choices)}."
        raise InvalidScript([Problem(("decide", path), message, hint)])
    state = outcome(decision.choice)
    return _fact(asked, at, (state, decision.choice, by), decision.comment, decision.text)


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
    votes = () if by == TIMER else (vote,)
    digest = asked.question.digest
    return ApprovalDecided(
        at, asked.command.path, state, decision, by, comment, text, votes, digest
    )


def _first(question: Question) -> str:
    """Name a person of those who are asked; a group or a role has nobody in a rehearsal."""
    named = [each[2:-1] for each in question.approvers if each.startswith("<@")]
    return named[0] if named else SOMEBODY

"""Escalations: a question that waits too long may be answered by more people, who are told so."""

from datetime import datetime

from coordination import approvals, directory, reminders
from coordination.database import Transaction
from coordination.eligibility import pending
from coordination.policy import Roles
from coordination.questions import Approval, Raised
from coordination.store import approvals as store
from coordination.world import Ids


def escalate(
    tx: Transaction, asked: Approval, number: int, roles: Roles, *, now: datetime, ids: Ids
) -> None:
    """Let those of step *number* answer as well; whoever was asked before still may."""
    step = asked.question.escalate[number]
    people = directory.people(tx)
    before = {each.id for each in pending(asked, people, roles)}
    store.raise_to(tx, asked, Raised(now, step.to))
    raised = store.by_key(tx, asked.key) or asked
    approvals.record(tx, raised, "approval.escalated", actor="timer", at=now, to=list(step.to))
    approvals.redraw(tx, raised, now=now, ids=ids)
    reminders.say(tx, raised, list(step.to), "escalate", now=now, ids=ids)
    added = [each for each in pending(raised, people, roles) if each.id not in before]
    reminders.nudge(tx, raised, added, "escalate", now=now, ids=ids)

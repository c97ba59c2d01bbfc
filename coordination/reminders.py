"""Reminders: a line in the thread, and a message to each person who is asked and has not answered.

Nobody is nudged more than once an hour, whatever waits for them: what comes too soon is put off.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from coordination import directory, outbox, timers
from coordination.database import Transaction
from coordination.eligibility import pending
from coordination.outbox import Lane, Notice
from coordination.policy import Roles
from coordination.ports import Person
from coordination.questions import Approval
from coordination.store import delegations as store
from coordination.world import Ids

OWNER = "approval"  # the kind of owner of the timers
REMIND = "remind:"  # and a number: the slots of its timers
ESCALATE = "escalate:"
NUDGE = "nudge:"  # and a person, who is to hear of it then
APART = timedelta(hours=1)
MOST = 10  # people who are written to; more of them are named in the thread alone


def arm(tx: Transaction, asked: Approval, *, now: datetime) -> None:
    """Promise the reminders and escalations of a question that is asked *now*."""
    for number, after in enumerate(asked.question.remind):
        timers.set(tx, OWNER, asked.key, f"{REMIND}{number}", now + after)
    for number, step in enumerate(asked.question.escalate):
        timers.set(tx, OWNER, asked.key, f"{ESCALATE}{number}", now + step.after)


def remind(tx: Transaction, asked: Approval, roles: Roles, *, now: datetime, ids: Ids) -> None:
    """Remind everybody who may answer and has not."""
    waited_for = pending(asked, directory.people(tx), roles)
    if waited_for:
        say(tx, asked, [each.id for each in waited_for], "remind", now=now, ids=ids)
        nudge(tx, asked, waited_for, "remind", now=now, ids=ids)


def nudge_one(
    tx: Transaction, asked: Approval, person_id: str, roles: Roles, *, now: datetime, ids: Ids
) -> None:
    """Nudge somebody whose turn was put off, if they are still waited for."""
    waited_for = pending(asked, directory.people(tx), roles)
    mine = [each for each in waited_for if person_id in (each.id, *each.accounts)]
    nudge(tx, asked, mine, "remind", now=now, ids=ids)


def nudge(
    tx: Transaction, asked: Approval, people: Iterable[Person], why: str, *, now: datetime, ids: Ids
) -> None:
    """Write to each of *people*, unless they are too many; who was nudged just now hears of it later."""
    listed = list(people)
    for person in listed if len(listed) <= MOST else ():
        last = store.nudged_at(tx, person.id)
        if last is not None and now - last < APART:
            put_off(tx, asked, person.id, last + APART)
            continue
        store.note_nudge(tx, person.id, at=now)
        _add(tx, asked, [person.id], why, recipient=person.id, now=now, ids=ids)


def put_off(tx: Transaction, asked: Approval, person_id: str, until: datetime) -> None:
    """Nudge somebody at *until*, and about this not before."""
    timers.set(tx, OWNER, asked.key, f"{NUDGE}{person_id}", until)


def say(
    tx: Transaction, asked: Approval, who: list[str], why: str, *, now: datetime, ids: Ids
) -> None:
    """Say in the thread who is waited for: *who* are ids, or the forms in which people are named."""
    _add(tx, asked, who, why, recipient=None, now=now, ids=ids)


def _add(  # noqa: PLR0913  # a notice and where it goes
    tx: Transaction,
    asked: Approval,
    who: list[str],
    why: str,
    *,
    recipient: str | None,
    now: datetime,
    ids: Ids,
) -> None:
    if asked.thread_key is None:
        return
    notice_id = ids.new("nt")
    notice = Notice(
        asked.thread_key,
        f"nudge:{notice_id}",
        Lane.DECISION,
        "nudge",
        {"approval_id": asked.id, "people": who[: MOST + 1], "why": why},
        recipient,
    )
    outbox.add(tx, notice, id=notice_id, now=now)

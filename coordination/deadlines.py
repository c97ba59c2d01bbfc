"""What comes by itself while a question is open: reminders, more people who are asked, and the end."""

from coordination import escalations, reminders, votes
from coordination.approvals import EXPIRY
from coordination.database import Transaction
from coordination.reminders import ESCALATE, NUDGE, REMIND
from coordination.store import approvals as store
from coordination.timers import Due
from coordination.votes import Judging


def fire(tx: Transaction, due: Due, judging: Judging) -> None:
    """Fire one timer of an approval; where somebody was first, nothing comes of it."""
    now, ids, roles = judging.now, judging.ids, judging.roles
    if due.slot == EXPIRY:
        votes.expire(tx, due.owner_key, now=now, ids=ids)
        return
    asked = store.by_key(tx, due.owner_key)
    if asked is None or asked.ended:
        return
    if due.slot.startswith(REMIND):
        reminders.remind(tx, asked, roles, now=now, ids=ids)
    elif due.slot.startswith(ESCALATE):
        number = int(due.slot.removeprefix(ESCALATE))
        escalations.escalate(tx, asked, number, roles, now=now, ids=ids)
    elif due.slot.startswith(NUDGE):
        person = due.slot.removeprefix(NUDGE)
        reminders.nudge_one(tx, asked, person, roles, now=now, ids=ids)

"""When a card has to say that it lags behind, and what it says then."""

from datetime import datetime, timedelta

from coordination.behind import ON_TIME, behind_since
from coordination.outbox import ROOT, Leased, Slot

CARD = "card"  # the slot of a card that replaces a root which cannot be edited any more
LATE = timedelta(minutes=1)
DELAYED = ":snail: Updates delayed: Slack takes only so many at the moment."


def is_late(leased: Leased, slot: Slot, now: datetime) -> bool:
    """Say whether a card that goes on waited so long for its turn that it has to say so.

    What Slack refused, or could not be told, is another matter: then it was tried before.
    """
    view = leased.view
    if leased.notice.kind != "thread" or leased.attempt > 1 or ON_TIME in leased.notice.body:
        return False
    open_ones = view is not None and any(each.ended_at is None for each in view.processes)
    since = behind_since(leased.notice.body, leased.created_at)
    return open_ones and slot.slot in (ROOT, CARD) and now - since > LATE

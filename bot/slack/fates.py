"""What becomes of a notice that Slack did not take."""

from dataclasses import replace
from datetime import datetime

from bot.slack.client import Meaning, Trouble
from bot.slack.telling import LOCKED
from coordination import outbox
from coordination.database import Transaction
from coordination.outbox import ROOT, Leased


def fate(
    tx: Transaction, leased: Leased, trouble: Trouble, *, now: datetime, due: datetime
) -> None:
    """Write down what becomes of a notice that Slack did not take.

    Args:
        tx: the unit.
        leased: the notice.
        trouble: what Slack said.
        now: the wall time.
        due: when to try again, where that helps.
    """
    word = trouble.word
    match trouble.meaning:
        case Meaning.NO_PLACE:
            if leased.notice.recipient is None:
                outbox.park(tx, leased, error=word)
            else:  # whoever was to hear of it beside its thread cannot; others are looked for
                outbox.fail(tx, leased, error=word)
        case Meaning.NEVER | Meaning.SIMPLER:
            outbox.fail(tx, leased, error=word)
        case Meaning.GONE | Meaning.LOCKED | Meaning.NO_THREAD:
            _let_go(tx, leased, trouble.meaning, now)
            outbox.retry(tx, leased, due_at=now, error=word, counted=False)
        case Meaning.LATER | Meaning.NOT_SENT | Meaning.STREAMING:
            # A reply keeps its place in the thread, so all wait; an edit holds up nobody.
            if outbox.slot(tx, leased.notice.thread_key, leased.notice.slot) is not None:
                outbox.postpone(tx, leased, due_at=due, error=word)
            else:
                outbox.retry(tx, leased, due_at=due, error=word, counted=False)
        case _:
            outbox.retry(tx, leased, due_at=due, error=word)


def _let_go(tx: Transaction, leased: Leased, meaning: Meaning, now: datetime) -> None:
    """Forget a message that is gone, or that cannot be edited: a newer one takes its place."""
    key = leased.notice.thread_key
    name = ROOT if meaning is Meaning.NO_THREAD else leased.notice.slot
    known = outbox.slot(tx, key, name)
    if meaning is Meaning.LOCKED and name == ROOT and known is not None:
        if known.hash != LOCKED:  # replies still stand below it
            outbox.put_slot(tx, replace(known, hash=LOCKED), now=now)
            return
        name = "card"
    outbox.drop_slot(tx, key, name, now=now)

"""One line in a thread for each decision, so that reading down it tells what happened."""

from datetime import datetime

from coordination import outbox
from coordination.database import Transaction
from coordination.outbox import Lane, Notice
from coordination.world import Ids


def line(tx: Transaction, thread_key: int | None, text: str, *, now: datetime, ids: Ids) -> None:
    """Queue *text*, in Slack's markup, as a reply; a run without a thread has nowhere to say it."""
    if thread_key is None:
        return
    notice_id = ids.new("nt")
    slot = f"reply:{notice_id}"
    notice = Notice(thread_key, slot, Lane.DECISION, "reply", {"text": text})
    outbox.add(tx, notice, id=notice_id, now=now)


def escape(text: str) -> str:
    """Write what somebody typed so that Slack shows it and does nothing else with it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

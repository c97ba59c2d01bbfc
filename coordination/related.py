"""Two threads that turn out to be one piece of work: linked, with a line in each, and never merged."""

from datetime import datetime

from coordination import outbox
from coordination.database import Row, Transaction
from coordination.keys import shared
from coordination.outbox import Lane, Notice
from coordination.store import keys
from coordination.store import threads as store
from coordination.trail import escape
from coordination.world import Ids

MOST = 20  # of one thread that it tells of; whatever reports more ties everything to everything
TITLE = 80


def link(
    tx: Transaction, thread_key: int, other_key: int, because: str, *, now: datetime, ids: Ids
) -> bool:
    """Note that two threads belong together, and say it once in each; False if nothing was new.

    Args:
        tx: the unit.
        thread_key: the one.
        other_key: the other.
        because: the key that both have, or ``parent`` or ``run_id``.
        now: the wall time.
        ids: makes the ids of the lines.
    """
    if thread_key == other_key:
        return False
    if not keys.relate(tx, (thread_key, other_key), because, now=now):
        return False
    for here, there in ((thread_key, other_key), (other_key, thread_key)):
        if store.is_shown(tx, here) and keys.count_related(tx, here) <= MOST:
            say(tx, here, _line(store.head(tx, there), because), now=now, ids=ids)
    return True


def say(tx: Transaction, thread_key: int, text: str, *, now: datetime, ids: Ids) -> None:
    """Queue a line of Slack's markup as a reply that nobody has to hurry with."""
    notice_id = ids.new("nt")
    notice = Notice(thread_key, f"reply:{notice_id}", Lane.PROGRESS, "reply", {"text": text})
    outbox.add(tx, notice, id=notice_id, now=now)


def why(because: str) -> str:
    """Say in a few words what ties two threads, or a process to a thread."""
    known = {"parent": "its parent is there", "run_id": "it was reported for that thread"}
    return known.get(because) or shared(because)


def _line(other: Row, because: str) -> str:
    place = f" {other.permalink}" if other.permalink else ""
    return f"Related: {escape(other.title[:TITLE])} ({why(because)}){place}"

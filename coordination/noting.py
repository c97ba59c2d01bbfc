"""Stores an occasion: from then on it is up to the Dispatcher."""

from datetime import datetime

from coordination import accept
from coordination.database import Transaction
from coordination.incoming import Incoming
from coordination.occasions import Occasion, event_of
from coordination.store import threads as thread_store
from coordination.taking import Taken
from coordination.world import Ids

__all__ = ["note"]


def note(tx: Transaction, occasion: Occasion, *, now: datetime, ids: Ids) -> str:
    """Store an occasion and return the id of its event; it opens no thread of its own."""
    event = event_of(occasion, ids.new("ev"), now=now)
    key = occasion.thread_key
    thread = None if key is None else thread_store.by_key(tx, key)
    taken = Taken(
        event,
        "created",
        applied=True,
        thread_key=key,
        thread_id=None if thread is None else thread.id,
        run_key=occasion.caused_by,
    )
    accept.keep(tx, Incoming(event=event, identity=None, trusted=True), taken, now=now)
    return event.event_id

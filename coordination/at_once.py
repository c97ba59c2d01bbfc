"""What an event means to those who wait, where that is plain: written in the unit that stores the event.

So neither a commit nor the Dispatcher stands between an event and the run that it wakes. Left to the
Dispatcher are triggers and conditions, what several wait for, and each event that may wake somebody as long
as nothing was done about an older one, which comes first. Both ways lead to the same rows, which
`tests/properties/test_at_once.py` holds.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from baton.events import Event
from coordination import waits
from coordination.database import Row, Transaction
from coordination.database.looking import look
from coordination.store import events as store
from coordination.store import waits as wait_store
from coordination.triggers import Asked
from coordination.wait_keys import hides
from coordination.waking import meet

__all__ = ["settled"]


def settled(
    tx: Transaction,
    seq: int,
    event: Event,
    asked: Asked,
    explain: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    """Do all that an event asks for, if that is little; False: nothing was done.

    Args:
        tx: the unit that has stored it.
        seq: its place.
        event: what was stored.
        asked: who asks for events of its name.
        explain: what is kept of how it was taken.
        now: the wall time.
    """
    if asked.triggers or any(hides(shape) for shape in asked.shapes):
        return False
    row = wait_store.event(tx, event.event_id)
    if row is None:
        return False
    found = look(tx, lambda reader: meet(reader, row, asked.shapes)).waits
    if not found:
        return store.passed_over(tx, (seq, seq), now=now) == 1
    if len(found) > 1 or not _is_plain(found[0], row) or store.waits_behind(tx, seq):
        return False
    return _answer(tx, found[0], seq, event.event_id, explain, now=now)


def _is_plain(wait: Row, event: Row) -> bool:
    """Say whether the event fits the wait: whose key is there, and nothing else is asked."""
    return "where" not in wait.filter and wait.run_id != event.process_id


def _answer(
    tx: Transaction,
    wait: Row,
    seq: int,
    event_id: str,
    explain: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    outcome = waits.answer(tx, wait.key, event_id, now=now)
    line = {"run": wait.run_id, "path": wait.path, "outcome": outcome}
    told = {"triggers": [], "waits": [line], "outbox": [*explain.get("outbox", ())]}
    return store.dispatched(tx, seq, {**explain, **told}, now=now)

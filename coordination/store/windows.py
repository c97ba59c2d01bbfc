"""The rows of the windows in which triggers collect events, or wait for one that may not come."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coordination.database import (
    Row,
    Transaction,
    bindparam,
    delete,
    events,
    func,
    insert,
    select,
    trigger_windows,
    update,
)

_OF = (
    trigger_windows.c.workflow == bindparam("of"),
    trigger_windows.c.trigger_id == bindparam("called"),
)
_ONE = select(trigger_windows).where(*_OF, trigger_windows.c.name == bindparam("named"))
_BY_KEY = select(trigger_windows).where(trigger_windows.c.key == bindparam("window"))
_OPENED = (
    select(trigger_windows)
    .where(*_OF, trigger_windows.c.opened_at <= bindparam("until"))
    .order_by(trigger_windows.c.key)
)
_COUNT = select(func.count().label("number")).select_from(trigger_windows).where(*_OF)
_OPEN = insert(trigger_windows)
_CHANGE = update(trigger_windows).where(trigger_windows.c.key == bindparam("window"))
_CLOSE = delete(trigger_windows).where(trigger_windows.c.key == bindparam("window"))
_UNSEEN = (
    select(events.c.seq)
    .where(events.c.dispatched_at.is_(None), events.c.received_at <= bindparam("until"))
    .limit(1)
)


def one(tx: Transaction, workflow: str, trigger_id: str, name: str) -> Row | None:
    """Return the window of a trigger for what its events have in common."""
    return tx.fetch_one(_ONE, of=workflow, called=trigger_id, named=name)


def by_key(tx: Transaction, key: int) -> Row | None:
    return tx.fetch_one(_BY_KEY, window=key)


def opened(tx: Transaction, workflow: str, trigger_id: str, until: datetime) -> list[Row]:
    """Return the windows of a trigger that were open by then, oldest first."""
    return tx.fetch_all(_OPENED, of=workflow, called=trigger_id, until=until)


def count(tx: Transaction, workflow: str, trigger_id: str) -> int:
    row = tx.fetch_one(_COUNT, of=workflow, called=trigger_id)
    return int(row.number) if row is not None else 0


def open_one(tx: Transaction, values: Mapping[str, Any]) -> int:
    return tx.insert(_OPEN, **values)


def change(tx: Transaction, key: int, collected: Mapping[str, Any], expires_at: datetime) -> None:
    tx.execute(_CHANGE, window=key, events=dict(collected), expires_at=expires_at)


def close(tx: Transaction, key: int) -> None:
    tx.execute(_CLOSE, window=key)


def unseen(tx: Transaction, until: datetime) -> bool:
    """Say whether the Dispatcher has still to look at an event that had arrived by then."""
    return tx.fetch_one(_UNSEEN, until=until) is not None

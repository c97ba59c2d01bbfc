"""What an event says, of which its row holds each thing once: in a column, or in its body.

The rows of earlier versions hold all of it in their body, and read the same.
"""

from typing import Any

from baton.events import Event, format_time
from coordination.database import Row, events

__all__ = ["COLUMNS", "filled", "shortened"]

_SAID = (
    *("id", "kind", "type", "source", "namespace", "process_id", "attempt", "status"),
    *("occurred_at", "received_at"),
)
COLUMNS = tuple(events.c[name] for name in (*_SAID, "body"))
_IN_COLUMNS = frozenset({"event_id", *_SAID})


def shortened(event: Event, attempt: int | None) -> dict[str, Any]:
    """Return what *event* says, as one of that attempt, and no column of its row does."""
    body = {name: said for name, said in event.to_json().items() if name not in _IN_COLUMNS}
    if event.id != event.event_id:
        body["id"] = event.id
    if attempt is None and event.attempt is not None:
        body["attempt"] = event.attempt
    return body


def filled(row: Row) -> Row:
    """Return *row*, which has `COLUMNS`, with all that its event says as its ``body``."""
    if row.body is None:  # joined to something else, and there is none
        return row
    said = {
        "event_id": row.id,
        **{name: getattr(row, name) for name in _SAID},
        "occurred_at": format_time(row.occurred_at),
        "received_at": format_time(row.received_at),
        **row.body,
    }
    return row.but(body={name: said[name] for name in sorted(said) if said[name] is not None})

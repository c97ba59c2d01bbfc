"""The short way of most bodies: a few members, each of which can be taken as it stands.

Whatever would have to be repaired, cut, warned of or refused is left to `fields`, which reads every
body, and to the same event. `tests/baton/test_reading_usual.py` holds that.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from baton.events import WIRE_PREFIX
from baton.status import Status

__all__ = ["read_usual"]

_STATUSES = {status.value: status for status in Status}
_CATEGORY = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)


def read_usual(body: Mapping[str, Any], received_at: datetime) -> dict[str, Any] | None:
    """Return the members of the event in *body*; None: it is not as usual.

    Args:
        body: of which it is certain that it holds no secret, and can be stored as it is.
        received_at: now, in UTC.
    """
    word, called, process_id = body.get("status"), body.get("id"), body.get("process_id")
    status = _STATUSES.get(word) if type(word) is str else None
    if status is None or not _is_name(called, 256) or not _is_name(process_id, 200):
        return None
    values = {
        "occurred_at": received_at,
        "id": called,
        "kind": "process",
        "type": WIRE_PREFIX + status.value,
        "status": status,
        "process_id": process_id,
    }
    for name, fits in _OTHERS:
        if name in body:
            value = body[name]
            if not fits(value):
                return None
            values[name] = value
    usual = len(values) == len(body) + _MADE
    return values if usual else None  # otherwise it has a member more


def _is_name(value: Any, limit: int) -> bool:
    """Say whether *value* identifies something, beyond doubt."""
    return (
        type(value) is str
        and len(value) <= limit
        and value.isascii()
        and value.isprintable()
        and bool(value.strip())
    )


def _is_line(value: Any) -> bool:
    """Say whether *value* is one line with nothing to tidy."""
    return _is_name(value, 200) and "  " not in value and value[0] != " " != value[-1]


def _is_text(value: Any) -> bool:
    return (
        type(value) is str
        and 0 < len(value) <= 3000
        and value.isascii()
        and (value.isprintable() or value.replace("\n", "").isprintable())
    )


def _is_category(value: Any) -> bool:
    return type(value) is str and _CATEGORY.fullmatch(value) is not None


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _are_labels(value: Any) -> bool:
    if type(value) is not dict or len(value) > 32:
        return False
    for name, text in value.items():  # noqa: SIM110 - a loop, for it runs for each event
        if not _is_name(name, 63) or not _is_line(text):
            return False
    return True


# In the order in which `fields` puts them into an event.
_OTHERS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("name", _is_line),
    ("category", _is_category),
    ("message", _is_text),
    ("result", _is_object),
    ("metadata", _is_object),
    ("data", _is_object),
    ("labels", _are_labels),
)
_MADE = 3  # members of the event that no member of the body bears the name of

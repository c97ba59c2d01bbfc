"""The process whose ``with`` block this code runs in, for whatever is reported from inside it."""

import threading
from collections.abc import Mapping
from contextvars import ContextVar

__all__ = ["Place", "current_place", "enter", "leave"]


class Place:
    """Where a running process stands: its id, what it hands down, and the block around it."""

    __slots__ = ("exports", "outer", "over", "owner", "process_id")

    def __init__(self, process_id: str, exports: Mapping[str, str], owner: object) -> None:
        self.process_id = process_id
        self.exports = exports
        self.owner = owner
        self.over = threading.Event()
        self.outer: Place | None = None


_current: ContextVar[Place | None] = ContextVar("baton_process", default=None)


def current_place() -> Place | None:
    """Return the innermost place whose block has not ended; blocks may end out of order."""
    found = _current.get()
    while found is not None and found.over.is_set():
        found = found.outer
    return found


def enter(place: Place) -> None:
    """Begin the block of *place*."""
    place.outer = current_place()
    _current.set(place)


def leave(place: Place) -> None:
    """End the block of *place*, which is over."""
    if _current.get() is place:
        _current.set(current_place())

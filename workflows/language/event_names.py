"""How a file names events, and what an event holds."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from baton.events import Event, Subject

__all__ = ["EVENT_FIELDS", "GENERAL", "OLDER", "pattern_of", "place_of", "places"]

OLDER: Final[Mapping[str, str]] = {
    "process_complete": "process.completed",
    "process_failed": "process.failed",
    "mcp_tool_complete": "mcp_tool.ended",
    "synthesis_complete": "synthesis.ended",
    "test_complete": "test.ended",
}
GENERAL: Final = frozenset({"webhook"})
"""Names of one part: `webhook` is any event without a status."""

EVENT_FIELDS: Final = frozenset(field.name for field in fields(Event))
_SUBJECT: Final = frozenset(field.name for field in fields(Subject)) - EVENT_FIELDS
_WITH_PARTS: Final = frozenset(
    ["subject", "labels", "metadata", "result", "data", "actor", "parent", "error", "adapter"]
)
_SPECIAL: Final = frozenset({"run", "key"})
_NOT_COMPARED: Final = _WITH_PARTS | frozenset(
    ["approval", "keys", "links", "next_steps", "progress", "truncated", "warnings", "run_id"]
)


def pattern_of(name: str) -> str:
    """Return the pattern that *name* stands for: itself, unless it is an older name."""
    return OLDER.get(name, name)


def place_of(name: str) -> tuple[str, ...] | None:
    """Return where an event holds what `correlate` calls *name*, or None if that is nowhere.

    ``run`` stands for the thread of a run, ``key`` for any key that ties events to threads; members
    of the subject need no `subject.` before them.
    """
    first, *rest = name.split(".")
    if rest:
        return (first, *rest) if first in _WITH_PARTS and all(rest) else None
    if name in _SUBJECT:
        return ("subject", name)
    known = name in _SPECIAL or name in EVENT_FIELDS - _NOT_COMPARED
    return (name,) if known else None


def places() -> list[str]:
    """Return the plain names that `correlate` knows, for suggestions."""
    return sorted(_SPECIAL | _SUBJECT | (EVENT_FIELDS - _NOT_COMPARED))

"""Copies what a program hands over as plain values, in the program's own thread and quickly.

The copy is what the sender's thread works on: the program may change its objects at once. Nothing
a value does may be the reason for a failure, and nothing large may hold the program up.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

__all__ = ["plain"]

_MOST_DEPTH = 12
_MOST_VALUES = 10_000
_MOST_CHARACTERS = 100_000
_SAFE_INTEGER = 2**53  # beyond it other readers of JSON would round


def plain(value: object) -> object:
    """Return *value* as JSON can hold it: what JSON lacks becomes text, what is too much a ``…``."""
    if value is None or (type(value) is str and len(value) <= _MOST_CHARACTERS):
        return value  # what most members of an event are
    return _Copy().of(value, _MOST_DEPTH)


class _Copy:
    """One copy, which ends when it has become too large."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: object, depth: int) -> object:
        self._left -= 1
        if self._left < 0:
            return "…"
        try:
            return self._of(value, depth)
        except Exception:  # noqa: BLE001 - what the methods of a foreign object raise is anybody's guess
            return f"<{type(value).__name__}>"

    def _of(self, value: object, depth: int) -> object:
        match value:
            case None | bool() | str() | int() | float():
                return _simple(value)
            case _ if depth == 0:
                return "…"
            case Mapping():
                return self._members(value, depth - 1)
            case list() | tuple() | AbstractSet():
                return self._items(value, depth - 1)
            case _:
                return self._of(str(value), depth)

    def _members(self, value: "Mapping[object, object]", depth: int) -> dict[str, object]:
        copied: dict[str, object] = {}
        for name, item in value.items():
            copied[str(name)] = self.of(item, depth)
            if self._left < 0:
                break
        return copied

    def _items(
        self, value: "list[object] | tuple[object, ...] | AbstractSet[object]", depth: int
    ) -> list[object]:
        copied: list[object] = []
        for item in value:
            copied.append(self.of(item, depth))
            if self._left < 0:
                break
        return copied


def _simple(value: float | str | None) -> float | str | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= _MOST_CHARACTERS else value[:_MOST_CHARACTERS] + "…"
    if isinstance(value, float):
        finite = value - value == 0  # neither infinite nor no number
        return value if finite else None
    return value if abs(value) < _SAFE_INTEGER else str(value)

"""Makes plain JSON of whatever a program hands over: it must never be the reason for a failure."""

import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from baton.masking import mask_json

__all__ = ["encode", "plain"]

_MOST_BYTES = 60_000  # the server takes 64 KiB of result and metadata together
_MOST_DEPTH = 12
_SAFE_INTEGER = 2**53  # beyond it other readers of JSON would round
_TEXTS = frozenset({"message", "error", "result", "results", "metadata", "data"})


def plain(value: Any) -> Any:
    """Return *value* as JSON can hold it, its secrets masked; what JSON lacks becomes text."""
    return mask_json(_plain(value, _MOST_DEPTH))


def encode(body: Mapping[str, Any]) -> bytes:
    """Write *body* as JSON; a result or metadata that the server would refuse is left out."""
    small = {
        name: plain(value) if name in _TEXTS else _plain(value, _MOST_DEPTH)
        for name, value in body.items()
        if value is not None
    }
    for name in ("result", "metadata", "data"):
        size = len(_write(small.get(name)))
        if size > _MOST_BYTES // 2:
            small[name] = {"left_out": f"{size} bytes are more than an event may hold"}
    return _write(small)


def _write(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")


def _plain(value: Any, depth: int) -> Any:
    try:
        return _copy(value, depth)
    except Exception:  # noqa: BLE001 - what the methods of a foreign object raise is anybody's guess
        return f"<{type(value).__name__}>"


def _copy(value: Any, depth: int) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int() | float():
            return _number(value)
        case _ if depth == 0:
            return "…"
        case Mapping():
            return {str(name): _plain(item, depth - 1) for name, item in value.items()}
        case list() | tuple() | AbstractSet():
            return [_plain(item, depth - 1) for item in value]
        case _:
            return str(value)


def _number(value: float) -> float | str | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if abs(value) < _SAFE_INTEGER else str(value)

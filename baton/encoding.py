"""Writes an event as JSON: its secrets masked, and small enough for the server to take."""

import json
from collections.abc import Mapping

from baton.masking import mask_json
from baton.plain import plain

__all__ = ["encode"]

_MOST_MEMBER = 30_000  # bytes; the server takes 64 KiB of result and metadata together
_MOST_EVENT = 200_000  # bytes, of 256 KiB
_MOST_MESSAGE = 10_000  # characters; the server keeps 3000 and says that it cut
_FREE = ("result", "results", "metadata", "data")
_IDENTITY = frozenset(
    {
        *("id", "process_id", "run_id", "workflow_id", "attempt", "attempt_key", "sequence"),
        *("status", "state", "kind", "type", "category", "occurred_at", "started_at", "parent"),
        *("trace_id", "span_id", "traceparent", "correlation_id", "causation_id"),
        *("subject", "keys", "channel", "thread_ts", "workflow"),
    }
)


def encode(body: Mapping[str, object]) -> bytes:
    """Write *body* as JSON; what the server would refuse for its size is left out.

    What identifies something is neither masked nor cut: it would name something else.
    """
    small = {
        name: plain(value) if name in _IDENTITY else mask_json(plain(value))
        for name, value in body.items()
        if value is not None
    }
    message = small.get("message")
    if isinstance(message, str) and len(message) > _MOST_MESSAGE:
        small["message"] = message[:_MOST_MESSAGE]
    for name in _FREE:
        if name in small:
            _leave_out(small, name, _MOST_MEMBER)
    raw = _write(small)
    if len(raw) <= _MOST_EVENT:
        return raw
    for name in small.keys() - _IDENTITY:
        _leave_out(small, name, _MOST_MEMBER // 8)
    return _write(small)


def _leave_out(body: dict[str, object], name: str, most: int) -> None:
    size = len(_write(body[name]))
    if size <= most:
        return
    told = f"{size} bytes are more than an event may hold"
    if name in _FREE:
        body[name] = {"left_out": told}
    else:
        del body[name]


def _write(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")

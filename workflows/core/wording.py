"""How the core's own sentences write values and lengths of time: as a definition does, never as Python."""

import json
from datetime import timedelta

from workflows.core.steps import Json

SHOWN = 80  # characters of a value
_WEEK = timedelta(weeks=1)
_UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)


def length(span: timedelta | None) -> str:
    """Return *span* as people type it: ``5m``, ``1h30m``, ``500ms``; None has no end."""
    if span is None:
        return "for ever"
    if span and not span % _WEEK:
        return f"{span // _WEEK}w"
    parts, rest = [], span
    for unit, one in _UNITS:
        count, rest = divmod(rest, one)
        if count:
            parts.append(f"{count}{unit}")
    if rest or not parts:
        parts.append(f"{rest / timedelta(milliseconds=1):g}ms" if rest else "0s")
    return "".join(parts)


def shown(value: Json) -> str:
    """Return *value* as JSON, or the beginning of what is long."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def kind_of(value: Json) -> str:
    """Name what *value* is."""
    for kinds, name in (
        (type(None), "null"), (bool, "a boolean"), (int | float, "a number"),
        (str, "text"), (list | tuple, "a list"),
    ):  # fmt: skip
        if isinstance(value, kinds):
            return name
    return "a map"

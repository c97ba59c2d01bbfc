"""The objects whose members are the producer's own: result, metadata, data, and labels."""

import json
import math
from collections.abc import Mapping
from typing import Any

from baton.masking import mask_json
from baton.reading.bodies import depth
from baton.reading.glance import DEEPEST, HEAVIEST, SAFE_INTEGER
from baton.reading.members import Findings, Members, typed
from baton.reading.text import UNSTORABLE, clean, first_problem_of_name

__all__ = ["read_free", "read_labels", "readable", "stored", "weight"]

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_MOST_BITS = 4096


def read_free(body: Members, names: tuple[str, ...]) -> dict[str, dict[str, Any] | None]:
    """Take the objects *names*; together they may have 64 KiB, each may be 16 levels deep."""
    if body.findings.glance.sound:
        return {name: _as_it_is(body, name) for name in names if body.has(name)}
    found: dict[str, dict[str, Any] | None] = {}
    total = 0
    for name in names:
        value = body.typed(name, dict)
        if value is not None and not readable(value, body.at(name), body.findings):
            value = None
        found[name] = None if value is None else mask_json(stored(value))
        total += weight(found[name])
        if total > HEAVIEST:
            body.findings.problem(body.at(name), f"{' and '.join(names)} exceed 64 KiB together")
            break
    return {name: found.get(name) for name in names}


def _as_it_is(body: Members, name: str) -> Any:
    value = body.typed(name, dict)
    return value if body.findings.glance.harmless else mask_json(value)


def readable(value: object, pointer: str, findings: Findings) -> bool:
    """Note a problem unless *value* is JSON that may be stored."""
    if depth(value) > DEEPEST:
        findings.problem(pointer, f"is nested deeper than {DEEPEST} levels")
        return False
    try:
        if weight(value) > HEAVIEST:  # before anything slower looks at it
            findings.problem(pointer, "exceeds 64 KiB")
            return False
        stored(value)
    except (TypeError, ValueError):
        findings.problem(pointer, "holds a value that JSON does not have")
        return False
    return True


def weight(value: object) -> int:
    """Return how many bytes *value* has as compact JSON; nothing weighs 0."""
    if value is None:
        return 0
    text = _COMPACT.encode(value)
    return len(text.encode("utf-8", "surrogatepass"))


def stored(value: Any) -> Any:
    """Return *value* as every store and reader of JSON can hold it.

    Raises:
        TypeError: it holds something that JSON does not have.
    """
    match value:
        case str():
            return UNSTORABLE.sub("", value)
        case None | bool():
            return value
        case int() if (
            value.bit_length() <= _MOST_BITS
        ):  # beyond 2**53 other readers of JSON would round it
            return value if -SAFE_INTEGER < value < SAFE_INTEGER else str(value)
        case float() if math.isfinite(value):
            return value
        case dict() | Mapping():
            return {UNSTORABLE.sub("", name): stored(item) for name, item in value.items()}
        case list():
            return [stored(item) for item in value]
        case _:
            raise TypeError


def read_labels(body: Members) -> dict[str, str]:
    """Take up to 32 labels. They route and filter, so none is cut."""
    values = body.typed("labels", dict) or {}
    if len(values) > 32:
        body.findings.problem(
            body.at("labels"), f"has {len(values)} labels; at most 32 are allowed"
        )
        return {}
    labels = {}
    for name, value in values.items():
        if type(value) is str and len(value) <= 200 and first_problem_of_name(name, 63) is None:
            labels[name] = clean(value, lines=False)
            continue
        pointer = f"{body.at('labels')}/{clean(name, lines=False)[:63]}"
        wrong = first_problem_of_name(name, 63)
        if wrong:
            body.findings.problem(pointer, f"its name {wrong}")
        elif typed(value, str, pointer, body.findings) is not None:
            labels[name] = _value(value, pointer, body.findings)
    if body.findings.glance.harmless and labels == values:
        return labels
    masked: dict[str, str] = mask_json(labels)
    return masked


def _value(value: str, pointer: str, findings: Findings) -> str:
    if len(value) > 200:
        findings.problem(pointer, f"has {len(value)} characters; at most 200 are allowed")
    return clean(value, lines=False)

"""From the bytes of a body to plain values: strict JSON, and the forms that curl sends."""

import json
import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from baton.errors import MalformedBody

__all__ = ["depth", "parse_form", "parse_json"]

_BOM = b"\xef\xbb\xbf"
_MOST_FIELDS = 1000
_LISTS = frozenset({"next_steps", "keys"})
_OBJECTS = frozenset(
    [
        "actor",
        "approval",
        "data",
        "error",
        "labels",
        "metadata",
        "parent",
        "progress",
        "result",
        "results",
        "subject",
    ]
)
_NUMBERS = frozenset(
    [
        "attempt",
        "lease_s",
        "parent.attempt",
        "subject.pr",
        "progress.current",
        "progress.total",
        "progress.fraction",
        "progress.progress",
    ]
)
_NUMBER = re.compile(r"\d{1,15}(?:(\.\d{1,15}))?", re.ASCII)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_FLAG_FIELDS = frozenset({"heartbeat", "correction"})


def parse_json(raw: bytes, max_depth: int) -> Any:
    """Read strict JSON, in which no object names a member twice.

    Args:
        raw: UTF-8, with or without a byte order mark.
        max_depth: how deep objects and lists may be nested; a plain object has depth 1.

    Raises:
        MalformedBody: *raw* is not that; the sentence says where.
    """
    try:
        text = raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8 (at byte {error.start})") from None
    try:
        value = _strict().decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise MalformedBody(f"the body is not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise MalformedBody(_too_deep(max_depth)) from None
    except ValueError:  # a number of more digits than Python converts
        raise MalformedBody("the body holds a number that is too long") from None
    if text.count("{") + text.count("[") > max_depth and depth(value) > max_depth:
        raise MalformedBody(_too_deep(max_depth))
    _refuse_half_pairs(text, value)
    return value


@cache
def _strict() -> json.JSONDecoder:
    """Make the decoder once: that takes longer than to read a small body."""
    return json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse, parse_float=_finite)


def depth(value: object) -> int:
    """Count how deep lists and objects are nested in *value*; 0 for a plain value."""
    level, here = 0, [value]
    while here:
        inside: list[object] = []
        found = False
        for item in here:
            if isinstance(item, dict):
                found = True
                inside.extend(item.values())
            elif isinstance(item, list):
                found = True
                inside.extend(item)
        level += found
        here = inside
    return level


def parse_form(raw: bytes) -> dict[str, Any]:
    """Read an urlencoded form as an event: ``labels.team=web`` makes an object of one member.

    Only the first dot divides, so ``metadata.cicd.pipeline.name`` is one member of ``metadata``.
    Fields whose type is a number or a flag are converted where they can be; others stay text.

    Raises:
        MalformedBody: not UTF-8, a field given twice (but for lists), or too many fields.
    """
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except UnicodeDecodeError:
        raise MalformedBody("the form is not UTF-8") from None
    except ValueError:
        raise MalformedBody(f"the form has more than {_MOST_FIELDS} fields") from None
    body: dict[str, Any] = {}
    for key, text in pairs:
        _place(body, key, text)
    return body


def _place(body: dict[str, Any], key: str, text: str) -> None:
    name, dot, member = key.partition(".")
    if key in _LISTS:
        body.setdefault(key, []).append(text)
        return
    target = body
    if dot and member and name in _OBJECTS:
        target = body.setdefault(name, {})
    else:
        member = key
    if not isinstance(target, dict) or member in target:
        raise MalformedBody(f"the form gives {key[:100]!r} twice")
    target[member] = _typed(key, text)


def _typed(key: str, text: str) -> Any:
    if key in _NUMBERS and (number := _NUMBER.fullmatch(text)):
        return float(text) if number[1] else int(text)
    if key in _FLAG_FIELDS:
        return _FLAGS.get(text.lower(), text)
    return text


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = _twice(name for name, _ in pairs)
        raise MalformedBody(f"the body gives the member {twice[:100]!r} twice")
    return members


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _refuse(word: str) -> Any:
    raise MalformedBody(f"the body holds {word}, which is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise MalformedBody(f"the number {text[:40]} is too large")
    return number


def _too_deep(max_depth: int) -> str:
    return f"the body is nested deeper than {max_depth} levels"


def _refuse_half_pairs(text: str, value: object) -> None:
    if "\\u" not in text:  # only an escape can hide half of a surrogate pair
        return
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedBody("the body holds half of a surrogate pair") from None

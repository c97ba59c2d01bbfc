"""What people type after a verb, read as values."""

import sys
from argparse import ArgumentTypeError

from baton.commands.talk import USAGE, Stop

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import, as what the functions below load themselves
    from typing import Any

__all__ = ["count", "duration", "from_file", "json_object", "pairs", "values"]

_PART = r"(\d+(?:\.\d+)?)\s*([smhd]?)"
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration(text: str) -> float:
    """Read seconds: ``90``, ``30m``, ``1h30m``.

    Raises:
        ArgumentTypeError: it is no length of time above 0.
    """
    import re  # noqa: PLC0415

    parts = re.findall(_PART, text)
    whole = "".join(number + unit for number, unit in parts) == "".join(text.split())
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not whole or not 0 < seconds <= 366 * 86_400:
        raise ArgumentTypeError(
            f"{text[:40]!r} is no length of time; write it as 90s, 30m or 1h30m"
        )
    return seconds


def count(text: str) -> int:
    """Read a number of things, from 0 to 9999.

    Raises:
        ArgumentTypeError: it is none.
    """
    if text.isascii() and text.isdigit() and len(text) <= 4:
        return int(text)
    raise ArgumentTypeError("a whole number from 0 to 9999")


def pairs(texts: list[str], option: str) -> dict[str, str]:
    """Read ``k=v`` texts.

    Raises:
        Stop: one of them has no name or no ``=``.
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Stop(USAGE, f"{option} takes NAME=VALUE, not {text[:100]!r}")
        found[name] = value
    return found


def values(texts: list[str], option: str) -> "dict[str, Any]":
    """Read ``k=v`` texts, whose values are JSON where they can be, and text where not."""
    return {name: _value(text) for name, text in pairs(texts, option).items()}


def _value(text: str) -> object:
    import json  # noqa: PLC0415

    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text


def from_file(text: str, option: str) -> str:
    """Return *text*, or what is in the file of ``@FILE``; ``@-`` is stdin.

    Raises:
        Stop: the file cannot be read.
    """
    try:
        if text == "@-":
            return sys.stdin.read()
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes 10 ms
                return file.read()
    except (OSError, ValueError) as error:
        raise Stop(USAGE, f"{option} cannot be read: {error}") from None
    return text


def json_object(text: str | None, option: str) -> "dict[str, Any]":
    """Read JSON, or ``@FILE`` with JSON; nothing is an empty object.

    Raises:
        Stop: it is no JSON object.
    """
    if text is None:
        return {}
    import json  # noqa: PLC0415

    try:
        value = json.loads(from_file(text, option))
    except (ValueError, RecursionError) as error:
        raise Stop(USAGE, f"{option} cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise Stop(USAGE, f"{option} takes a JSON object, as '{{\"name\": 1}}'")
    return value

"""JSON as it travels: what names it, how it is read safely and how it is written."""

import json
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

DEEPEST = 64


class Unreadable(ValueError):
    """The text is not JSON that this server is willing to hold."""


def parse(text: str | bytes) -> Any:
    """Read JSON, and refuse what would break us later: bad syntax, deep nesting, huge numbers.

    Raises:
        Unreadable: says what is wrong.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    return clean(value)


def clean(value: Any, depth: int = 0) -> Any:
    """Copy *value* with lone surrogates replaced, since they cannot be written as UTF-8."""
    if depth > DEEPEST:
        raise Unreadable(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, float) and not -1e308 < value < 1e308:
        raise Unreadable("a number is out of range")
    return value


def clean_text(text: str) -> str:
    """Replace lone surrogates."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def dump(value: Any) -> str:
    """Write compact JSON, with text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

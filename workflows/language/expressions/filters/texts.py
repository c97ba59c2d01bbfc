"""Filters on text."""

import re
from typing import Any, Final

from workflows.language.expressions.errors import ExpressionFailed
from workflows.language.expressions.limits import Budget, check_count, check_length, check_text
from workflows.language.expressions.values import kind_of, text_of, want_text

__all__ = [
    "endswith",
    "lower",
    "replace",
    "split",
    "startswith",
    "string",
    "title",
    "trim",
    "upper",
]

WORDS: Final = re.compile(r"([-\s({\[<]+)")


def _paid(value: Any, budget: Budget) -> str:
    text = want_text(value, "this")
    budget.charge_text(len(text))
    return text


def upper(value: Any, budget: Budget) -> str:
    """Write a text in capitals."""
    return check_text(_paid(value, budget).upper())


def lower(value: Any, budget: Budget) -> str:
    """Write a text in small letters."""
    return check_text(_paid(value, budget).lower())


def title(value: Any, budget: Budget) -> str:
    """Begin every word with a capital; words end at spaces, hyphens and opening brackets."""
    words = WORDS.split(_paid(value, budget))
    budget.charge_items(len(words))
    return check_text("".join(word[:1].upper() + word[1:].lower() for word in words))


def trim(value: Any, budget: Budget, *, chars: Any = None) -> str:
    """Take white space, or *chars*, off both ends."""
    text = _paid(value, budget)
    return text.strip() if chars is None else text.strip(want_text(chars, "`chars`"))


def replace(value: Any, budget: Budget, *, old: Any, new: Any, count: Any = None) -> str:
    """Replace *old* by *new*, at most *count* times."""
    text, old, new = _paid(value, budget), want_text(old, "`old`"), want_text(new, "`new`")
    if not old:
        raise ExpressionFailed("`old` is empty, and that is everywhere")
    if count is not None and type(count) is not int:
        raise ExpressionFailed(f"`count` must be a number, not {kind_of(count)}")
    found = text.count(old)
    times = found if count is None else min(max(count, 0), found)
    check_length(len(text) + times * (len(new) - len(old)))
    return check_text(text.replace(old, new, times))


def split(value: Any, budget: Budget, *, separator: Any = None, maxsplit: Any = -1) -> list[str]:
    """Cut at *separator*, or at white space."""
    text = _paid(value, budget)
    if type(maxsplit) is not int:
        raise ExpressionFailed(f"`maxsplit` must be a number, not {kind_of(maxsplit)}")
    if separator is None:
        parts = text.split(None, maxsplit)
    else:
        if not want_text(separator, "`separator`"):
            raise ExpressionFailed("`separator` is empty")
        parts = text.split(separator, maxsplit)
    check_count(len(parts))
    budget.charge_items(len(parts))
    return parts


def startswith(value: Any, budget: Budget, *, prefix: Any) -> bool:
    """Say whether a text begins with *prefix*."""
    return _paid(value, budget).startswith(want_text(prefix, "`prefix`"))


def endswith(value: Any, budget: Budget, *, suffix: Any) -> bool:
    """Say whether a text ends with *suffix*."""
    return _paid(value, budget).endswith(want_text(suffix, "`suffix`"))


def string(value: Any, budget: Budget) -> Any:
    """Make it text: text as it is, all else as compact JSON."""
    return text_of(value, budget)

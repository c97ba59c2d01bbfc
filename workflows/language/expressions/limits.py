"""What one expression may cost and make, and the counter that holds it to that.

An expression has no loops, so its nodes run once each and are paid for when it begins. Only what
walks over data (filters, comparison of lists, joining of text) is charged while it runs.
"""

from typing import Any

from workflows.language.expressions.errors import LimitExceeded

__all__ = [
    "DEPTH",
    "ITEMS",
    "LEVELS",
    "OPERATIONS",
    "SOURCE",
    "TEXT",
    "Budget",
    "check_count",
    "check_length",
    "check_text",
    "too_long",
    "weigh",
]

SOURCE = 4 * 1024
"""Bytes of source an expression."""
DEPTH = 50
"""Levels an expression may nest."""
OPERATIONS = 10_000
"""Steps of work an expression, or all expressions of one template together, may take."""
TEXT = 256 * 1024
"""Bytes of one text."""
ITEMS = 100_000
"""Items of one list, and of everything inside a value that an expression makes."""
WHOLE = 8 * 1024 * 1024
"""Characters of all texts inside a value that an expression makes."""
LEVELS = 100
"""Levels a value that an expression makes may nest."""
ITEMS_A_STEP = 25
CHARACTERS_A_STEP = 1024


class Budget:
    """Counts down the operations that are left."""

    __slots__ = ("left",)

    def __init__(self, spent: int = 0) -> None:
        self.left = OPERATIONS - spent

    def charge(self, steps: int = 1) -> None:
        """Take *steps* off.

        Raises:
            LimitExceeded: there are not so many left.
        """
        self.left -= steps
        if self.left < 0:
            raise LimitExceeded(
                f"this takes more than {OPERATIONS:,} operations",
                hint="Do the work in an action, or on less data.",
            )

    def charge_items(self, count: int) -> None:
        """Pay for a walk over *count* items."""
        self.charge(1 + count // ITEMS_A_STEP)

    def charge_text(self, length: int) -> None:
        """Pay for a walk over *length* characters."""
        self.charge(1 + length // CHARACTERS_A_STEP)


def check_text(text: str) -> str:
    """Return *text* unless it is longer than an expression may make.

    Raises:
        LimitExceeded: it has more than 256 KiB in UTF-8.
    """
    length = len(text)
    if length * 4 <= TEXT:
        return text
    if length > TEXT or (not text.isascii() and len(text.encode("utf-8", "replace")) > TEXT):
        raise too_long()
    return text


def check_length(length: int) -> None:
    """Refuse a text of *length* characters before it is made."""
    if length > TEXT:
        raise too_long()


def check_count(count: int) -> None:
    """Refuse a list of *count* items before it is made."""
    if count > ITEMS:
        raise LimitExceeded(
            f"this makes a list of more than {ITEMS:,} items", hint="Work on fewer items."
        )


def too_long() -> LimitExceeded:
    return LimitExceeded(
        f"this makes a text of more than {TEXT // 1024} KiB",
        hint="Write it to a file and pass its path.",
    )


def weigh(value: Any, budget: Budget, *, most: int = WHOLE) -> None:
    """Refuse a value that is too large when written out; *most* characters of text are allowed.

    Parts that are shared count every time: ``[x, x]`` costs nothing to make and twice as much to
    write, and a few of these on top of each other would fill any disk.

    Raises:
        LimitExceeded: more than 100,000 items, 8 MiB of text or 100 levels in all.
    """
    level, items, text, depth = [value], 0, 0, 0
    while level:
        depth += 1
        below: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is str:
                text += len(each)
            elif kind is list or kind is dict:
                items += len(each)
                check_count(items)
                below.extend(each if kind is list else each.values())
                text += 0 if kind is list else sum(map(len, each))
        _check_weight(text, depth, most)
        level = below
    budget.charge_items(items)
    budget.charge_text(text)


def _check_weight(text: int, depth: int, most: int) -> None:
    if text > most:
        raise LimitExceeded(f"this makes a value with more than {most // 1024:,} KiB of text")
    if depth > LEVELS:
        raise LimitExceeded(f"this makes a value that nests more than {LEVELS} levels")

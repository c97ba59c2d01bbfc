"""Points in time as files write them: RFC 3339 with an offset."""

import re
from datetime import datetime
from typing import Final

__all__ = ["InvalidTime", "parse_time"]

FORM: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class InvalidTime(ValueError):
    """A text that is no time, or has no offset; *hint* says what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}. {hint}")
        self.message = message
        self.hint = hint


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time.

    Raises:
        InvalidTime: with a sentence that says what to write.
    """
    if FORM.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper().replace(" ", "T"))
        except ValueError:
            pass
    raise InvalidTime(
        f"{text[:60]!r} is no time with an offset",
        "Write `2026-03-02T09:00:00+01:00`, or `…Z` for UTC.",
    )

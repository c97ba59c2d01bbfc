"""Lengths of time as people write them: ``500ms``, ``1h30m``, or ISO 8601 as ``PT5M``."""

import re
from datetime import timedelta
from typing import Final

__all__ = ["LONGEST", "InvalidDuration", "parse_duration"]

LONGEST: Final = timedelta(days=3653)
"""Ten years."""

UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
PART: Final = re.compile(r"([0-9]{1,12})(ms|[wdhms])")
WRITTEN: Final = re.compile(r"(?:[0-9]{1,12}(?:ms|[wdhms]))+")
ISO: Final = re.compile(
    r"P(?:(?P<w>[0-9]{1,12})W)?(?:(?P<d>[0-9]{1,12})D)?"
    r"(?:T(?:(?P<h>[0-9]{1,12})H)?(?:(?P<m>[0-9]{1,12})M)?(?:(?P<s>[0-9]{1,12}(?:\.[0-9]{1,6})?)S)?)?"
)
HINT = "Durations read `500ms`, `10s`, `5m`, `2h`, `1d`, `1w`, `1h30m` or `PT5M`."


class InvalidDuration(ValueError):
    """A text that is no duration, or one out of range; *hint* says what to write."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message}. {hint}" if hint else message)
        self.message = message
        self.hint = hint


def parse_duration(text: str, *, zero: bool = False) -> timedelta:
    """Read a duration; 0 is one only where *zero* is true.

    Raises:
        InvalidDuration: with a sentence that says why and what to write.
    """
    length = _iso(text) if text.startswith("P") else _short(text)
    if length > LONGEST:
        raise InvalidDuration(f"{text!r} is longer than ten years", "Ten years are `520w`.")
    if not length and not zero:
        raise InvalidDuration(f"{text!r} is no time at all", "It must be longer than 0.")
    return length


def _short(text: str) -> timedelta:
    if not WRITTEN.fullmatch(text):
        raise _unreadable(text)
    parts = [(unit, int(number)) for number, unit in PART.findall(text)]
    order = [list(UNITS).index(unit) for unit, _ in parts]
    if order != sorted(set(order)):
        raise InvalidDuration(f"{text!r} must name each unit once, the longest first")
    return _sum(parts, text)


def _iso(text: str) -> timedelta:
    match = ISO.fullmatch(text)
    if match is None or text.endswith("T") or not any(match.groups()):
        raise _unreadable(text)
    return _sum([(unit, float(value)) for unit, value in match.groupdict().items() if value], text)


def _sum(parts: list[tuple[str, int]] | list[tuple[str, float]], text: str) -> timedelta:
    try:
        return sum((UNITS[unit] * number for unit, number in parts), timedelta())
    except OverflowError:
        raise InvalidDuration(
            f"{text!r} is longer than ten years", "Ten years are `520w`."
        ) from None


def _unreadable(text: str) -> InvalidDuration:
    shown = repr(text[:40])
    if re.fullmatch(r"[0-9.]+", text):
        hint = f"Write `{text[:20]}s` for seconds, or `{text[:20]}m` for minutes."
        return InvalidDuration(f"{shown} has no unit", hint)
    if re.fullmatch(r"P[0-9Y]*([0-9]+M.*|[0-9]+Y.*)", text) or re.search(r"[0-9]\s*(mo|y)", text):
        return InvalidDuration(f"{shown} counts in months or years, whose lengths differ", HINT)
    return InvalidDuration(f"{shown} is no duration", HINT)

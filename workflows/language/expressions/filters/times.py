"""Filters on points and lengths of time. None of them asks what time it is."""

from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.expressions.errors import ExpressionFailed
from workflows.language.expressions.limits import Budget
from workflows.language.expressions.values import is_number, kind_of, want_text

__all__ = ["date", "duration"]

DIRECTIVES: Final = frozenset("aAbBdHIjmMpSyYzZfFTDuwUWVGe")
LONGEST_FORMAT = 200


def date(value: Any, budget: Budget, *, format: Any = "%Y-%m-%d", zone: Any = "UTC") -> str:  # noqa: A002  its name in the language
    """Write a time, RFC 3339 or seconds since 1970, by the directives of strftime.

    The directives are looked at one by one, since a C library takes widths with them
    (``%999999999d``) that would fill the memory.
    """
    pattern = want_text(format, "`format`")
    if len(pattern) > LONGEST_FORMAT:
        raise ExpressionFailed(f"`format` is longer than {LONGEST_FORMAT} characters")
    budget.charge(10)
    try:
        moment = _moment(value).astimezone(_zone(want_text(zone, "`zone`")))
        return _written(moment, pattern)
    except (OverflowError, OSError):
        raise ExpressionFailed("this time is out of range") from None


def _moment(value: Any) -> datetime:
    if is_number(value):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError):
            raise ExpressionFailed("this time is out of range") from None
    if not isinstance(value, str):
        raise ExpressionFailed(f"{kind_of(value)} is no time")
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise ExpressionFailed(
            f"{value[:40]!r} is no time", hint="A time reads `2026-03-02T10:15:04Z`."
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        raise ExpressionFailed(
            f"there is no time zone {name[:60]!r}", hint="Zones are named as `Europe/Berlin`."
        ) from None


def _written(moment: datetime, pattern: str) -> str:
    head, *pieces = pattern.split("%")
    written = [head]
    pieces_left = iter(pieces)
    for piece in pieces_left:
        if not piece:  # two in a row: the sign itself, and what follows is plain
            written.append("%" + next(pieces_left, ""))
        elif piece[0] in DIRECTIVES:
            written.append(moment.strftime("%" + piece[0]) + piece[1:])
        else:
            raise ExpressionFailed(f"`%{piece[0]}` is no directive of `date`")
    return "".join(written)


def duration(value: Any, _budget: Budget) -> int | float:
    """Turn a duration, as ``1h30m``, into seconds."""
    try:
        seconds = parse_duration(want_text(value, "this"), zero=True).total_seconds()
    except InvalidDuration as error:
        raise ExpressionFailed(error.message, hint=error.hint) from None
    return int(seconds) if seconds.is_integer() else seconds

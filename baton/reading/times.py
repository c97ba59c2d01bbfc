"""Points in time, in every form in which tools write them."""

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["read_time"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 10**11  # in seconds that would be the year 5138
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,9})?", re.ASCII)
_STAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r" ?(?:(Z|z|UTC)|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)


def read_time(value: object) -> tuple[datetime | None, bool]:
    """Return the time in UTC, to the microsecond, and whether it named its zone.

    Accepted are RFC 3339, the two spaced forms ``2016-08-12 15:23:28 UTC`` and ``… +0200``, and
    seconds or milliseconds since 1970 as a number or as digits. The year 1 stands for no time.

    Raises:
        ValueError: *value* is not a time in any of these forms.
    """
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text):
            return _since_1970(float(text) if "." in text else int(text)), True
        return _stamp(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_1970(value), True
    raise ValueError("is not a time")


def _since_1970(number: float) -> datetime:
    unit = timedelta(milliseconds=1) if number >= _MILLISECONDS_FROM else timedelta(seconds=1)
    try:
        if isinstance(number, int):  # a float would lose the last digits of milliseconds
            return _EPOCH + number * unit
        return _EPOCH + timedelta(microseconds=round(number * (unit / timedelta(microseconds=1))))
    except (OverflowError, ValueError):
        raise ValueError("is not a time between the years 1 and 9999") from None


def _stamp(text: str) -> tuple[datetime | None, bool]:
    found = _STAMP.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:100]!r} is not a time; write it as 2026-03-02T10:15:04Z")
    if found[1] == "0001":
        return None, True
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    micro = int((found[7] or "0").ljust(6, "0")[:6])
    leap = second == 60  # a leap second is the first instant of the next minute
    try:
        local = datetime(
            year, month, day, hour, minute, 59 if leap else second, micro, tzinfo=_zone(found)
        )
        moment = (local + timedelta(seconds=1) if leap else local).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError(f"{text[:100]!r} is not a time that exists") from None
    return moment, bool(found[8] or found[9])


def _zone(found: re.Match[str]) -> timezone:
    if not found[9]:
        return UTC
    if int(found[11]) > 59:
        raise ValueError("an hour has sixty minutes")
    offset = timedelta(hours=int(found[10]), minutes=int(found[11]))
    return timezone(-offset if found[9] == "-" else offset)

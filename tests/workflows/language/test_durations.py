"""Durations and times as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.language.durations import LONGEST, InvalidDuration, parse_duration
from workflows.language.times import InvalidTime, parse_time


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("10s", timedelta(seconds=10)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("1w", timedelta(weeks=1)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        (
            "1w2d3h4m5s6ms",
            timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5, milliseconds=6),
        ),
        ("PT5M", timedelta(minutes=5)),
        ("P1DT2H", timedelta(days=1, hours=2)),
        ("P2W", timedelta(weeks=2)),
        ("PT0.5S", timedelta(milliseconds=500)),
        ("3653d", LONGEST),
    ],
)
def test_a_duration_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10", "has no unit. Write `10s`"),
        ("1.5", "has no unit"),
        ("1.5h", "is no duration"),
        ("-5m", "is no duration"),
        ("", "is no duration"),
        ("5 m", "is no duration"),
        ("5M", "is no duration"),
        ("1m1h", "the longest first"),
        ("1h1h", "once"),
        ("P1M", "months or years"),
        ("P1Y", "months or years"),
        ("3 months", "months or years"),
        ("1y", "months or years"),
        ("P", "is no duration"),
        ("PT", "is no duration"),
        ("P1DT", "is no duration"),
        ("pt5m", "is no duration"),
        ("0s", "longer than 0"),
        ("PT0S", "longer than 0"),
        ("3654d", "ten years"),
        ("999999999999w", "ten years"),
        ("٣s", "is no duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_mend(text: str, message: str) -> None:
    with pytest.raises(InvalidDuration, match=message):
        parse_duration(text)


def test_zero_is_a_duration_only_where_it_makes_sense() -> None:
    assert parse_duration("0s", zero=True) == timedelta()


def test_a_time_needs_an_offset() -> None:
    assert parse_time("2026-03-02T09:00:00Z") == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert parse_time("2026-03-02T10:00:00.5+01:00") == datetime(2026, 3, 2, 9, 0, 0, 500_000, UTC)
    for wrong in ("2026-03-02T09:00:00", "2026-03-02", "tomorrow", "2026-13-02T09:00:00Z", ""):
        with pytest.raises(InvalidTime, match="no time with an offset"):
            parse_time(wrong)

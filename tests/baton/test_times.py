"""Points in time, in every form in which tools write them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from baton.reading.times import read_time


@pytest.mark.parametrize(
    "given",
    [
        "2016-08-12T15:23:28Z", "2016-08-12t15:23:28z", "2016-08-12T17:23:28+02:00",
        "2016-08-12 15:23:28 UTC", "2016-08-12 17:23:28 +0200", "2016-08-12T15:23:28-00:00",
        "2016-08-12T15:23:28.0000009Z", 1471015408, 1471015408.0, "1471015408", 1471015408000, "1471015408000",
    ],
)  # fmt: skip
def test_a_moment_has_many_spellings(given: Any) -> None:
    assert read_time(given) == (datetime(2016, 8, 12, 15, 23, 28, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("given", "micro"),
    [("2016-08-12T15:23:28.5Z", 500_000), ("2016-08-12T15:23:28.123456789Z", 123_456), (1471015408.25, 250_000),
     (1471015408250, 250_000), ("1471015408.25", 250_000)],
)  # fmt: skip
def test_parts_of_a_second_are_kept_to_the_microsecond(given: Any, micro: int) -> None:
    moment, _ = read_time(given)
    assert moment is not None
    assert moment.microsecond == micro


def test_a_leap_second_is_the_first_of_the_next_minute() -> None:
    assert read_time("2016-12-31T23:59:60Z")[0] == datetime(2017, 1, 1, tzinfo=UTC)


def test_a_time_without_a_zone_says_so() -> None:
    assert read_time("2016-08-12T15:23:28") == (
        datetime(2016, 8, 12, 15, 23, 28, tzinfo=UTC),
        False,
    )


def test_the_year_one_is_no_time() -> None:
    assert read_time("0001-01-01T00:00:00Z") == (None, True)


@pytest.mark.parametrize(
    "given",
    [
        "", "now", "2016-08-12", "2016-13-01T00:00:00Z", "2016-02-30T00:00:00Z", "2016-08-12T25:00:00Z",
        "2016-08-12T15:23:28+25:00", "2016-08-12T15:23:28+01:99", "9999-12-31T23:59:59-01:00", True, None,
        [], {}, 10**30, -1e300, float("nan"), float("inf"), "1" * 19, "٣", "2016-08-12T15:23:28Z\n2",
    ],
)  # fmt: skip
def test_anything_else_is_no_time(given: Any) -> None:
    with pytest.raises(ValueError, match="time"):
        read_time(given)

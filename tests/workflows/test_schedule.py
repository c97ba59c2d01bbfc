"""Schedules: when one is due, on whose clock, and what cannot be one."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

import pytest

from workflows.schedule import InvalidSchedule, check_zone, explain, next_slot, slots


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "due"),
    [
        ("0 9 * * *", "UTC", "2026-03-02T08:00", "2026-03-02T09:00"),
        ("0 9 * * *", "UTC", "2026-03-02T09:00", "2026-03-03T09:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-03-02T08:30", "2026-03-03T08:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-07-01T05:00", "2026-07-01T07:00"),
        ("0 9 * * 0", "UTC", "2026-03-02T00:00", "2026-03-08T09:00"),  # a Sunday
        ("0 0 13 * 5", "UTC", "2026-03-01T00:00", "2026-03-06T00:00"),  # either day
        ("@daily", "UTC", "2026-03-02T00:00", "2026-03-03T00:00"),
        ("@midnight", "UTC", "2026-03-02T00:00", "2026-03-03T00:00"),
        ("@hourly", "UTC", "2026-03-02T00:10", "2026-03-02T01:00"),
        ("@weekly", "UTC", "2026-03-02T00:00", "2026-03-08T00:00"),
        ("@monthly", "UTC", "2026-03-02T00:00", "2026-04-01T00:00"),
        ("@yearly", "UTC", "2026-03-02T00:00", "2027-01-01T00:00"),
        (" @Annually ", "UTC", "2026-03-02T00:00", "2027-01-01T00:00"),
        ("0 0 29 2 *", "UTC", "2026-03-02T00:00", "2028-02-29T00:00"),
    ],
)
def test_the_next_slot_is_found(expression: str, zone: str, after: str, due: str) -> None:
    found = next_slot(expression, zone, after=at(after))

    assert found == at(due)
    assert found.utcoffset() == timedelta(0)


def test_a_time_with_another_offset_is_the_same_time() -> None:
    there = datetime(2026, 3, 2, 23, 30, tzinfo=timezone(timedelta(hours=14)))

    assert next_slot("0 * * * *", "UTC", after=there) == at("2026-03-02T10:00")


def test_a_local_time_that_does_not_exist_gives_one_slot() -> None:
    found = islice(slots("30 2 * * *", "Europe/Berlin", after=at("2026-03-28T12:00")), 3)

    assert list(found) == [at("2026-03-29T01:00"), at("2026-03-30T00:30"), at("2026-03-31T00:30")]


def test_a_local_time_that_comes_twice_gives_one_slot() -> None:
    found = islice(slots("30 2 * * *", "Europe/Berlin", after=at("2026-10-24T12:00")), 2)
    assert list(found) == [at("2026-10-25T00:30"), at("2026-10-26T01:30")]

    for after in ("2026-10-25T00:30", "2026-10-25T00:40", "2026-10-25T01:10", "2026-10-25T01:30"):
        assert next_slot("30 2 * * *", "Europe/Berlin", after=at(after)) == at("2026-10-26T01:30")


def test_slots_rise_and_none_lies_before_the_start() -> None:
    after = at("2026-10-25T01:10")
    found = list(islice(slots("*/20 * * * *", "Europe/Berlin", after=after), 50))

    assert found == sorted(set(found))
    assert found[0] > after


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "'' is no schedule"),
        ("* * * *", "'* * * *' is no schedule"),
        ("* * * * * *", "'* * * * * *' is no schedule"),
        ("x * * * *", "'x * * * *' is no schedule: bad minute"),
        ("0 24 * * *", "'0 24 * * *' is no schedule: bad hour"),
        ("0 0 31 4 *", "'0 0 31 4 *' is no schedule: bad day-of-month"),
        ("*/0 * * * *", "'*/0 * * * *' is no schedule: bad minute"),
        ("@reboot", "there is no form '@reboot'"),
        ("@", "there is no form '@'"),
        ("0 " * 200, "'0 0 0 0"),
    ],
)
def test_what_is_no_schedule_is_refused(expression: str, message: str) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        next_slot(expression, "UTC", after=at("2026-03-02T00:00"))

    assert refused.value.message.startswith(message)
    assert refused.value.hint


def test_what_never_comes_is_refused() -> None:
    with pytest.raises(InvalidSchedule, match="is never due"):
        next_slot("0 0 */31 * 1#5", "UTC", after=at("2026-03-02T00:00"))


@pytest.mark.parametrize("zone", ["Mars", "", "../etc", "/etc/localtime", "Europe", "x" * 500])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(InvalidSchedule, match="there is no time zone"):
        check_zone(zone)
    with pytest.raises(InvalidSchedule):
        next_slot("@daily", zone, after=at("2026-03-02T00:00"))


def test_a_schedule_is_said_in_words() -> None:
    assert explain("0 9 * * 1-5") == "At 09:00 on Monday through Friday"
    assert explain("@hourly") == explain("0 * * * *")
    with pytest.raises(InvalidSchedule):
        explain("x")

"""The wall clock of the real server jumps, and every time that was set comes once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from coordination.database import Row
from coordination.schedules import Schedule
from tests.prove.clock.checks import CHECKS
from tests.prove.clock.life import CHANGES, Life
from tests.prove.clock.running import Past, lived
from workflows.schedule import next_slot


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, counts: Counter[str]) -> Past:
    folder = tmp_path_factory.mktemp("clock") / "life"
    found = asyncio.run(lived(folder, 0, "Europe/Berlin spring", jumps=2, resting=False))
    counts.update({"lives": 1, **found.life.reached})
    return found


def test_times_come_once_however_the_wall_clock_jumps(past: Past) -> None:
    assert past.wrong == []
    for what in ("timer: timer", "jumps ahead", "jumps back", "suspensions"):
        assert past.life.reached[what] > 0
    for rule in ("all", "latest", "none"):
        assert past.life.reached[f"slots fired with catch_up {rule}"] > 0


def also(row: Row, **values: Any) -> Row:
    return Row.of({**row.as_dict(), **values})


def slot_again(rows: dict[str, list[Row]]) -> None:
    (first, *_) = [run for run in rows["runs"] if run.trigger["kind"] == "schedule"]
    rows["runs"].append(also(first, key=9999))


def told_again(rows: dict[str, list[Row]]) -> None:
    (first, *_) = [row for row in rows["wakeups"] if row.kind == "timer"]
    rows["wakeups"].append(also(first, key=9999))


TAMPERED: Mapping[str, Callable[[Life, dict[str, list[Row]]], Any]] = {
    "no_probe_is_lost_or_doubled": lambda life, rows: rows["runs"].clear(),
    "each_time_comes_once_and_not_too_soon": lambda life, rows: told_again(rows),
    "each_question_is_decided_once": lambda life, rows: rows["audit"].clear(),
    "each_slot_fires_as_its_rule_says": lambda life, rows: slot_again(rows),
    "nothing_is_left": lambda life, rows: rows["timers"].append(
        Row.of({"owner_kind": "run", "slot": "event:x"})
    ),
}


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS])
def test_a_check_finds_what_must_not_be(name: str, past: Past) -> None:
    rows = {table: [*each] for table, each in past.rows.items()}
    (check,) = [each for each in CHECKS if each.__name__ == name]

    assert list(check(past.life, rows)) == []
    TAMPERED[name](past.life, rows)
    assert list(check(past.life, rows))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Around each change of the clocks: a local time, and when it is due on that day and the two after it.
TABLE = (
    ("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00", ["29T01:00", "30T00:30", "31T00:30"]),
    ("Europe/Berlin", "30 3 * * *", "2026-03-28T12:00", ["29T01:30", "30T01:30", "31T01:30"]),
    ("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00", ["25T00:30", "26T01:30", "27T01:30"]),
    ("America/New_York", "30 2 * * *", "2026-03-07T12:00", ["08T07:00", "09T06:30", "10T06:30"]),
    ("America/New_York", "30 1 * * *", "2026-10-31T12:00", ["01T05:30", "02T06:30", "03T06:30"]),
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00", ["03T15:30", "04T15:15", "05T15:15"]),
    ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00", ["04T14:45", "05T15:15", "06T15:15"]),
)


@pytest.mark.parametrize(("zone", "cron", "after", "due"), TABLE)
def test_a_daily_time_is_due_once_a_day_though_clocks_change(
    zone: str, cron: str, after: str, due: list[str]
) -> None:
    found = [at(after)]
    for _ in due:
        found.append(next_slot(cron, zone, after=found[-1]))

    assert [f"{each:%dT%H:%M}" for each in found[1:]] == due


@pytest.mark.parametrize("change", CHANGES)
def test_half_hours_are_half_an_hour_apart_though_clocks_change(change: str) -> None:
    """Each is a moment of its own: none is left out where an hour is skipped or comes twice."""
    moment, zone = at(CHANGES[change]), change.partition(" ")[0]
    found = [moment - timedelta(hours=6)]
    while found[-1] < moment + timedelta(hours=6):
        found.append(next_slot("*/30 * * * *", zone, after=found[-1]))
    steps = {after - before for before, after in pairwise(found[1:])}

    assert steps == {timedelta(minutes=30)}


@pytest.mark.parametrize(("rule", "count"), [("none", 0), ("latest", 1), ("all", 48)])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_day_that_was_jumped_over_is_made_up_for_as_the_rule_says(
    zone: str, rule: str, count: int
) -> None:
    keys = {"schedule": "*/30 * * * *", "timezone": zone, "catch_up": rule}
    schedule = Schedule("x", keys, lambda cron, tz, *, after: next_slot(cron, tz, after=after))
    first = schedule.after(at("2026-07-01T00:10"))
    found = schedule.due(first, first + timedelta(hours=23, minutes=45))

    assert len(found.slots) == count
    assert found.following == first + timedelta(hours=24)
    back = schedule.due(found.following, first - timedelta(hours=20))
    assert back.slots == ()

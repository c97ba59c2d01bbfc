"""A few points of the sweep on the real program, and that its checks can fail."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.prove.golden.checks import CHECKS, Found, found, wrong
from tests.prove.golden.stage import Stage
from tests.prove.syscalls.points import Point, drawn, every, most
from tests.prove.syscalls.sweep import meet

# Where it hurts most: the sync of a commit, its write, its answer; and the call that takes the lock.
SMOKE = (
    *("fdatasync:9:kill", "fdatasync:12:EIO", "pwrite64:120:ENOSPC", "sendto:20:kill"),
    "fcntl:40:EIO",
)


@pytest.mark.parametrize("text", SMOKE)
def test_a_call_that_kills_or_fails_breaks_no_promise(stage: Stage, text: str) -> None:
    met = meet(stage, Point.read(text))

    assert met.violations == []
    assert met.counts["points reached"] == 1


@pytest.fixture(scope="module")
def good(stage: Stage) -> Found:
    data, outside = stage.fresh(), stage.outside()
    assert stage.play(data, outside).code == 0
    return found(data, outside)


def test_a_life_in_which_nothing_fails_breaks_no_promise(good: Found) -> None:
    assert wrong(good) == []


@pytest.mark.parametrize("table", ["events", "audit", "journal", "votes", "slots"])
def test_rows_that_are_lost_are_found(good: Found, table: str) -> None:
    without = replace(good, rows={**good.rows, table: []})

    assert wrong(without)


def test_what_happens_twice_is_found(good: Found) -> None:
    effects = [*good.outside.effects, *good.outside.effects]
    twice = replace(good, outside=replace(good.outside, effects=effects))
    said = replace(good.outside, messages=[*good.outside.messages, good.outside.messages[0]])

    assert [each for each in wrong(twice) if each.startswith("P5")]
    assert [each for each in wrong(replace(good, outside=said)) if each.startswith("P8")]


def test_an_effect_without_intent_or_approval_is_found(good: Found) -> None:
    journal = [row for row in good.rows["journal"] if row.kind != "intent"]
    unasked = replace(good, rows={**good.rows, "journal": journal, "waits": []})

    broken = {each[:2] for each in wrong(unasked)}
    assert {"P5", "P6"} <= broken


def test_all_checks_are_used() -> None:
    assert len(set(CHECKS)) == len(CHECKS)


def test_points_are_those_of_the_busiest_thread_and_of_every_kind(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.write_text(
        "7 openat(1) = 3\n8 openat(1) = 3\n8 openat(1 <unfinished ...>\n"
        "8 <... openat resumed>) = 3\n7 sendto(1) = 1\n"
    )

    counts = most([trace])
    points = every(counts)
    chosen = drawn(points, 8, random.Random(3))  # noqa: S311 - it draws points

    assert counts == {"openat": 2, "sendto": 1}
    assert len(points) == 2 * 5 + 1 * 3
    assert {each.call for each in chosen} == {"openat", "sendto"}
    assert len({each.fault for each in chosen}) == 5

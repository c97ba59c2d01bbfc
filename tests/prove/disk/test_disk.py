"""A disk that is full or read-only for a moment, on the golden scenario; the rest is `prove disk`."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.prove.disk.light import FULL, READ_ONLY, endured
from tests.prove.disk.trial import RED, SLACK, Result, _judge
from tests.prove.disk.troubles import TROUBLES, small_disk
from tests.prove.golden.checks import found, wrong
from tests.prove.golden.stage import Stage

SEED = 0  # with which it begins at once


@pytest.mark.parametrize("kind", [FULL, READ_ONLY])
def test_a_trouble_that_passes_needs_no_restart(
    stage: Stage, kind: str, counts: Counter[str]
) -> None:
    problems, seen = endured(stage, kind, seed=SEED)

    assert problems == []
    counts.update(seen)


def test_half_a_unit_is_found(stage: Stage) -> None:
    """What a group that failed must not leave behind: a run without its start in the trail."""
    data, outside = stage.fresh(), stage.outside()
    assert stage.play(data, outside).code == 0
    good = found(data, outside)
    trail = [row for row in good.rows["audit"] if row.action != "run.start"]

    assert wrong(good) == []
    assert wrong(replace(good, rows={**good.rows, "audit": trail}))


def test_a_server_that_looks_well_while_it_is_not_is_found() -> None:
    result = Result()
    _judge(result, "full", (float("inf"), 200), (200, 0.1))
    _judge(result, "locked", (RED + SLACK / 2, 503), (500, 0.1))

    said = "\n".join([*result.violations, *result.missed])
    assert "full: /readyz was not red" in said
    assert "full: /readyz answered 200 while it lasted" in said
    assert "locked: /readyz was red after 4.0 s, at most 2.0" in said
    assert "locked: /healthz answered 500" in said


def test_every_trouble_has_a_name_of_its_own() -> None:
    assert {"locked", "no larger files", "full"} == set(TROUBLES)
    assert {FULL, READ_ONLY}.isdisjoint(TROUBLES)


def test_a_small_disk_is_gone_afterwards(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    with small_disk(place) as disk:
        if disk is not None:
            (disk / "file").write_text("here")

    assert list(place.iterdir()) == []

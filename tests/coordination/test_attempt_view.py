"""An attempt that another has followed is shown as its own events left it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coordination import attempt_view
from coordination.errors import Conflict, NotFound
from tests.coordination.floor import Floor
from tests.coordination.scene import open_scene

BUILD = {"process_id": "b-1", "name": "Build web"}


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    floor = Floor(await open_scene(tmp_path / "baton.db"))
    yield floor
    floor.world.tasks.drop()
    await floor.scene.door.close()


async def twice(floor: Floor) -> None:
    """Let a build fail and begin once more, under another name."""
    await floor.report({**BUILD, "status": "started", "progress": {"current": 3, "total": 4}})
    await floor.report({**BUILD, "status": "failed", "error": {"message": "no space"}})
    await floor.report({"process_id": "b-1", "status": "started", "attempt": 3, "name": "Again"})
    await floor.report({"process_id": "l-1", "status": "started", "parent": {"process_id": "b-1"}})


async def test_an_earlier_attempt_is_folded_from_its_own_events(floor: Floor) -> None:
    await twice(floor)
    before = await floor.coordinator.process("ci", "b-1")

    first = await floor.coordinator.attempt("ci", "b-1", 1)

    assert (first.attempt, first.status, first.name) == (1, "failed", "Build web")
    assert first.state["error"]["message"] == "no space"
    assert first.state["progress"]["current"] == 3
    assert first.state["fired"] == ["started", "failed"]
    assert first.ended_at is not None
    assert (first.thread_id, first.children) == (before.thread_id, ())
    assert await floor.coordinator.process("ci", "b-1") == before


async def test_the_attempt_that_is_shown_is_read_as_it_stands(floor: Floor) -> None:
    await twice(floor)

    shown = await floor.coordinator.attempt("ci", "b-1", 3)

    assert shown == await floor.coordinator.process("ci", "b-1")
    assert [each.process_id for each in shown.children] == ["l-1"]
    assert "error" not in shown.state


async def test_what_comes_late_for_an_earlier_attempt_belongs_to_it(floor: Floor) -> None:
    await twice(floor)
    late = {**BUILD, "status": "in_progress", "attempt": 1, "labels": {"team": "web"}}
    await floor.report({**late, "occurred_at": "2026-03-01T11:00:00Z"})

    first = await floor.coordinator.attempt("ci", "b-1", 1)

    assert (first.status, first.state["labels"]) == ("failed", {"team": "web"})
    assert "labels" not in (await floor.coordinator.process("ci", "b-1")).state


@pytest.mark.parametrize("number", [2, 4])
async def test_there_is_no_attempt_without_an_event(floor: Floor, number: int) -> None:
    await twice(floor)

    with pytest.raises(NotFound, match=f"attempt {number} of the process 'ci:b-1'"):
        await floor.coordinator.attempt("ci", "b-1", number)


async def test_an_attempt_that_is_too_long_is_not_folded_for_a_look(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_view, "MOST", 1)
    await twice(floor)

    with pytest.raises(Conflict, match="more than 1 events"):
        await floor.coordinator.attempt("ci", "b-1", 1)
    assert (await floor.coordinator.attempt("ci", "b-1", 3)).attempt == 3

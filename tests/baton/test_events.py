"""The event itself: names, statuses and its one written form."""

import json
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest

from baton.events import (
    ALIASES,
    Adapter,
    ApprovalRequest,
    Event,
    Option,
    Progress,
    Status,
    event_names,
    matches_name,
)

NOW = datetime(2026, 3, 2, 10, 16, 0, 250_000, tzinfo=UTC)


def event(**fields: Any) -> Event:
    given = {
        "event_id": "ev_1", "id": "i", "kind": "process", "type": "dev.baton.process.completed",
        "source": "ci", "namespace": "ci", "occurred_at": NOW, "received_at": NOW,
        "process_id": "p", "status": Status.COMPLETED,
    }  # fmt: skip
    return Event(**{**given, **fields})


def test_there_are_ten_statuses_of_which_five_are_ends() -> None:
    assert len(Status) == 10
    assert {status for status in Status if status.terminal} == {
        "completed", "failed", "rejected", "cancelled", "skipped"
    }  # fmt: skip
    assert [status.rank for status in Status] == [0, 1, 2, 2, 2, 3, 3, 3, 3, 3]


def test_no_alias_hides_a_status() -> None:
    assert not ALIASES.keys() & set(Status)


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"category": "test"}, {"process.completed", "process.ended", "test.completed", "test.ended"}),
        ({"status": Status.IN_PROGRESS}, {"process.in_progress"}),
        ({"status": Status.REJECTED}, {"process.rejected", "process.ended"}),
        ({"status": Status.IN_PROGRESS, "heartbeat": True}, set()),
        ({"status": None, "type": "github.push", "kind": "event"}, {"github.push"}),
    ],
)  # fmt: skip
def test_an_event_goes_by_these_names(fields: dict[str, Any], names: set[str]) -> None:
    assert event_names(event(**fields)) == names


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("process.completed", True), ("process.*", True), ("*.completed", True), ("*.*", True),
        ("process.failed", False), ("*", False), ("process", False), ("process.*.x", False),
        ("process.comp*", False), ("", False), ("*.*.*", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_one_part_of_a_name(pattern: str, matches: bool) -> None:  # noqa: FBT001
    assert matches_name(pattern, {"test.ended", "process.completed"}) is matches


def test_the_written_form_has_no_nulls_and_no_defaults() -> None:
    assert event(progress=Progress(3, 7)).to_json() == {
        "event_id": "ev_1",
        "id": "i",
        "kind": "process",
        "type": "dev.baton.process.completed",
        "source": "ci",
        "namespace": "ci",
        "occurred_at": "2026-03-02T10:16:00.250000Z",
        "received_at": "2026-03-02T10:16:00.250000Z",
        "process_id": "p",
        "status": "completed",
        "progress": {"current": 3, "total": 7},
    }


def test_what_is_written_is_read_back_the_same() -> None:
    full = event(
        seq=7, attempt=2, labels={"a": "b"}, result={}, heartbeat=True, warnings=("w",),
        adapter=Adapter("github", 3), started_at=NOW, correction=True,
        approval=ApprovalRequest(prompt="?", options=(Option("a", "A"),), expires_at=NOW, body=False),
    )  # fmt: skip
    assert Event.from_json(json.loads(json.dumps(full.to_json()))) == full


def test_a_member_of_a_later_version_is_left_out() -> None:
    assert Event.from_json({**event().to_json(), "mood": "good"}) == event()


def test_an_event_is_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        event().name = "x"  # type: ignore[misc]

"""Progress, in each of the forms in which tools write it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from baton.events import Event, Progress
from baton.reading import Reading, Source, read_event


def read(**members: Any) -> Reading:
    return read_event(
        {"process_id": "b1", "status": "started", **members},
        credential=Source("ci", "ci", "api"),
        received_at=datetime(2026, 3, 2, 10, 16, tzinfo=UTC),
        event_id="ev_1",
        new_id=lambda: "made",
    )


def event(**members: Any) -> Event:
    return read(**members).event


def warnings(**members: Any) -> dict[str, str]:
    return dict(read(**members).warnings)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0.4, Progress(fraction=0.4)), (1.0, Progress(fraction=1.0)), (1, Progress(fraction=0.01)),
        (40, Progress(fraction=0.4)), (100, Progress(fraction=1.0)), (140, Progress(fraction=1.0)),
        ("40%", Progress(fraction=0.4)), ("3/7", Progress(3, 7)), ("3 / 7", Progress(3, 7)),
        ("0.4", Progress(fraction=0.4)), ("40", Progress(fraction=0.4)), (0, Progress(fraction=0.0)),
        ({"current": 3, "total": 7, "unit": "files"}, Progress(3, 7, "files")),
        ({"fraction": 1}, Progress(fraction=1.0)), ({"current": 9, "total": 7}, Progress(9, 7)),
        ({"progress": 3, "total": 7, "message": "hi"}, Progress(3, 7)), ({}, None),
        (-1, None), (float("nan"), None), ({"current": 1, "total": 0}, None), ({"current": -1}, None),
        ({"fraction": float("inf")}, None),
    ],
)  # fmt: skip
def test_progress_is_understood_in_every_form(given: Any, shown: Progress | None) -> None:
    assert event(progress=given).progress == shown


def test_progress_that_cannot_be_shown_is_dropped_with_a_warning() -> None:
    assert warnings(progress={"current": 1, "total": -1}).keys() == {"/progress"}
    assert Progress(9, 7).ratio == 1.0
    assert Progress(3).ratio is None


def test_the_message_of_mcp_progress_is_the_message_of_the_event() -> None:
    assert event(progress={"progress": 3, "message": "hi"}).message == "hi"
    assert event(progress={"progress": 3, "message": "hi"}, message="own").message == "own"

"""A body of the usual kind is read a short way, to the very event that the long way reads."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton.errors import InvalidEvent
from baton.reading import Reading, Source, read_event
from baton.reading.usual import read_usual

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SENDER = Source("ci", "acme", "api")
HEADER = "none that can be read"  # with it a body goes the long way, and nothing else comes of it
USUAL = {
    "id": "e1",
    "process_id": "build-7",
    "status": "started",
    "name": "Build 7",
    "category": "build",
    "message": "on its way\nin two lines",
    "labels": {"team": "web", "tier": "1"},
    "metadata": {"runner": {"os": ["linux", 4]}},
    "result": {"size": 1.5},
    "data": {},
}
TEXTS = st.one_of(
    st.sampled_from(
        ["a b", " a", "a ", "a  b", "", " ", "\n", "a\nb", "a\tb", "Bücher", "e\u0301", "\u200b"]
    ),
    st.sampled_from(["password=hunter22", "ghp_" + "a" * 30, "Bearer abcdefghijk", "x" * 201]),
    st.text(max_size=4),
    st.text(alphabet="ab ", max_size=6),
)
ANYTHING = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.just([]),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
    st.just({"token": "a secret of mine"}),
    st.just({"n": 2**60}),
    st.just({str(number): "x" for number in range(33)}),
)
STATUSES = st.sampled_from(
    ["queued", "failed", "completed", "pending_approval", "timeout", "Running", "rejected", "odd"]
)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a body of the usual kind with at most a few members changed, left out or added."""
    body: dict[str, Any] = {name: USUAL[name] for name in draw(st.permutations(sorted(USUAL)))}
    for name in draw(st.lists(st.sampled_from(sorted(USUAL)), max_size=3)):
        body.pop(name, None)
    for name in draw(st.lists(st.sampled_from([*sorted(USUAL), "extra", "text"]), max_size=2)):
        body[name] = draw(STATUSES if name == "status" and draw(st.booleans()) else ANYTHING)
    if draw(st.booleans()):
        body["status"] = draw(STATUSES)
    return body


def read(body: dict[str, Any], header: str | None = None) -> Reading:
    return read_event(
        body,
        credential=SENDER,
        received_at=NOW,
        event_id="ev_1",
        new_id=lambda: "id_1",
        traceparent=header,
    )


def outcome(body: dict[str, Any], header: str | None) -> Any:
    try:
        reading = read(body, header)
    except InvalidEvent as error:
        return str(error)
    return reading, list(reading.event.to_json().items()), reading.harmless


@given(bodies())
def test_both_ways_read_the_same(body: dict[str, Any]) -> None:
    assert outcome(body, None) == outcome(body, HEADER)


def test_a_usual_body_goes_the_short_way() -> None:
    values = read_usual(USUAL, NOW)
    assert values is not None
    assert {name: values[name] for name in USUAL} == USUAL


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Running"},
        {"status": None},
        {"status": ["started"]},
        {"id": None},
        {"id": "e\n1"},
        {"id": "x" * 257},
        {"process_id": "Bücher"},
        {"name": "two  gaps"},
        {"name": " first"},
        {"name": "last "},
        {"name": ""},
        {"name": "x" * 201},
        {"message": "x" * 3001},
        {"message": "a\tb"},
        {"message": 7},
        {"category": "Build"},
        {"labels": {"a": 1}},
        {"labels": {"a": "two  gaps"}},
        {"labels": {"x" * 64: "a"}},
        {"labels": {str(number): "x" for number in range(33)}},
        {"metadata": None},
        {"metadata": []},
        {"results": {}},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_what_needs_a_look_goes_the_long_way(change: dict[str, Any]) -> None:
    assert read_usual({**USUAL, **change}, NOW) is None

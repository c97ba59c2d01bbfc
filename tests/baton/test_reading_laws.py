"""Laws of reading, whatever is sent."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baton.errors import InvalidEvent, MalformedBody
from baton.events import Event
from baton.masking import mask, mask_json
from baton.reading import Source, parse_form, parse_json, read_event
from baton.reading.bodies import depth
from baton.reading.fields import ALIASES, SERVER_SET
from baton.reading.freeform import stored, weight
from baton.reading.glance import glance
from tests.baton.secretive import SECRETIVE

NOW = datetime(2026, 3, 2, 10, 16, tzinfo=UTC)
CI = Source("ci", "ci", "api", may_choose_channel=True)

NAMES = st.sampled_from(
    sorted({*Event.__dataclass_fields__, *(alias for alias, _ in ALIASES), *SERVER_SET, "url", "link", "typo"})
)  # fmt: skip
INSIDE = st.sampled_from(
    ["process_id", "namespace", "attempt", "current", "total", "unit", "fraction", "progress", "message", "type", "url", "rel", "title", "label", "action", "repo", "sha", "ref", "pr", "id", "name", "email", "kind", "prompt", "options", "approvers", "scope", "require_reason", "expires_at", "on_timeout", "body"]
)  # fmt: skip
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.integers(0, 3) | st.floats() | st.text()
    | st.text("\ud800\x00\u202ea", max_size=5)
    | st.sampled_from(["started", "pending_approval", "done", "3/7", "2026-03-02T10:15:04Z", "a", "https://a.b", "approve"])
)  # fmt: skip
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(INSIDE | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=12) | st.builds(
    lambda more: {"process_id": "p", "status": "waiting", **more},
    st.dictionaries(NAMES, VALUES, max_size=5),
)
TELLING = st.builds(
    lambda members, more: {"process_id": "p", "status": "waiting", **members, **more},
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("name", "message", "sequence", "url", "source", "error", "next_steps"), SECRETIVE
        ),
    ),
    st.fixed_dictionaries(
        {},
        optional={
            name: st.dictionaries(SECRETIVE, SECRETIVE | st.integers(), max_size=3)
            for name in ("labels", "metadata", "result", "subject", "actor", "progress")
        },
    ),
)


def read(body: Any) -> Event | None:
    try:
        return read_event(
            body, credential=CI, received_at=NOW, event_id="ev_1", new_id=lambda: "made"
        ).event
    except InvalidEvent as error:
        problems = error.problems
    assert problems
    assert all(pointer == "" or pointer.startswith("/") for pointer, _ in problems)
    return None


@given(BODIES | VALUES)
def test_any_body_is_an_event_or_invalid_and_nothing_else(body: Any) -> None:
    found = read(body)  # which holds what is wrong to be said, and where
    assert found is None or isinstance(found, Event)


def outcome(body: Any) -> Any:
    try:
        return read_event(
            body, credential=CI, received_at=NOW, event_id="ev_1", new_id=lambda: "made"
        )
    except InvalidEvent as error:
        return error.problems


@given(BODIES | TELLING)
@settings(deadline=None)
def test_a_body_of_which_much_is_certain_is_read_as_any_other(body: dict[str, Any]) -> None:
    # Of what is no dict nothing is certain, so that each of its parts is looked at closely.
    assert outcome(body) == outcome(MappingProxyType(body))


@given(BODIES | TELLING)
def test_what_is_certain_of_a_body_is_so(body: dict[str, Any]) -> None:
    seen = glance(body)
    if seen.harmless:
        assert mask_json(body) == body
    if seen.sound:
        assert stored(body) == body
        assert (depth(body) <= 16, weight(body) <= 64 * 1024) == (True, True)


@pytest.mark.parametrize(
    ("body", "certain"),
    [
        ({"a": "plain", "b": [1, True, None, {"c": 0.5}]}, (True, True)),
        ({"a": "two\nlines, \u00e9"}, (True, True)),
        ({"token": 1}, (False, True)),
        ({"a": [{"b": "token: abcdef"}]}, (False, True)),
        ({"a": "\x00"}, (True, False)),
        ({"a": "\ud800"}, (True, False)),
        ({"a": 2**53}, (False, False)),
        ({"a": float("inf")}, (False, False)),
        ({"a": "x" * 70_000}, (True, False)),
        ({"a": [[] for _ in range(30_000)]}, (True, False)),
        ({"a": [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}, (True, False)),
        ({"a": (1, 2)}, (False, False)),
        ({1: 2}, (False, False)),
        (["a"], (False, False)),
        ("a", (False, False)),
    ],
)
def test_a_glance_is_certain_of_what_is_plain(body: Any, certain: tuple[bool, bool]) -> None:
    seen = glance(body)
    assert (seen.harmless, seen.sound) == certain


@given(BODIES | TELLING)
@settings(deadline=None)
def test_an_event_of_the_members_that_came_is_the_same_as_one_of_all(body: dict[str, Any]) -> None:
    event = read(body)
    if event is not None:
        whole = Event(**{name: getattr(event, name) for name in Event.__dataclass_fields__})
        assert event == whole
        assert event.to_json() == whole.to_json()
        assert replace(event, attempt=7) == replace(whole, attempt=7)


@given(BODIES)
@settings(deadline=None)
def test_an_event_is_the_same_after_writing_and_reading(body: Any) -> None:
    event = read(body)
    if event is not None:
        text = json.dumps(event.to_json(), allow_nan=False)
        assert Event.from_json(json.loads(text)) == event
        text.encode("utf-8")


@given(BODIES)
def test_the_source_is_always_that_of_the_credential(body: Any) -> None:
    event = read(body)
    if event is not None:
        assert (event.source, event.namespace, event.received_at) == ("ci", "ci", NOW)
        assert event.type.startswith(("dev.baton.process.", "api."))
        assert (event.status is None) == (event.kind == "event") == (event.process_id is None)


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_values_or_malformed_and_nothing_else(raw: bytes) -> None:
    try:
        value = parse_json(raw, 8)
    except MalformedBody:
        return
    assert json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200) | st.text("ab=&.%+labels progress", max_size=80).map(str.encode))
def test_any_form_is_an_object_or_malformed(raw: bytes) -> None:
    try:
        body = parse_form(raw)
    except MalformedBody:
        return
    assert isinstance(body, dict)
    assert all(isinstance(name, str) for name in body)
    read(body)


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)

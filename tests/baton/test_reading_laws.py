"""Laws of reading, whatever is sent."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from baton.errors import InvalidEvent, MalformedBody
from baton.events import Event
from baton.masking import mask
from baton.reading import Source, parse_form, parse_json, read_event
from baton.reading.event import _ALIASES, _SERVER_SET

NOW = datetime(2026, 3, 2, 10, 16, tzinfo=UTC)
CI = Source("ci", "ci", "api", may_choose_channel=True)

NAMES = st.sampled_from(
    sorted({*Event.__dataclass_fields__, *(alias for alias, _ in _ALIASES), *_SERVER_SET, "url", "link", "typo"})
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
    read(body)


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
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@given(st.binary(max_size=200) | st.text("ab=&.%+labels progress", max_size=80).map(str.encode))
def test_any_form_is_an_object_or_malformed(raw: bytes) -> None:
    try:
        body = parse_form(raw)
    except MalformedBody:
        return
    read(body)


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)

"""What people type, read as values."""

import pytest

from baton.commands.start import _typed
from baton.commands.talk import Stop
from baton.commands.typed import duration


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "7", 7),
        ("number", "2.5", 2.5),
        ("number", "2", 2),
        ("boolean", "Yes", True),
        ("boolean", "off", False),
        ("array", "a, b", ["a", "b"]),
        ("array", '["a,b"]', ["a,b"]),
        ("object", '{"a": 1}', {"a": 1}),
        ("string", "7", "7"),
        (None, "true", "true"),
    ],
)
def test_an_input_is_read_as_its_type(kind: str | None, text: str, value: object) -> None:
    for schema in (
        {"type": "object", "properties": {"x": {"type": kind}}},
        {"x": {"type": kind}},
    ):
        found = _typed("x", text, schema)
        assert found == value
        assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("integer", "2.5"), ("number", "x"), ("boolean", "maybe"), ("array", "[1"), ("object", "[]")],
)
def test_an_input_of_another_type_is_named(kind: str, text: str) -> None:
    with pytest.raises(Stop, match="x takes") as stopped:
        _typed("x", text, {"x": {"type": kind}})
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1.5s", 1.5), ("30m", 1800), ("1h30m", 5400), ("2d", 172800)]
)
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert duration(text) == seconds

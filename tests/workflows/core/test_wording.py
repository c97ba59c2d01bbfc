"""What the core says reads as a definition does, not as Python."""

from datetime import timedelta
from typing import Any

import pytest

from workflows.core.wording import kind_of, length, shown
from workflows.language.durations import parse_duration


@pytest.mark.parametrize(
    "text",
    ["500ms", "1s", "1m30s", "5m", "1h", "1h30m", "1d", "1d2h", "10d", "2w", "1d1h1m1s1ms", "520w"],
)
def test_a_length_of_time_reads_as_people_type_it(text: str) -> None:
    assert length(parse_duration(text)) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=90), "1m30s"),
        (timedelta(hours=24), "1d"),
        (timedelta(0), "0s"),
        (timedelta(microseconds=1500), "1.5ms"),
        (None, "for ever"),
    ],
)
def test_a_length_that_is_written_in_another_way_has_one_form(
    span: timedelta | None, text: str
) -> None:
    assert length(span) == text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "null", "null"),
        (True, "a boolean", "true"),
        (7, "a number", "7"),
        ("né", "text", '"né"'),
        ([None, False], "a list", "[null, false]"),
        ({"b": 1, "a": "x"}, "a map", '{"a": "x", "b": 1}'),
    ],
)
def test_a_value_reads_as_json_and_its_kind_as_the_documents_name_it(
    value: Any, kind: str, text: str
) -> None:
    assert (kind_of(value), shown(value)) == (kind, text)


def test_a_long_value_shows_its_beginning() -> None:
    assert shown("x" * 500) == '"' + "x" * 78 + "…"

"""From bytes to values."""

import time
from typing import Any

import pytest

from baton.errors import MalformedBody
from baton.reading import parse_form, parse_json


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, 2.5, "\xc3\xa9", null, true]}', {"a": [1, 2.5, "é", None, True]}),
        (b"\xef\xbb\xbf{}", {}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_json_is_read_with_or_without_a_byte_order_mark(raw: bytes, value: Any) -> None:
    assert parse_json(raw, 32) == value


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "line 1, column 1"), (b'{"a": 1,}', "line 1"), (b"\xff", "UTF-8"), (b"{}\x00", "not JSON"),
        (b'{"a": 1, "a": 2}', "'a' twice"), (b'[{"b": {"a": 1, "a": 1}}]', "'a' twice"),
        (b"[NaN]", "NaN"), (b"[-Infinity]", "Infinity"), (b"1e999", "too large"), (b"9" * 5000, "too long"),
        (b'"\\ud800"', "surrogate"), (b'{"\\udfff": 1}', "surrogate"), (b"[" * 100_000, "32 levels"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "32 levels"), (b"[[1]", "not JSON"), (b"'a'", "not JSON"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_reason(raw: bytes, words: str) -> None:
    with pytest.raises(MalformedBody, match=words):
        parse_json(raw, 32)


def test_the_depth_is_counted_in_objects_and_lists() -> None:
    assert parse_json(b"[[[]]]", 3) == [[[]]]
    with pytest.raises(MalformedBody):
        parse_json(b"[[[]]]", 2)


def test_a_megabyte_of_members_is_refused_as_fast_as_it_is_read() -> None:
    members = ",".join(f'"k{n}":1' for n in range(80_000))
    began = time.process_time()
    with pytest.raises(MalformedBody, match="'k79999' twice"):
        parse_json(f'{{{members},"k79999":1}}'.encode(), 32)
    assert time.process_time() - began < 5


def test_a_form_makes_objects_of_dotted_names() -> None:
    raw = (
        b"process_id=7&labels.team=a+b&metadata.cicd.pipeline.name=x%C3%A9&name=a.b&heartbeat=true"
    )
    assert parse_form(raw) == {
        "process_id": "7",
        "labels": {"team": "a b"},
        "metadata": {"cicd.pipeline.name": "xé"},
        "name": "a.b",
        "heartbeat": True,
    }


def test_fields_of_a_form_are_read_by_their_type() -> None:
    raw = b"attempt=2&lease_s=60&progress.current=1.5&progress.total=7&sequence=3&attempt_key=3"
    assert parse_form(raw) == {
        "attempt": 2,
        "lease_s": 60,
        "progress": {"current": 1.5, "total": 7},
        "sequence": "3",
        "attempt_key": "3",
    }
    assert parse_form(b"attempt=two&heartbeat=maybe") == {"attempt": "two", "heartbeat": "maybe"}


def test_next_steps_may_be_repeated_and_nothing_else() -> None:
    assert parse_form(b"next_steps=a&next_steps=b") == {"next_steps": ["a", "b"]}
    for raw in (b"name=a&name=b", b"labels.a=1&labels.a=2", b"progress=1&progress.total=3"):
        with pytest.raises(MalformedBody, match="twice"):
            parse_form(raw)


@pytest.mark.parametrize("raw", [b"\xff=1", b"a=%ff", b"&".join(b"a%d=1" % n for n in range(1001))])
def test_a_form_that_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_form(raw)

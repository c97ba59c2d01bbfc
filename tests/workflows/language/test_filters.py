"""Filters: one row for each thing they do, and one for each thing they refuse."""

from typing import Any

import pytest

from workflows.language.expressions import ExpressionFailed, compile_expression

CONTEXT: dict[str, Any] = {
    "trigger": {
        "name": "build web",
        "items": [1, 2, 3],
        "result": {"failed": 0, "ratio": 0.5, "nothing": None, "ok": True},
        "people": [{"name": "Ada", "age": 36}, {"name": "grace", "age": 85}],
        "at": "2026-03-02T10:15:04Z",
    },
    "inputs": {"target": "staging", "n": 7, "empty": "", "json": '{"a": [1, 2.5, null]}'},
    "steps": {"tests": {"status": "skipped"}},
}


def value_of(text: str) -> Any:
    return compile_expression(text)(CONTEXT)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'aé' | length", 2),
        ("{'a': 1} | length", 1),
        ("'a b' | upper", "A B"),
        ("'ÄB' | lower", "äb"),
        ("'hello big-world (now)' | title", "Hello Big-World (Now)"),
        ("'  x ' | trim", "x"),
        ("'--x-' | trim('-')", "x"),
        ("'aXbX' | replace('X', '-')", "a-b-"),
        ("'aXbX' | replace('X', '-', 1)", "a-bX"),
        ("'a  b' | split", ["a", "b"]),
        ("'a,,b' | split(',')", ["a", "", "b"]),
        ("'a,b,c' | split(',', 1)", ["a", "b,c"]),
        ("[1, 'a', true] | join('-')", "1-a-true"),
        ("trigger.people | join(', ', attribute='name')", "Ada, grace"),
        ("[3, 1] | first", 3),
        ("'abc' | last", "c"),
        ("['b', 'B', 'a'] | unique", ["b", "a"]),
        ("['b', 'B'] | unique(true)", ["b", "B"]),
        ("[1, 1.0, true, [1], [1], {'a': 1}, {'a': 1}] | unique", [1, True, [1], {"a": 1}]),
        ("['b', 'A', 'c'] | sort", ["A", "b", "c"]),
        ("['b', 'A', 'c'] | sort(case_sensitive=true)", ["A", "b", "c"]),
        ("['b', 'A', 'a'] | sort(true)", ["b", "A", "a"]),
        ("trigger.people | sort(attribute='age', reverse=true) | map('name')", ["grace", "Ada"]),
        ("[3, 1] | reverse", [1, 3]),
        ("'abc' | reverse", "cba"),
        ("trigger.people | map('name')", ["Ada", "grace"]),
        ("[{'a': {'b': 1}}, {}] | map('a.b', default=0)", [1, 0]),
        ("[[1, 2], [3, 4]] | map(1)", [2, 4]),
        ("trigger.people | select('name', 'Ada') | length", 1),
        ("[{'on': true, 'id': 1}, {'on': 0, 'id': 2}] | select('on') | map('id')", [1]),
        ("[{'on': true, 'id': 1}, {'on': 0, 'id': 2}] | reject('on') | map('id')", [2]),
        ("[{'a': 1}, {'a': true}] | select('a', 1) | length", 1),
        ("[1, 2.5] | sum", 3.5),
        ("[] | sum", 0),
        ("trigger.people | sum(attribute='age', start=1)", 122),
        ("[3, 1, 2] | min", 1),
        ("['b', 'C'] | max", "C"),
        ("trigger.people | max(attribute='age')", {"name": "grace", "age": 85}),
        ("2.5 | round", 2.0),
        ("42.55 | round(1, 'floor')", 42.5),
        ("2.1 | round(method='ceil')", 3.0),
        ("'42' | int", 42),
        ("'42.7' | int", 42),
        ("-2.7 | int", -2),
        ("'x' | int(0)", 0),
        ("'ff' | int(base=16)", 255),
        ("true | int", 1),
        ("'1.5' | float", 1.5),
        ("1 | float", 1.0),
        ("'x' | float(none)", None),
        ("1.5 | string", "1.5"),
        ("'a' | string", "a"),
        ("{'b': [1, null_ | default(none)], 'a': 'é'} | tojson", '{"a":"é","b":[1,null]}'),
        ("none | tojson", "null"),
        ("inputs.json | fromjson", {"a": [1, 2.5, None]}),
        ("range_ | default([1, 2, 3, 4, 5]) | slice(2)", [[1, 2, 3], [4, 5]]),
        ("[1, 2, 3, 4, 5] | slice(3, 'x')", [[1, 2], [3, 4], [5, "x"]]),
        ("{'b': 1, 'a': 2} | keys", ["a", "b"]),
        ("{'b': 1, 'a': 2} | values", [2, 1]),
        ("{'b': 1, 'a': 2} | items", [["a", 2], ["b", 1]]),
        ("trigger.at | date", "2026-03-02"),
        ("trigger.at | date('%d.%m.%Y %H:%M %Z', 'Europe/Berlin')", "02.03.2026 11:15 CET"),
        ("'2026-03-02T10:15:04+05:00' | date('%H:%M %%')", "05:15 %"),
        ("'2026-03-02' | date('%Y')", "2026"),
        ("0 | date('%Y-%m-%dT%H:%M:%S')", "1970-01-01T00:00:00"),
        ("'abc' | contains('b')", True),
        ("[1, 2] | contains(3)", False),
        ("{'a': 1} | contains('a')", True),
        ("'abc' | startswith('ab')", True),
        ("'abc' | endswith('ab')", False),
        (r"'build-42' | matches('-\d+$')", True),
        ("'abc' | matches('^b')", False),
        ("'1h30m' | duration", 5400),
        ("'500ms' | duration", 0.5),
        ("'PT5M' | duration", 300),
        ("'x' | upper | lower | length", 1),
        ("-1 | string ~ '!'", "-1!"),
    ],
)
def test_a_filter_does_what_its_name_says(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("'x' | int", 6, "'x' is no whole number"),
        ("none | int", 7, "null is no whole number"),
        ("'nan' | float", 8, "too large"),
        ("'1e999' | float", 10, "too large"),
        ("[] | first", 5, "empty"),
        ("'' | last", 5, "empty"),
        ("none | first", 7, "null has no first"),
        ("[] | min", 5, "empty"),
        ("[1, 'a'] | sort", 11, "different types"),
        ("[true] | sort", 9, "a boolean has no order"),
        ("[{}] | max", 7, "a map has no order"),
        ("['a'] | sum", 8, "only numbers"),
        ("[true] | sum", 9, "cannot take"),
        ("1 | length", 4, "a number has no length"),
        ("1 | upper", 4, "must be text, not a number"),
        ("'a' | split('')", 6, "empty"),
        ("'a' | replace('', 'b')", 6, "empty"),
        ("'a' | join", 6, "must be a list"),
        ("[none] | join", 9, "null has no text"),
        ("{'a': 1} | first", 11, "a map has no first"),
        ("'a' | keys", 6, "must be a map"),
        ("'a' | round", 6, "cannot be rounded"),
        ("1 | round(20)", 4, "up to 15"),
        ("1 | round(1, 'up')", 4, "common, ceil or floor"),
        ("'x' | fromjson", 6, "not JSON at character 1"),
        ("'[NaN]' | fromjson", 10, "NaN is not JSON"),
        ("'99999999999999999999' | fromjson", 25, "64 bits"),
        ("'1e999' | fromjson", 10, "too large"),
        ("[1] | slice(0)", 6, "from 1 to"),
        ("'yesterday' | date", 14, "is no time"),
        ("'2026-03-02' | date('%Q')", 15, "no directive"),
        ("'2026-03-02' | date('%9d')", 15, "no directive"),
        ("'2026-03-02' | date('%Y', 'Mars/Base')", 15, "no time zone"),
        ("'2026-03-02' | date('%Y', '../etc/passwd')", 15, "no time zone"),
        ("1e20 | date", 7, "out of range"),
        ("'9999-12-31T23:59:59-12:00' | date", 30, "out of range"),
        ("'3 months' | duration", 13, "months"),
        ("'0s' | startswith(1)", 7, "`prefix` must be text"),
        ("'a' | matches(1 ~ '(')", 6, "no pattern"),
        ("trigger.people | map('x')", 17, "item 0 has no `x`"),
        ("trigger.people | select('x')", 17, "item 0 has no `x`"),
    ],
)
def test_a_filter_refuses_what_it_cannot_do(text: str, offset: int, message: str) -> None:
    with pytest.raises(ExpressionFailed) as failed:
        value_of(text)

    error = failed.value
    assert (error.offset, message in error.message) == (offset, True), error

"""The evaluator beside Jinja: a grid of expressions that mean the same, and the differences that are meant."""

import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined, TemplateError
from jinja2.runtime import Undefined

from workflows.language.expressions import ExpressionError, compile_expression

ORACLE = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - no HTML here
PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "expressions.md"
FAILED = "error"
CONTEXT: dict[str, Any] = {
    "n": {"zero": 0, "two": 2, "big": 10**8, "half": 0.5, "minus": -7},
    "t": {"empty": "", "word": "build", "many": "Two words-here"},
    "rows": [{"id": 2, "name": "x"}, {"id": 1, "name": "Y"}],
    "data": {"items": [1, 2]},
}
NUMBERS = ["0", "1", "-3", "2.5", "7", "-0.25", "1e3", "n.zero", "n['big']", "n.half", "n.minus"]
TEXTS = ["''", "'a'", "'B'", "'ab ab'", "t.word", "t['many']", "'é{{'", "' x '", "'10'", "'7.9'"]
NUMBER_LISTS = ["[]", "[1]", "[3, 1, 2.5, 1]", "[n.two, n.minus]", "([4, 2] + [2])"]
TEXT_LISTS = ["['b', 'A', 'a']", "['x']", "[t.word, 'B', t.empty]", "(['q'] + ['Q', 'p'])"]
LOGIC = ["true", "false", "n.zero", "t.empty", "t.word", "[]", "[0]", "{}", "none", "n.two"]
ON_NUMBERS = ["round", "round(1)", "round(2, 'floor')", "round(0, 'ceil')", "int", "float"]
ON_NUMBERS += ["string | length", "default(9)", "default(9, true)"]
ON_TEXTS = [
    "upper", "lower", "title", "trim", "trim('ab ')", "length", "reverse", "string",
    "replace('a', 'zz')", "replace('b', '', 1)", "default('d')", "default('d', true)", "int(5)",
    "float(1.5)", "last | upper",
]  # fmt: skip
ON_LISTS = ["length", "reverse", "unique", "slice(2)", "slice(3, 0)", "first", "last", "min", "max"]
ON_LISTS += ["sort", "sort(reverse=true)", "sort(true)", "join('+')", "join", "tojson | fromjson_"]
ON_ROWS = [
    "map(attribute='id')", "map(attribute='name')", "sort(attribute='id')", "max(attribute='id')",
    "sort(attribute='name', case_sensitive=true)", "sum(attribute='id')", "join('-', attribute='name')",
    "unique(attribute='id')", "first", "last", "length", "min(attribute='name')", "reverse",
]  # fmt: skip
ORDER = ["==", "!=", "<", "<=", ">", ">="]


def grid() -> Iterator[str]:
    """Give every pair of values with every operator, and every value with every filter."""
    arithmetic = ["+", "-", "*", "/", "//", "%", *ORDER]
    yield from _pairs(NUMBERS, arithmetic, NUMBERS)
    yield from _pairs(TEXTS, ["+", "~", "in", "not in", *ORDER], TEXTS)
    yield from _pairs(NUMBERS[:4], ["~"], TEXTS)
    yield from _pairs(NUMBERS, ["in", "not in", "=="], NUMBER_LISTS)
    yield from _pairs(TEXTS, ["in", "not in", "!="], TEXT_LISTS)
    yield from _pairs(NUMBER_LISTS, ["+", "==", "<"], NUMBER_LISTS)
    yield from _pairs(LOGIC, ["and", "or"], LOGIC)
    for values, filters in (
        (NUMBERS, ON_NUMBERS),
        (TEXTS, ON_TEXTS),
        (NUMBER_LISTS, [*ON_LISTS, "sum", "sum(start=5)"]),
        (TEXT_LISTS, ON_LISTS),
        (["rows"], ON_ROWS),
    ):
        yield from (f"({a}) | {b}" for a, b in itertools.product(values, filters) if "_" not in b)
    yield from (f"({a}) is {b}" for a in LOGIC for b in ("none", "not none", "defined"))
    yield from (f"nothing.{a} is {b}" for a in "ab" for b in ("none",))


def _pairs(left: list[str], signs: list[str], right: list[str]) -> Iterator[str]:
    return (" ".join(each) for each in itertools.product(left, signs, right))


def composed(count: int) -> Iterator[str]:
    """Give expressions of several operators, so that precedence and chains are seen."""
    chance = random.Random(5)  # noqa: S311 - always the same, and no secret
    for _ in range(count):
        a, b, c, d = (chance.choice(NUMBERS) for _ in range(4))
        s, t = chance.choice(TEXTS), chance.choice(TEXTS)
        x, y = (chance.choice(["+", "-", "*", "/", "//", "%"]) for _ in range(2))
        less, more = chance.choice(ORDER), chance.choice(ORDER)
        yield chance.choice(
            (
                f"{a} {x} {b} {y} {c}",
                f"{a} {x} ({b} {y} {c}) {less} {d}",
                f"{a} {less} {b} {more} {c}",
                f"not {a} {less} {b} or {c} {more} {d} and {s} == {t}",
                f"{s} ~ {t} | upper ~ 'z'",
                f"{s} if {a} {less} {b} else {t}",
                f"-{a} | round {x} {b}",
                f"[{a}, {b} {x} {c}][1] {y} {d}",
                f"{{'k': {a} {x} {b}, 'l': [{s}]}}",
            )
        )


def plain(value: Any) -> Any:
    """Turn Jinja's generators, tuples and markup into the lists and texts that they stand for."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, Iterator | list | tuple | range):
        return [plain(each) for each in value]
    if isinstance(value, Undefined) or callable(value) or value in (float("inf"), float("-inf")):
        raise TypeError("no JSON")
    return value


def by_jinja(text: str) -> Any:
    try:
        return plain(ORACLE.compile_expression(text, undefined_to_none=False)(**CONTEXT))
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, NameError):
        return FAILED


def by_us(text: str) -> Any:
    try:
        return compile_expression(text)(CONTEXT)
    except ExpressionError:
        return FAILED


def typed(value: Any) -> Any:
    """Make 1, 1.0 and true different."""
    if isinstance(value, list):
        return [typed(each) for each in value]
    if isinstance(value, dict):
        return {key: typed(each) for key, each in value.items()}
    return (type(value).__name__, value)


def test_the_grid_means_what_jinja_means() -> None:
    texts = [*grid(), *composed(600)]
    assert len(set(texts)) > 3_000

    found = {text: (by_us(text), by_jinja(text)) for text in set(texts)}

    different = {text: pair for text, pair in found.items() if typed(pair[0]) != typed(pair[1])}
    assert different == {}
    assert sum(ours == FAILED for ours, _ in found.values()) < len(found) / 5


ROW = re.compile(r"^\| `(.+?)` \| (error|`.+?`) \| (error|`.+?`) \| .+ \|$", re.MULTILINE)


def rows() -> list[tuple[str, ...]]:
    text = PAGE.read_text(encoding="utf-8").replace("\\|", "\x00")
    return [tuple(each.replace("\x00", "|") for each in row) for row in ROW.findall(text)]


def stated(cell: str) -> Any:
    return FAILED if cell == FAILED else json.loads(cell.strip("`"))


@pytest.mark.parametrize(("text", "ours", "theirs"), rows())
def test_a_difference_is_as_the_page_says(text: str, ours: str, theirs: str) -> None:
    assert typed(by_us(text)) == typed(stated(ours))
    assert typed(by_jinja(text)) == typed(stated(theirs))


def test_the_page_has_all_of_its_rows() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## What it costs")[0]
    assert len(rows()) == table.count("\n| `") > 40

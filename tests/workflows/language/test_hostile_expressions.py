"""Hostile expressions: each line of ``hostile/*.txt`` is an error with a name, or cheap and plain.

The bars are 50 ms of CPU and 16 MB beyond what the names hold already. A text that takes longer is
tried again, and the least counts; where fixed work takes longer than on a quiet machine, a text may
take longer by as much.
"""

import contextlib
import time
import tracemalloc
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from workflows.language.expressions import (
    ExpressionError,
    InvalidExpression,
    LimitExceeded,
    MissingValue,
    Secret,
    SecretText,
    compile_expression,
    compile_template,
)

FOLDER = Path(__file__).parent / "hostile"
MILLISECONDS = 50
QUIET = 8.0  # ms that making and sorting so many ROWS takes on a quiet machine
ROWS = 25_000
BYTES = 16 * 1024 * 1024
TRIES = 8
JSON_TYPES = (dict, list, str, int, float, bool, type(None), Secret, SecretText)
PYTHON_SHOWS = ("<class", "<function", "<built-in", "object at 0x", "root:x:", "__main__")


def lines(name: str) -> list[str]:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("# ")]


def source(line: str) -> str:
    """Return the text that a line of ``shapes.txt`` stands for."""
    _, number, piece = line.split(" ", 2)
    return piece.replace("NUL", "\x00").replace("SURROGATE", "\ud800") * int(number[:-1])


def nested(levels: int) -> Any:
    value: Any = ["x" * 100]
    for _ in range(levels):
        value = [value, 1]
    return value


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    return {
        "data": {"a": 1, "b": [1, 2]},
        "rows": [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}],
        "text": "hello",
        "large": "x" * 262_144,
        "many": [f"t{number}" for number in range(100_000)],
        "deep": nested(90),
        "wide": [[["x" * 1000] * 100] * 100] * 100,
        "brackets": "[" * 250_000,
        "braces": '{"a":' * 50_000,
        "digits": "9" * 250_000,
        "people": [{"name": f"n{number % 997}", "tags": ["x"] * 3} for number in range(25_000)],
    }


def outcome(text: str, names: dict[str, Any]) -> Any:
    try:
        return compile_expression(text)(names)
    except ExpressionError as error:
        return error


def slowness() -> float:
    """Return how many times as long as on a quiet machine fixed work takes now; never less than 1.

    It walks over many small values, as the longest of these expressions do: where others use the
    caches of the processor, that takes longer, and a loop over numbers does not.
    """
    begun = time.process_time()
    sorted(({"name": f"n{number % 997}"} for number in range(ROWS)), key=itemgetter("name"))
    return max(1.0, (time.process_time() - begun) * 1000 / QUIET)


def is_quick(text: str, names: dict[str, Any]) -> bool:
    """Say whether *text* is compiled, as one never seen, and evaluated within the bar."""
    for number in range(TRIES):
        begun = time.process_time()
        outcome(text + " " * number, names)
        spent = (time.process_time() - begun) * 1000
        if spent < MILLISECONDS or spent < MILLISECONDS * slowness():
            return True
    return False


def peak(text: str, names: dict[str, Any]) -> int:
    """Return the most bytes that *text* held at once."""
    tracemalloc.start()
    try:
        outcome(text + "  ", names)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def parts(value: Any, left: int = 200) -> Iterator[Any]:
    """Walk over the first parts of *value*."""
    yield value
    if isinstance(value, dict | list) and left:
        for each in list(value.values() if isinstance(value, dict) else value)[:20]:
            yield from parts(each, left // 20)


def check(text: str, names: dict[str, Any]) -> None:
    """Say that it is an error with a place and a sentence, or a value of the language."""
    found = outcome(text, names)
    if isinstance(found, ExpressionError):
        assert found.offset is not None
        assert found.source == text
        assert 0 < len(str(found)) < 1000
    else:
        assert all(type(each) in JSON_TYPES for each in parts(found))
        texts = "".join(each[:1000] for each in parts(found) if isinstance(each, str))
        assert not any(shown in texts for shown in PYTHON_SHOWS)


def test_there_are_enough_of_them() -> None:
    assert len(lines("reach")) + len(lines("bombs")) + len(lines("shapes")) >= 350
    assert len(set(lines("reach") + lines("bombs"))) == len(lines("reach") + lines("bombs"))


@pytest.mark.parametrize("text", lines("reach"))
def test_no_text_reaches_what_is_behind_its_names(text: str, names: dict[str, Any]) -> None:
    check(text, names)
    assert is_quick(text, names)
    try:
        rendered = compile_template("{{ " + text + " }}")(names)
    except ExpressionError:
        return
    assert all(type(each) in JSON_TYPES for each in parts(rendered))


@pytest.mark.parametrize("text", lines("bombs"))
def test_no_text_costs_much(text: str, names: dict[str, Any]) -> None:
    check(text, names)
    assert is_quick(text, names)
    assert peak(text, names) < BYTES


@pytest.mark.parametrize("line", lines("shapes"))
def test_no_source_is_hard_to_refuse(line: str) -> None:
    text = source(line)
    names = {"a": {"a": 1}}
    check(text, names)
    assert is_quick(text, names)
    assert peak(text, names) < BYTES
    with contextlib.suppress(InvalidExpression, LimitExceeded, MissingValue):
        compile_template("{{ " + text)(names)


def test_a_secret_never_shows() -> None:
    """Whatever is done to a handle in the corpus, what comes out holds no more than its name."""
    for text in lines("reach"):
        if "secrets" in text:
            found = outcome(text, {"text": "hello", "data": {}, "rows": []})
            shown = [str(each) for each in parts(found) if isinstance(each, str)]
            assert "Secret(" not in "".join(shown)

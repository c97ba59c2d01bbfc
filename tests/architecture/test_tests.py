"""Rules for the tests themselves."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOCKS = {"unittest.mock", "mock", "pytest_mock", "respx", "responses"}


@dataclass(frozen=True, slots=True)
class Written:
    """What the rules ask about a file. The tree of it is let go: four hundred of them weigh a lot."""

    imported: frozenset[str]
    tests: tuple[str, ...]
    takes: frozenset[str]  # the names of all arguments


def names(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def read(source: str) -> Written:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = list(ast.walk(ast.parse(source)))
    named = [node.name for node in nodes if isinstance(node, functions)]
    return Written(
        frozenset(name for node in nodes for name in names(node)),
        tuple(name for name in named if name.startswith("test")),
        frozenset(node.arg for node in nodes if isinstance(node, ast.arg)),
    )


@cache
def everything() -> dict[str, Written]:
    return {str(path.relative_to(ROOT)): read(path.read_text(encoding="utf-8")) for path in TESTS}


def test_there_is_no_init_below_tests() -> None:
    assert TESTS
    assert [str(path) for path in TESTS if path.name == "__init__.py"] == []


def test_nothing_is_mocked() -> None:
    found = {name: sorted(file.imported & MOCKS) for name, file in everything().items()}
    takes_mocker = [name for name, file in everything().items() if "mocker" in file.takes]

    assert {name: mocks for name, mocks in found.items() if mocks} == {}
    assert takes_mocker == []


def test_names_are_sentences() -> None:
    short = {
        f"{name}: {test}"
        for name, file in everything().items()
        for test in file.tests
        if len(test.split("_")) < 4  # test_ and three words: who, does, what
    }

    assert short == set()


def test_no_name_stands_twice_in_a_file() -> None:
    """The second of two equal names would hide the first, which then never runs."""
    for name, file in everything().items():
        assert len(file.tests) == len(set(file.tests)), name


def test_a_mock_would_be_found() -> None:
    for line in ("from unittest import mock", "import unittest.mock as m"):
        assert read(line).imported & MOCKS
    assert "mocker" in read("def test_it(mocker): pass").takes

"""Rules for the tests themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOCKS = {"unittest.mock", "mock", "pytest_mock", "respx", "responses"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def names_of_tests(tree: ast.AST) -> list[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = [node.name for node in ast.walk(tree) if isinstance(node, functions)]
    return [name for name in names if name.startswith("test")]


def parsed() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in TESTS
    }


def test_there_is_no_init_below_tests() -> None:
    assert TESTS
    assert [str(path) for path in TESTS if path.name == "__init__.py"] == []


def test_nothing_is_mocked() -> None:
    found = {name: sorted(set(imported(tree)) & MOCKS) for name, tree in parsed().items()}
    takes_mocker = [
        name
        for name, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.arg) and node.arg == "mocker"
    ]

    assert {name: mocks for name, mocks in found.items() if mocks} == {}
    assert takes_mocker == []


def test_names_are_sentences() -> None:
    short = {
        f"{name}: {test}"
        for name, tree in parsed().items()
        for test in names_of_tests(tree)
        if len(test.split("_")) < 4  # test_ and three words: who, does, what
    }

    assert short == set()


def test_no_name_stands_twice_in_a_file() -> None:
    """The second of two equal names would hide the first, which then never runs."""
    for name, tree in parsed().items():
        tests = names_of_tests(tree)
        assert len(tests) == len(set(tests)), name


def test_a_mock_would_be_found() -> None:
    for line in ("from unittest import mock", "import unittest.mock as m"):
        assert set(imported(ast.parse(line))) & MOCKS

"""Rules for the tests themselves."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOCKS = {"unittest.mock", "mock", "pytest_mock", "respx", "responses"}
FORKED = {"tests/prove/power/recordings.py"}  # what it changes, it changes in a process of its own
OURS = ("baton", "bot", "coordination", "devslack", "handlers", "workflows")


@dataclass(frozen=True, slots=True)
class Written:
    """What the rules ask about a file. The tree of it is let go: four hundred of them weigh a lot."""

    imported: frozenset[str]
    tests: tuple[str, ...]
    takes: frozenset[str]  # the names of all arguments
    changed: frozenset[str]  # what it assigns to in modules of the product


def names(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(node: ast.AST) -> Iterator[str]:
    """Yield the names by which a file knows modules of the product, as a statement imports them."""
    if isinstance(node, ast.Import):
        yield from (each.asname or each.name for each in node.names if is_ours(each.name))
    elif isinstance(node, ast.ImportFrom):
        found = [each for each in node.names if is_ours(f"{node.module}.{each.name}")]
        yield from (each.asname or each.name for each in found)


def is_ours(dotted: str) -> bool:
    place = ROOT.joinpath(*dotted.split("."))
    return dotted.startswith(OURS) and (place.is_dir() or place.with_suffix(".py").exists())


def changes(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield what is assigned to in a module of the product: it would stay so for all later tests."""
    known = {name for node in nodes for name in modules(node)}
    for node in nodes:
        assigned = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if assigned and ast.unparse(node.value) in known:
            yield ast.unparse(node)


def read(source: str) -> Written:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = list(ast.walk(ast.parse(source)))
    named = [node.name for node in nodes if isinstance(node, functions)]
    return Written(
        frozenset(name for node in nodes for name in names(node)),
        tuple(name for name in named if name.startswith("test")),
        frozenset(node.arg for node in nodes if isinstance(node, ast.arg)),
        frozenset(changes(nodes)),
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


def test_what_a_test_changes_in_a_module_is_undone() -> None:
    """By `monkeypatch`, or a `MonkeyPatch.context`; a bare assignment is met by other tests."""
    found = {name: sorted(file.changed) for name, file in everything().items()}

    assert {name for name, changed in found.items() if changed} == FORKED


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


def test_an_assignment_that_stays_would_be_found() -> None:
    for line in (
        "import bot.lifecycle\nbot.lifecycle.create_api = None",
        "from bot.slack import delivery as late\nlate.LOOK_AGAIN: int = 3",
        "from coordination import turns\ndef test_it(): turns.FLOOR, x = 1, 2",
    ):
        assert read(line).changed, line
    assert not read("from bot.app import Baton\nbaton = Baton()\nbaton.door = None").changed

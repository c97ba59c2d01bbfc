"""One word for one thing, and none of the words that say nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("baton", "coordination", "workflows", "handlers", "bot", "devslack")
SAY_NOTHING = {
    *("manager", "engine", "service", "processor", "executor", "helper", "helpers"),
    *("util", "utils", "misc", "common"),
}


def words(name: str) -> set[str]:
    """Take a snake_case or CamelCase name apart."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def named(path: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield each name that *path* brings, and the words that it may not hold."""
    yield path.stem, SAY_NOTHING
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node.name, SAY_NOTHING | {"handler"}  # handler is a folder, never a class


def wrong(path: Path) -> list[str]:
    return [f"{path.relative_to(ROOT)}: {name}" for name, bad in named(path) if words(name) & bad]


def test_modules_and_classes_are_named_for_what_they_are() -> None:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]

    assert len(paths) > 100
    assert [place for path in sorted(paths) for place in wrong(path)] == []


def test_no_folder_has_a_name_that_says_nothing() -> None:
    folders = [p for package in PACKAGES for p in (ROOT / package).rglob("*") if p.is_dir()]

    assert [str(p.relative_to(ROOT)) for p in folders if words(p.name) & SAY_NOTHING] == []


@pytest.mark.parametrize("name", ["RunManager", "http_utils", "HTTPService", "executor"])
def test_a_name_that_says_nothing_is_found(name: str) -> None:
    assert words(name) & SAY_NOTHING


def test_a_word_inside_a_word_is_none() -> None:
    assert not words("Utility") & SAY_NOTHING
    assert not words("serviceable_parts") & SAY_NOTHING

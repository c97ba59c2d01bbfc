"""A function fits on a screen and a module in a head."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("baton", "coordination", "workflows", "handlers", "bot", "devslack")
MODULE = 400
FUNCTION = 40  # the aim is 30; ruff counts statements, this counts lines


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of the body, without its docstring."""
    first = function.body[1:] if ast.get_docstring(function, clean=False) else function.body
    return (first[-1].end_lineno or 0) - first[0].lineno + 1 if first else 0


def long_functions(path: Path) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {body_lines(node)} lines"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > FUNCTION
    ]


def test_no_module_is_longer_than_400_lines() -> None:
    paths = [*modules(*PACKAGES, "tests", "examples", "benchmarks"), ROOT / "run.py"]
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}

    assert len(paths) > 100
    assert {str(p.relative_to(ROOT)): n for p, n in sizes.items() if n > MODULE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    paths = [*modules(*PACKAGES, "examples", "benchmarks"), ROOT / "run.py"]

    assert [place for path in paths for place in long_functions(path)] == []


@pytest.mark.parametrize(("lines", "found"), [(FUNCTION, 0), (FUNCTION + 1, 1)])
def test_a_docstring_does_not_count_and_one_line_more_does(lines: int, found: int) -> None:
    source = "def f():\n    '''One.\n\n    Two.\n    '''\n" + "    x = 1\n" * lines
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)

    assert int(body_lines(function) > FUNCTION) == found

"""What a module may do: nothing at import, no environment, no swallowed errors, an exact ``__all__``."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("baton", "coordination", "workflows", "handlers", "bot", "devslack")
OURS = {*PACKAGES, "connectors"}
SERVER = ("coordination", "workflows", "handlers", "bot")
RUN_BY_SOMEBODY_ELSE = ("__main__.py", "env.py")  # Python and Alembic start these on purpose
STATEMENTS = (
    *(ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
    *(ast.Assign, ast.AnnAssign),
)

# Imports everything, and reports what a module did beside being imported.
WATCH = """
import importlib, os, sys
seen = []
def watch(event, args):
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writes and ".pyc" not in str(args[0]) and "__pycache__" not in str(args[0]):
        seen.append((event, str(args[0])))
    elif event.startswith(("socket.connect", "socket.bind", "subprocess", "os.mkdir", "os.remove",
                           "os.fork", "sqlite3.connect", "_thread.start", "os.putenv")):
        seen.append((event, ""))
sys.addaudithook(watch)
for name in sys.argv[1:]:
    before = len(seen)
    importlib.import_module(name)
    for event, what in seen[before:]:
        print(name, event, what)
"""


def paths(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def declares(node: ast.stmt) -> bool:
    """Say whether a statement only declares: a text, an index of a table, an import that may fail."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = ast.unparse(node.value.func)
        return called == "Index" or called.endswith(".model_rebuild")
    if isinstance(node, ast.Try):
        return [ast.unparse(handler.type or node) for handler in node.handlers] == ["ImportError"]
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, STATEMENTS)


def at_import(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the statements of a module that do something when it is imported."""
    yield from (place(path, node) for node in tree.body if not declares(node))


def mutable(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield what looks like state: a global statement, or an empty container to be filled later."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield place(path, node)
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Dict | ast.List | ast.Set | ast.Call) and ast.unparse(value) in {
            *("{}", "[]", "set()", "dict()", "list()"),
        }:
            yield place(path, node)


def swallowed(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the places that catch everything and do nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "BaseException"
            silent = all(isinstance(part, ast.Pass | ast.Continue) for part in node.body)
            if silent and ("Exception" in caught.split(".")[-1:] or caught == "BaseException"):
                yield place(path, node)
        elif isinstance(node, ast.Call) and ast.unparse(node).endswith("suppress(Exception)"):
            yield place(path, node)


def environment(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the places that read the environment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield place(path, node)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            taken = {alias.name for alias in node.names} & {"environ", "getenv"}
            yield from (place(path, node) for _ in taken)


def exported(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return None


@pytest.mark.parametrize("rule", [at_import, mutable, swallowed])
def test_a_module_does_nothing_at_import_keeps_no_state_and_swallows_no_error(rule: object) -> None:
    assert callable(rule)
    found = [
        where
        for path in paths(*PACKAGES)
        if path.name not in RUN_BY_SOMEBODY_ELSE
        for where in rule(path, parse(path))
    ]

    assert found == []


def test_only_the_settings_read_the_environment() -> None:
    settings = ROOT / "bot" / "settings.py"
    found = [
        where
        for path in paths(*SERVER)
        if path != settings
        for where in environment(path, parse(path))
    ]

    assert found == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (at_import, "import os\nprint(os)"),
        (at_import, "for x in (): pass"),
        (mutable, "seen = {}"),
        (mutable, "def f():\n    global x"),
        (swallowed, "try:\n    x()\nexcept Exception:\n    pass"),
        (swallowed, "with contextlib.suppress(Exception):\n    x()"),
        (environment, "import os\nos.environ['X']"),
        (environment, "from os import getenv"),
    ],
)
def test_each_rule_finds_what_it_forbids(rule: object, source: str) -> None:
    assert callable(rule)
    assert list(rule(ROOT / "planted.py", ast.parse(source)))


def bound(tree: ast.Module) -> set[str]:
    """Say which names a module has once it is imported."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_all_names_what_is_there_and_each_name_once() -> None:
    for path in paths(*PACKAGES):
        tree = parse(path)
        names, there = exported(tree) or [], bound(tree)
        unknown = set() if "__getattr__" in there else set(names) - there  # it loads them later
        assert (unknown, len(names)) == (set(), len(set(names))), path


def test_nobody_takes_from_a_module_what_it_does_not_offer() -> None:
    """Where a module has ``__all__``, that is what the others may import."""
    offered = {dotted(path): exported(parse(path)) for path in paths(*PACKAGES)}
    found = []
    for path in paths(*PACKAGES):
        for node in ast.walk(parse(path)):
            if not (isinstance(node, ast.ImportFrom) and node.module in offered and not node.level):
                continue
            names = offered[node.module]
            for alias in node.names:
                is_module = f"{node.module}.{alias.name}" in offered
                if names is not None and alias.name not in names and not is_module:
                    found.append(f"{place(path, node)} {node.module}.{alias.name}")

    assert found == []


def test_importing_everything_opens_starts_and_writes_nothing() -> None:
    names = [
        dotted(path)
        for path in paths(*PACKAGES)
        if path.name not in RUN_BY_SOMEBODY_ELSE and "versions" not in path.parts
    ]
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_nobody_else_claims_our_names() -> None:
    """Installers merge two distributions that bring the same top-level name without a word."""
    claims = {name: set(who) for name, who in packages_distributions().items() if name in OURS}

    assert {name: who for name, who in claims.items() if who - {"baton-bus"}} == {}
    assert set(claims) <= {"baton"}

"""Each contract of pyproject.toml, kept by the tree and broken by a planted import."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]
NAMES = {contract["id"]: contract["name"] for contract in LINTER["contracts"]}

# One wrong import for each contract: the module that is planted, and what it imports.
PLANTED = {
    "stack": ("coordination.planted_stack", "import workflows.core"),
    "workflows": ("workflows.core.planted_workflows", "import workflows.language"),
    "core": ("workflows.core.planted_core", "import structlog"),
    "core-clock": ("workflows.core.planted_clock", "import time"),
    "language": ("workflows.language.planted_language", "import coordination.database"),
    "slack": ("handlers.http.planted_slack", "import slack_bolt, slack_sdk"),
    "database": ("workflows.planted_database", "import sqlalchemy, alembic"),
    "secrets": ("coordination.planted_secrets", "import cryptography"),
    "sqlite": ("coordination.database.planted_sqlite", "import sqlite3"),
    "patterns": ("workflows.actions.planted_patterns", "import re2"),
    "routes": ("handlers.slack.planted_routes", "import fastapi, sse_starlette"),
    "world": ("bot.slack.planted_world", "import httpx"),
    "models": ("coordination.planted_models", "import pydantic"),
    "yaml": ("handlers.http.planted_yaml", "import yaml"),
    "sdk": ("baton.planted_sdk", "import rich"),
    "connector": ("baton.planted_connector", "import baton.connector"),
    "devslack-out": ("devslack.planted_out", "import baton"),
    "devslack-in": ("bot.planted_in", "import devslack"),
    "cycles": ("coordination.planted_cycles", "import coordination.database.planted_back"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run lint-imports on the packages below *folder*."""
    linter = Path(sys.executable).with_name("lint-imports")
    command = [linter, "--no-logo", "--no-cache", "--config", folder / "pyproject.toml"]
    return subprocess.run(
        [*map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "400", "PATH": "/usr/bin:/bin", "PYTHONPATH": ""},
    )


def plant(folder: Path, module: str, text: str) -> None:
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Plant everything into a copy of the tree and return what is said about each contract."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in LINTER["root_packages"]:
        shutil.copytree(
            ROOT / package,
            folder / package,
            ignore=shutil.ignore_patterns("__pycache__", "static", "*.yaml", "*.html"),
        )
    for module, text in PLANTED.values():
        plant(folder, module, text)
    plant(folder, "coordination.database.planted_back", "import coordination.planted_cycles")
    done = lint(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return sections(done.stdout.partition("Broken contracts")[2])


def sections(text: str) -> dict[str, str]:
    """Take what is said about the broken contracts apart, by their names."""
    names = "|".join(re.escape(name) for name in NAMES.values())
    _, *parts = re.split(rf"^({names})\n-+$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_tree_keeps_every_contract() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(NAMES)} kept, 0 broken." in done.stdout


def test_every_contract_has_a_planted_import() -> None:
    assert set(PLANTED) == set(NAMES)


@pytest.mark.parametrize("contract", sorted(PLANTED))
def test_a_planted_import_breaks_the_contract(contract: str, complaints: dict[str, str]) -> None:
    said = complaints.get(NAMES[contract], "")

    for imported in re.split(r",\s*", PLANTED[contract][1].removeprefix("import ")):
        assert PLANTED[contract][0].rpartition(".")[2] in said, (contract, said)
        assert imported.split(".")[0] in said, (contract, said)

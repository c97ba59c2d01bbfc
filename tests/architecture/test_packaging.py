"""What carries Baton elsewhere: the image, the process file, the sample project, the commit hooks."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTIONS = {
    *("FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"),
}


def instructions() -> list[tuple[str, str]]:
    """Read the Dockerfile: comments away, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = [line.partition(" ") for line in joined.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, _, rest in pairs]


def last_stage() -> list[tuple[str, str]]:
    read = instructions()
    start = max(at for at, (word, _) in enumerate(read) if word == "FROM")
    return read[start:]


def offered_commands() -> set[str]:
    """Say which commands `python -m bot --help` lists."""
    if not (ROOT / "bot" / "__main__.py").exists():
        pytest.skip("python -m bot is not built yet")
    env = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "bot", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=env)
    return set(re.findall(r"\w+", done.stdout))


def test_every_instruction_of_the_image_is_one() -> None:
    assert {word for word, _ in instructions()} == INSTRUCTIONS


def test_the_pages_are_built_in_a_stage_of_their_own() -> None:
    stages = [rest for word, rest in instructions() if word == "FROM"]

    assert [bool(re.fullmatch(r"node:\d+-slim AS pages", s)) for s in stages] == [True, False]
    assert ("COPY", "--from=pages /baton/handlers/http/static handlers/http/static") in last_stage()


def test_what_the_image_copies_is_there() -> None:
    if not (ROOT / "web" / "package.json").exists():
        pytest.skip("the pages are not built yet")
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY"]
    names = [name for names in copied if not names[0].startswith("--from") for name in names]

    assert len(names) >= 6
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_image_runs_as_nobody_special_and_says_whether_it_is_well() -> None:
    said = dict(last_stage())

    assert said["USER"] == "baton"
    assert "/healthz" in said["HEALTHCHECK"]
    probe = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    compile(probe[2], "HEALTHCHECK", "exec")
    order = [word for word, _ in last_stage()]
    assert order.index("USER") > max(at for at, word in enumerate(order) if word == "RUN")


def test_what_the_image_and_the_process_file_start_exists() -> None:
    procfile = (ROOT / "Procfile").read_text(encoding="utf-8")
    lines = dict(line.split(": ", 1) for line in procfile.splitlines())
    started = re.findall(r"python -m bot (\w+)", f"{procfile} {dict(last_stage())['CMD']}")

    assert set(lines) == {"release", "web"}
    assert [shlex.split(line)[:3] for line in lines.values()] == [["python", "-m", "bot"]] * 2
    assert set(started) == {"migrate", "serve"}
    assert set(started) <= offered_commands()


def test_the_image_takes_no_developers_leftovers_along() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert {".git", ".venv", ".baton", "**/node_modules", "handlers/http/static"} <= set(ignored)


def test_commit_hooks_fetch_nothing() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))

    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    assert {hook["language"] for repo in hooks["repos"] for hook in repo["hooks"]} == {"system"}


def test_the_wheel_holds_the_sdk_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["name"] == "baton-bus"
    assert project["project"]["dependencies"] == []
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["baton"]


@pytest.mark.parametrize("suite", ["unit", "integration"])
def test_the_sample_project_passes_its_own_tests(suite: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", f"tests/{suite}"]
    shop = ROOT / "examples" / "webshop"
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert not (shop / "dist").exists()
    assert not (shop / "releases").exists()


def test_ci_runs_check_then_tests_and_stops_at_the_first_failure() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    steps = re.findall(r"^\s*python3 run\.py (\w+)", text, re.MULTILINE)

    assert steps[:2] == ["check", "test"]
    assert set(steps[2:]) == {"prove", "bench"}
    assert "set -euo pipefail" in text
    assert "export BATON_REQUIRE=browser" in text
    assert os.access(ROOT / ".ci" / "run", os.X_OK)

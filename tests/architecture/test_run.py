"""run.py, which a stranger meets first."""

import ast
import io
import re
import shutil
import subprocess
import sys
from functools import partial
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import run

ROOT = Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "run.py").read_text(encoding="utf-8")


def answer(*words: str, program: Path = ROOT / "run.py") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(program), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What run.py writes to stderr."""
    text = io.StringIO()
    monkeypatch.setattr(run, "say", partial(print, file=text))
    return text


def stage(folder: Path, *does: str, want: str = "v1", fails: bool = False) -> run.Stage:
    def work() -> None:
        with (folder / "work").open("a", encoding="utf-8") as file:
            file.write("".join(does))
        if fails:
            raise OSError("the disk is full")

    return run.Stage("trying", work, folder / "stamp", want)


def test_it_needs_nothing_but_python_and_fits_in_200_lines() -> None:
    tree = ast.parse(SOURCE)
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}

    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names
    assert len(SOURCE.splitlines()) < 200


def test_an_older_python_can_still_read_the_sentence_that_is_for_it() -> None:
    ast.parse(SOURCE, feature_version=(3, 7))
    before = SOURCE.partition("if sys.version_info")[0]

    assert "from typing" not in before  # nothing that an older Python lacks comes earlier
    assert "Baton needs Python 3.11 or newer" in SOURCE


def test_help_make_and_the_verbs_tell_the_same() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    helped = re.findall(r"^  ([a-z]+) +\S", answer("--help").stdout, re.MULTILINE)
    made = re.findall(r"^\t\$\(RUN\) ([a-z]+)", makefile, re.MULTILINE)
    phony = re.findall(r"^\.PHONY: help (.+)$", makefile, re.MULTILINE)[0].split()

    assert set(helped) == set(made) == set(phony) == set(run.VERBS)
    assert [f"{verb}:" in makefile for verb in phony] == [True] * len(phony)


def test_a_verb_typed_wrong_is_answered_with_the_nearest() -> None:
    done = answer("tset")

    assert done.returncode == 2
    assert done.stderr == "There is no verb 'tset'. Did you mean 'test'?\n"
    assert done.stdout == ""


def test_no_verb_at_all_is_answered_with_the_verbs() -> None:
    assert answer().returncode == 2
    assert "demo" in answer().stderr


def test_a_part_that_is_not_built_says_so(tmp_path: Path) -> None:
    alone = shutil.copy(ROOT / "run.py", tmp_path)

    for verb in ("demo", "schema", "prove", "docs"):
        done = answer(verb, program=alone)
        assert done.returncode == 2
        assert done.stderr == f"run.py {verb}: this part of Baton is not built yet.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["run.py"]  # and nothing was set up for it


def test_a_proof_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    proofs = tmp_path / "tests" / "prove"
    for name in ("kill", "power"):
        (proofs / name).mkdir(parents=True)
        (proofs / name / "__main__.py").touch()
    (proofs / "verdict.py").touch()
    done = answer("prove", "kil", program=shutil.copy(ROOT / "run.py", tmp_path))

    assert run.chosen(proofs, ["power", "--json"]) == ["-mtests.prove.power", "--json"]
    assert run.chosen(ROOT / "benchmarks", ["core"]) == [str(ROOT / "benchmarks" / "core.py")]
    assert done.returncode == 2
    assert done.stderr == "Name one of these: kill, power\n"


def test_what_is_done_is_not_done_again(tmp_path: Path, said: io.StringIO) -> None:
    assert run.play([stage(tmp_path, "a")])
    assert run.play([stage(tmp_path, "a")])

    assert (tmp_path / "work").read_text(encoding="utf-8") == "a"
    assert re.fullmatch(r"\[1/1\] trying \d+\.\d s\n", said.getvalue())


def test_what_changed_is_done_again(tmp_path: Path) -> None:
    run.play([stage(tmp_path, "a", want="v1")])
    run.play([stage(tmp_path, "b", want="v2")])

    assert (tmp_path / "work").read_text(encoding="utf-8") == "ab"


def test_what_was_broken_off_is_done_again_even_if_the_wish_is_the_old_one(tmp_path: Path) -> None:
    run.play([stage(tmp_path, "a", want="v1")])
    with pytest.raises(SystemExit):
        run.play([stage(tmp_path, "b", want="v2", fails=True)])
    run.play([stage(tmp_path, "c", want="v1")])

    assert (tmp_path / "work").read_text(encoding="utf-8") == "abc"


def test_baton_starts_without_its_pages_and_says_how_to_get_them(
    tmp_path: Path, said: io.StringIO
) -> None:
    first, second, pages = (tmp_path / name for name in ("venv", "packages", "pages"))
    for folder in (first, second, pages):
        folder.mkdir()

    assert not run.play([stage(first), stage(second), stage(pages, fails=True)])
    assert "the disk is full" in said.getvalue()
    assert "python3 run.py web" in said.getvalue()
    assert not (pages / "stamp").exists()


def test_an_environment_that_is_only_linked_is_not_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is somebody else's: making one of our own begins with taking all out of it."""
    theirs, link = tmp_path / "theirs", tmp_path / ".venv"
    theirs.mkdir()
    (theirs / ".baton-venv").write_text("their clone")
    link.symlink_to(theirs)
    monkeypatch.setattr(run, "VENV", link)

    with pytest.raises(SystemExit) as refused:
        run.perform("bench", [], [])

    assert str(refused.value).startswith(f"{link} is a link")
    assert "Remove the link" in str(refused.value)
    assert (theirs / ".baton-venv").read_text() == "their clone"


def imported(folder: Path) -> set[str]:
    """Return the outermost names that the programs of *folder* import."""
    nodes = [
        n for file in folder.glob("*.py") for n in ast.walk(ast.parse(file.read_text("utf-8")))
    ]
    names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


def test_a_benchmark_gets_the_packages_of_its_yardsticks_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "VENV", tmp_path)  # that of a linked clone is refused
    asked: list[run.Stage] = []
    monkeypatch.setattr(run, "play", lambda stages: asked.extend(stages) or True)
    assert run.perform("bench", [], []) == 0
    stamp = asked[-1].stamp.name.removeprefix(".baton-")
    locks = [ROOT / "requirements.lock", ROOT / f"{stamp}.lock"]
    locked = {
        re.sub(r"[-_.]+", "-", name).lower()
        for lock in locks
        for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text("utf-8"), re.MULTILINE)
    }

    found = packages_distributions()
    others = {name: found[name] for name in imported(ROOT / "benchmarks") if name in found}
    outside = {name: dists for name, dists in others.items() if "baton-bus" not in dists}
    assert {"jinja2", "yaml"} <= set(outside)
    assert [n for n, dists in outside.items() if not locked & {d.lower() for d in dists}] == []


def test_a_program_that_fails_shows_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(run.CalledProcessError) as failed:
        run.quiet(sys.executable, "-c", "print('why'); raise SystemExit(3)")

    assert failed.value.returncode == 3
    assert failed.value.output == "why\n"

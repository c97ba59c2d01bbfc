"""Repository, revision and branch, read from the files of git folders that git itself has made."""

import os
import subprocess
from pathlib import Path

import pytest

from baton.collected.git import read_git
from baton.collected.remote import repository

NAMED = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
}  # fmt: skip


def git(where: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=where, env={**os.environ, **NAMED}, check=True, capture_output=True
    )
    return done.stdout.decode().strip()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with one commit on the branch feature/x."""
    folder = tmp_path / "web"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", "git@GitHub.com:acme/web.git")
    git(folder, "commit", "-q", "--allow-empty", "-m", "One")
    git(folder, "checkout", "-q", "-b", "feature/x")
    return folder


def test_a_branch_its_revision_and_its_repository_are_found(work: Path) -> None:
    deep = work / "src" / "deep"
    deep.mkdir(parents=True)
    found = {"repo": "github.com/acme/web", "sha": git(work, "rev-parse", "HEAD"), "ref": "feature/x"}  # fmt: skip

    assert read_git(str(work), {}) == found
    assert read_git(str(deep), {}) == found


def test_a_ceiling_stops_the_way_up_as_it_stops_git(work: Path) -> None:
    deep = work / "src" / "deep"
    deep.mkdir(parents=True)
    ceiling = {"GIT_CEILING_DIRECTORIES": f"/nowhere{os.pathsep}{work}"}

    assert read_git(str(deep), ceiling) == {}
    assert read_git(str(work), ceiling)["ref"] == "feature/x"


def test_packed_refs_are_read(work: Path) -> None:
    git(work, "pack-refs", "--all")
    assert not (work / ".git/refs/heads/feature").exists()

    assert read_git(str(work), {})["sha"] == git(work, "rev-parse", "HEAD")


def test_a_detached_head_has_no_branch(work: Path) -> None:
    git(work, "checkout", "-q", "--detach")

    assert read_git(str(work), {}).keys() == {"repo", "sha"}


def test_before_the_first_commit_there_is_a_branch_alone(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")

    assert read_git(str(tmp_path), {}) == {"ref": "main"}


@pytest.mark.parametrize("packed", [False, True])
def test_a_linked_work_tree_has_its_own_head_and_the_common_rest(
    work: Path, *, packed: bool
) -> None:
    linked = work.parent / "linked"
    git(work, "worktree", "add", "-q", "-b", "hotfix", str(linked))
    git(linked, "commit", "-q", "--allow-empty", "-m", "Two")
    if packed:
        git(work, "pack-refs", "--all")

    assert read_git(str(linked), {}) == {
        "repo": "github.com/acme/web", "sha": git(linked, "rev-parse", "HEAD"), "ref": "hotfix",
    }  # fmt: skip
    assert read_git(str(work), {})["ref"] == "feature/x"


def test_a_submodule_is_a_repository_of_its_own(work: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "main")
    git(other, "commit", "-q", "--allow-empty", "-m", "Other")
    git(work, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub")
    git(work / "sub", "remote", "set-url", "origin", "https://gitlab.com/acme/sub.git")

    found = read_git(str(work / "sub"), {})
    assert (found["repo"], found["sha"]) == (
        "gitlab.com/acme/sub",
        git(other, "rev-parse", "HEAD"),
    )


def test_the_default_branch_of_a_clone_is_known(work: Path, tmp_path: Path) -> None:
    git(work, "checkout", "-q", "main")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(work), str(clone))

    found = read_git(str(clone), {})
    assert (found["default_branch"], found["ref"]) == ("main", "main")
    assert "repo" not in found  # a path on this machine is no repository that others know


def test_the_folder_may_be_named_by_the_environment(work: Path, tmp_path: Path) -> None:
    assert read_git(str(tmp_path), {"GIT_DIR": "web/.git"})["ref"] == "feature/x"
    assert read_git(str(tmp_path), {}) == {}


CONFIG = """
[core]
\tbare = false ; not
[remote "Origin"]
\turl = https://wrong.example/a/b
[remote "origin"]
\tfetch = +refs/heads/*:refs/remotes/origin/*
\tURL = "https://ada:token@git.example:8443/acme/web.git" # where
[branch "main"]
\tremote = origin
"""


def test_comments_quotes_and_sections_of_the_config_are_understood(work: Path) -> None:
    (work / ".git/config").write_text(CONFIG)

    assert read_git(str(work), {})["repo"] == "git.example/acme/web"


def fake_git(folder: Path, script: str) -> str:
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    return str(folder)


@pytest.fixture
def reftable(work: Path) -> Path:
    with (work / ".git/config").open("a") as config:
        config.write("[extensions]\n\trefStorage = reftable\n")
    (work / ".git/HEAD").write_text("ref: refs/heads/.invalid\n")
    return work


def test_git_is_asked_where_its_files_are_in_another_format(
    reftable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = "3f1c" * 10
    script = f'echo "$@" >> {tmp_path}/asked; echo {sha}'
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", script), prepend=":")

    assert read_git(str(reftable), {}) == {"repo": "github.com/acme/web", "sha": sha}
    assert (tmp_path / "asked").read_text() == "rev-parse HEAD\n"


@pytest.mark.parametrize("script", ["sleep 5", "exit 1", "echo nonsense"])
def test_a_git_that_does_not_answer_is_not_waited_for(
    reftable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", f"exec {script}"), prepend=":")
    monkeypatch.setattr("baton.collected.git._PATIENCE", 0.2)

    assert read_git(str(reftable), {}) == {"repo": "github.com/acme/web"}


@pytest.mark.parametrize(
    "head", ["", "ref: ../../../etc/passwd", "ref: refs/../../x", "gibberish", "\x00", "a" * 39]
)
def test_a_broken_head_says_nothing(work: Path, head: str) -> None:
    (work / ".git/HEAD").write_text(head)

    assert read_git(str(work), {}) == {"repo": "github.com/acme/web"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@host:o/r.git", "host/o/r"),
        ("ssh://git@host:22/o/r", "host/o/r"),
        ("https://user:tok@host/o/r.git", "host/o/r"),
        ("https://HOST.example/O/r/", "host.example/O/r"),
        ("git://host/o/r.git", "host/o/r"),
        ("ssh://git@[::1]:22/o/r", "::1/o/r"),
        ("host:r.git", "host/r"),
        ("https://gitlab.com/group/sub/r.git", "gitlab.com/group/sub/r"),
        ("/srv/git/r.git", None),
        ("../r.git", None),
        ("file:///srv/r.git", None),
        ("C:\\code\\r", None),
        ("C:/code/r", None),
        ("", None),
        ("https://host/", None),
    ],
)
def test_remotes_are_brought_into_one_form(url: str, name: str | None) -> None:
    assert repository(url) == name

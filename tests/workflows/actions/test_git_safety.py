"""What a repository says about programs is never heard, whichever action looks at it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bot.world.repositories import Repositories
from tests.workflows.actions.fakes import Perform
from tests.workflows.actions.repository import new_shop, sh
from workflows.actions import built_in
from workflows.actions.registry import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(built_in(environment={}, repositories=Repositories(tmp_path)))


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, to be copied."""
    return new_shop(tmp_path_factory.mktemp("first"))


@pytest.fixture
def shop(first: Path, tmp_path: Path) -> Path:
    """A repository of one's own with one commit."""
    return Path(shutil.copytree(first, tmp_path / "shop"))


SHOP = {"repository": "shop"}
EVERYTHING: list[tuple[str, dict[str, Any]]] = [
    ("git.status", {}),
    ("git.log", {"paths": ["a.txt"]}),
    ("git.diff", {}),
    ("git.diff", {"base": "HEAD~1", "head": "HEAD"}),
    ("git.branch", {"name": "fresh", "switch": True}),
    ("git.commit", {"message": "More"}),
]


async def touch_everything(perform: Perform) -> None:
    for name, params in EVERYTHING:
        await perform(name, {**SHOP, **params})


def trap(shop: Path) -> tuple[Path, Path]:
    """Return a program that leaves a mark when it is run, and the mark."""
    mark, program = shop.parent / "mark", shop.parent / "trap.sh"
    program.write_text(f"#!/bin/sh\necho $0 $@ >> {mark}\ncat\n")
    program.chmod(0o755)
    return program, mark


def two_commits(shop: Path) -> None:
    (shop / "a.txt").write_text("one\ntwo\n")
    sh(shop, "commit", "-q", "-a", "-m", "Second")
    (shop / "a.txt").write_text("one\ntwo\nthree\n")
    (shop / "b.txt").write_text("new\n")


HOOKS = ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-checkout"]
MORE_HOOKS = ["reference-transaction", "post-index-change", "fsmonitor-watchman", "pre-auto-gc"]
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n"
CONFIGS = [
    *("core.fsmonitor", "diff.evil.textconv", "core.sshCommand", "core.gitProxy", "core.askPass"),
    *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver"),
    *("gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "credential.helper"),
    *("core.pager", "pager.log", "core.editor", "sequence.editor", "interactive.diffFilter"),
    *("uploadpack.packObjectsHook", "core.alternateRefsCommand", "alias.status"),
]


@pytest.mark.parametrize("place", [".git/hooks", "hooks"])
async def test_no_program_that_a_repository_names_is_run(
    perform: Perform, shop: Path, place: str
) -> None:
    two_commits(shop)
    program, mark = trap(shop)
    (shop / place).mkdir(exist_ok=True)
    for name in (*HOOKS, *MORE_HOOKS):
        (shop / place / name).symlink_to(program)
    (shop / ".gitattributes").write_text(ATTRIBUTES)
    lines = [
        f'[{section} "{part}"]' if part else f"[{section}]"
        for section, _, part in (key.rpartition(".")[0].partition(".") for key in CONFIGS)
    ]
    keys = [f"\t{key.rpartition('.')[2]} = {program}" for key in CONFIGS]
    evil = "\n".join(line for both in zip(lines, keys, strict=True) for line in both)
    more = f"[commit]\n\tgpgSign = true\n[log]\n\tshowSignature = true\n{evil}\n"
    if place == "hooks":  # the same, said in other ways
        more += f"[diff]\n\texternal = {program}\n[core]\n\thooksPath = {shop / place}\n"
        (shop.parent / "other").write_text(more)
        (shop / ".git/config.worktree").write_text(more)
        more = f"[include]\n\tpath = {shop.parent}/other\n[extensions]\n\tworktreeConfig = true\n"
    with (shop / ".git/config").open("a") as config:
        config.write(more + "[core]\n\tautocrlf = false\n")

    await touch_everything(perform)

    assert not mark.exists(), mark.read_text()
    assert sh(shop, "-c", "core.fsmonitor=", "rev-list", "--count", "fresh") == "3"


async def test_what_a_submodule_says_is_not_heard(perform: Perform, shop: Path) -> None:
    two_commits(shop)
    program, mark = trap(shop)
    inner = shop / "inner"
    inner.mkdir()
    sh(inner, "init", "-q", "-b", "main")
    (inner / "x").write_text("1")
    sh(inner, "add", ".")
    sh(inner, "commit", "-q", "-m", "Inner")
    sh(shop, "-c", "protocol.file.allow=always", "submodule", "add", "-q", "./inner", "inner")
    sh(shop, "commit", "-q", "-m", "With a submodule")
    sh(inner, "config", "core.fsmonitor", str(program))
    sh(shop, "config", "diff.submodule", "diff")
    sh(shop, "config", "submodule.recurse", "true")
    (inner / "x").write_text("2")
    (shop / "loose").mkdir()
    sh(shop / "loose", "init", "-q")
    sh(shop / "loose", "config", "core.fsmonitor", str(program))
    (shop / "loose/y").write_text("1")
    mark.unlink(missing_ok=True)

    await touch_everything(perform)

    assert not mark.exists(), mark.read_text()
    assert "loose" not in sh(shop, "ls-tree", "-r", "--name-only", "fresh")


async def test_the_variables_of_the_server_do_not_reach_git(
    perform: Perform, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_commits(shop)
    program, mark = trap(shop)
    for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS"):
        monkeypatch.setenv(name, str(program))
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(program))

    await perform("git.diff", SHOP)
    await perform("git.log", SHOP)

    assert not mark.exists()


async def test_the_trap_works(shop: Path) -> None:
    two_commits(shop)
    program, mark = trap(shop)
    sh(shop, "config", "core.fsmonitor", str(program))
    sh(shop, "status")
    assert mark.exists()

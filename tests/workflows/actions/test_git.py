"""The actions on repositories, on real ones."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from baton.connector import Failed, NotStarted
from bot.world.repositories import Repositories
from tests.workflows.actions.fakes import Context, Perform
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


async def test_a_clean_repository_is_clean(perform: Perform, shop: Path) -> None:
    status = await perform("git.status", SHOP)
    assert (status.branch, status.sha) == ("main", sh(shop, "rev-parse", "HEAD"))
    assert (status.clean, status.files, status.truncated) == (True, [], False)


async def test_status_tells_what_is_staged_and_what_is_not(perform: Perform, shop: Path) -> None:
    (shop / "a.txt").write_text("two\n")
    (shop / "new file.txt").write_text("new\n")
    (shop / "staged.txt").write_text("s\n")
    (shop / "ignored.tmp").write_text("x")
    (shop / ".gitignore").unlink()
    (shop / ".git/info/exclude").write_text("*.tmp\n")
    sh(shop, "add", "staged.txt")

    status = await perform("git.status", SHOP)

    assert not status.clean
    assert {each.path: (each.staged, each.unstaged) for each in status.files} == {
        ".gitignore": (None, "deleted"),
        "a.txt": (None, "modified"),
        "new file.txt": (None, "untracked"),
        "staged.txt": ("added", None),
    }


async def test_status_can_be_of_some_paths(perform: Perform, shop: Path) -> None:
    (shop / "a.txt").write_text("two\n")
    (shop / "b[1].txt").write_text("new\n")
    (shop / "b1.txt").write_text("new\n")
    status = await perform("git.status", {**SHOP, "paths": ["b[1].txt"]})
    assert [each.path for each in status.files] == ["b[1].txt"]


async def test_log_lists_commits_newest_first(perform: Perform, shop: Path) -> None:
    first = sh(shop, "rev-parse", "HEAD")
    (shop / "a.txt").write_text("two\n")
    sh(shop, "commit", "-q", "-a", "-m", "Second")

    log = await perform("git.log", SHOP)
    since = await perform("git.log", {**SHOP, "since": first})

    assert [each.subject for each in log.commits] == ["Second", "First"]
    assert log.commits[0].parents == [first]
    assert (log.commits[1].body, log.commits[1].author) == ("With more to say.", "Ada")
    assert log.commits[1].at.tzinfo is not None
    assert [each.subject for each in since.commits] == ["Second"]
    assert [each.subject for each in (await perform("git.log", {**SHOP, "limit": 1})).commits] == [
        "Second"
    ]


async def test_diff_compares_commits_and_the_folder(perform: Perform, shop: Path) -> None:
    first = sh(shop, "rev-parse", "HEAD")
    (shop / "a.txt").write_text("one\ntwo\n")
    (shop / "b.bin").write_bytes(b"\0\1\2")
    sh(shop, "add", ".")
    now = await perform("git.diff", SHOP)
    sh(shop, "commit", "-q", "-m", "Second")
    between = await perform("git.diff", {**SHOP, "base": first, "head": "main"})

    assert now == between
    assert [each.model_dump() for each in now.files] == [
        {"path": "a.txt", "added": 1, "removed": 0},
        {"path": "b.bin", "added": None, "removed": None},
    ]
    assert "+two" in now.patch
    assert not now.truncated
    assert (await perform("git.diff", SHOP)).files == []


async def test_a_long_diff_is_cut_at_its_end_and_says_so(perform: Perform, shop: Path) -> None:
    (shop / "a.txt").write_text("a long line of text\n" * 200_000)
    diff = await perform("git.diff", SHOP)
    assert diff.truncated
    assert len(diff.patch) == 256 * 1024
    assert diff.patch.startswith("diff --git a/a.txt")
    assert diff.files[0].added == 200_000


async def test_a_branch_is_made_once_and_never_moved(perform: Perform, shop: Path) -> None:
    made = await perform("git.branch", {**SHOP, "name": "fix/1"})
    again = await perform("git.branch", {**SHOP, "name": "fix/1"})
    assert (made.created, again.created) == (True, False)
    assert [each.name for each in made.branches] == ["fix/1", "main"]
    assert made.current == "main"

    old = sh(shop, "rev-parse", "HEAD")
    (shop / "a.txt").write_text("two\n")
    sh(shop, "commit", "-q", "-a", "-m", "Second")
    with pytest.raises(Failed, match=r"is there, at") as caught:
        await perform("git.branch", {**SHOP, "name": "fix/1"})
    assert caught.value.type == "exists"
    assert sh(shop, "rev-parse", "fix/1") == old


async def test_a_repository_goes_to_a_new_branch_and_keeps_its_files(
    perform: Perform, shop: Path
) -> None:
    (shop / "a.txt").write_text("two\n")
    made = await perform("git.branch", {**SHOP, "name": "fix", "switch": True})
    assert made.current == "fix"
    assert sh(shop, "status", "--short", "--branch") == "## fix\n M a.txt"


async def test_no_switch_changes_files(perform: Perform, shop: Path) -> None:
    (shop / "a.txt").write_text("two\n")
    sh(shop, "commit", "-q", "-a", "-m", "Second")
    with pytest.raises(Failed, match="not at the commit"):
        await perform("git.branch", {**SHOP, "name": "old", "start": "HEAD~1", "switch": True})
    assert sh(shop, "branch", "--show-current") == "main"
    assert (shop / "a.txt").read_text() == "two\n"


async def test_a_commit_holds_what_changed(perform: Perform, shop: Path) -> None:
    before = sh(shop, "rev-parse", "HEAD")
    (shop / "a.txt").write_text("two\n")
    (shop / "deep").mkdir()
    (shop / "deep/new.txt").write_text("new\n")
    (shop / "left.tmp").write_text("ignored")

    made = await perform("git.commit", {**SHOP, "message": "-m is no option\n\nBody."})

    assert made.created
    assert (made.branch, made.files) == ("main", ["a.txt", "deep/new.txt"])
    assert sh(shop, "log", "-1", "--format=%H %P %an <%ae>|%cn|%s|%b") == (
        f"{made.sha} {before} Baton <baton@localhost>|Baton|-m is no option|Body."
    )
    assert sh(shop, "status", "--short") == ""


async def test_deleted_files_and_folders_that_became_files_are_committed(
    perform: Perform, shop: Path
) -> None:
    (shop / "x").mkdir()
    (shop / "x/y").write_text("1")
    sh(shop, "add", ".")
    sh(shop, "commit", "-q", "-m", "x")
    (shop / "x/y").unlink()
    (shop / "x").rmdir()
    (shop / "x").write_text("file")
    (shop / "a.txt").unlink()
    made = await perform("git.commit", {**SHOP, "message": "Change"})
    assert made.created
    assert sh(shop, "ls-tree", "-r", "--name-only", "HEAD").split() == [".gitignore", "x"]


async def test_only_the_named_paths_are_committed(perform: Perform, shop: Path) -> None:
    (shop / "a.txt").write_text("two\n")
    (shop / "b.txt").write_text("b\n")
    author = {"name": "Grace", "email": "grace@example.com"}
    given = {**SHOP, "message": "B", "paths": ["b.txt"], "author": author}
    made = await perform("git.commit", given)
    assert made.files == ["b.txt"]
    assert sh(shop, "status", "--short") == "M a.txt"
    assert sh(shop, "log", "-1", "--format=%an <%ae>") == "Grace <grace@example.com>"


async def test_nothing_new_is_no_commit(perform: Perform, shop: Path) -> None:
    made = await perform("git.commit", {**SHOP, "message": "Nothing"})
    assert (made.created, made.sha, made.files) == (False, sh(shop, "rev-parse", "HEAD"), [])
    assert sh(shop, "rev-list", "--count", "HEAD") == "1"


async def test_the_first_commit_of_all(perform: Perform, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    sh(folder, "init", "-q", "-b", "trunk")
    assert (await perform("git.status", {"repository": "empty"})).sha is None
    nothing = await perform("git.commit", {"repository": "empty", "message": "Nothing"})
    (folder / "a").write_text("a")
    made = await perform("git.commit", {"repository": "empty", "message": "Begin"})
    assert (nothing.created, nothing.sha) == (False, None)
    assert (made.created, made.branch, made.files) == (True, "trunk", ["a"])
    assert sh(folder, "log", "--format=%s") == "Begin"


async def test_a_repository_with_longer_names_is_understood(
    perform: Perform, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    sh(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    (folder / "a").write_text("a")
    made = await perform("git.commit", {"repository": "long", "message": "Begin"})
    assert len(made.sha) == 64
    assert (await perform("git.status", {"repository": "long"})).clean


async def test_in_the_middle_of_a_merge_nothing_is_committed(perform: Perform, shop: Path) -> None:
    sh(shop, "switch", "-q", "-c", "other")
    (shop / "a.txt").write_text("other\n")
    sh(shop, "commit", "-q", "-a", "-m", "Other")
    sh(shop, "switch", "-q", "main")
    (shop / "a.txt").write_text("main\n")
    sh(shop, "commit", "-q", "-a", "-m", "Main")
    with pytest.raises(subprocess.CalledProcessError):
        sh(shop, "merge", "-q", "other")

    status = await perform("git.status", SHOP)
    assert [(each.path, each.unstaged) for each in status.files] == [("a.txt", "conflicted")]
    with pytest.raises(Failed, match="MERGE_HEAD") as caught:
        await perform("git.commit", {**SHOP, "message": "Half"})
    assert caught.value.type == "busy"
    assert sh(shop, "rev-list", "--count", "HEAD") == "2"


async def test_on_no_branch_nothing_is_committed(perform: Perform, shop: Path) -> None:
    sh(shop, "checkout", "-q", "--detach")
    (shop / "a.txt").write_text("two\n")
    assert (await perform("git.status", SHOP)).branch is None
    with pytest.raises(Failed, match="on no branch"):
        await perform("git.commit", {**SHOP, "message": "Lost"})


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("git.log", {"revision": "--output=/tmp/x"}),
        ("git.log", {"revision": "-n1"}),
        ("git.log", {"since": "--all"}),
        ("git.log", {"revision": "a b"}),
        ("git.log", {"revision": ":/First"}),
        ("git.log", {"revision": ""}),
        ("git.log", {"paths": ["../other"]}),
        ("git.log", {"paths": ["/etc"]}),
        ("git.diff", {"base": "--no-index"}),
        ("git.diff", {"head": "-O/etc/passwd"}),
        ("git.branch", {"name": "-D"}),
        ("git.branch", {"name": "a\nb"}),
        ("git.branch", {"name": "ok", "start": "--track"}),
        ("git.commit", {"message": " \n"}),
        ("git.commit", {"message": "a\0b"}),
        ("git.commit", {"message": "m", "author": {"name": "a\nb"}}),
        ("git.commit", {"message": "m", "author": {"email": "<x>"}}),
    ],
)
async def test_what_could_be_taken_for_something_else_is_refused(
    perform: Perform, name: str, params: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        await perform(name, {**SHOP, **params})


@pytest.mark.parametrize("name", ["a..b", "a.lock", "HEAD^", "@{-1}", "/"])
async def test_a_name_that_git_does_not_take_makes_no_branch(
    perform: Perform, shop: Path, name: str
) -> None:
    with pytest.raises((Failed, ValidationError)):
        await perform("git.branch", {**SHOP, "name": name})
    assert sh(shop, "branch", "--format=%(refname:short)") == "main"


async def test_an_unknown_revision_is_named(perform: Perform, shop: Path) -> None:
    with pytest.raises(Failed, match="no commit 'v9'") as caught:
        await perform("git.log", {**SHOP, "revision": "v9"})
    assert caught.value.type == "revision"


@pytest.mark.parametrize("place", ["plain", "..", "/etc", "link", "file"])
async def test_only_repositories_below_the_root_are_looked_at(
    perform: Perform, shop: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "link").symlink_to(shop)
    (tmp_path / "file").mkdir()
    (tmp_path / "file/.git").write_text(f"gitdir: {shop}/.git\n")
    with pytest.raises((Failed, NotStarted)) as caught:
        await perform("git.status", {"repository": place})
    assert caught.value.type == "repository"


@pytest.mark.parametrize("part", ["objects", "HEAD", "index", "refs/heads/main"])
async def test_a_repository_that_borrows_from_elsewhere_is_refused(
    perform: Perform, shop: Path, tmp_path: Path, part: str
) -> None:
    away = tmp_path.parent / f"{tmp_path.name}-away"
    place = shop / ".git" / part
    place.rename(away)
    place.symlink_to(away)
    with pytest.raises(Failed, match="leads elsewhere"):
        await perform("git.status", SHOP)


async def test_objects_of_another_repository_are_not_read(
    perform: Perform, shop: Path, tmp_path: Path
) -> None:
    (shop / ".git/objects/info").mkdir(exist_ok=True)
    (shop / ".git/objects/info/alternates").write_text("/elsewhere/objects\n")
    with pytest.raises(Failed, match="alternates"):
        await perform("git.status", SHOP)


async def test_without_git_the_actions_say_so(ctx: Context, shop: Path) -> None:
    none = Registry(built_in(environment={})).require("git.status")
    with pytest.raises(NotStarted, match="not available"):
        await none(none.params.model_validate(SHOP), ctx)

    gone = Registry(
        built_in(environment={}, repositories=Repositories(shop.parent, program="/nowhere/git"))
    )
    with pytest.raises(NotStarted, match="could not be started"):
        await gone.require("git.status")(none.params.model_validate(SHOP), ctx)

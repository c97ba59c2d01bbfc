"""Makes a commit from the small commands of git, none of which runs a program of the repository.

`git add` and `git commit` would look into submodules, and with that into configurations that are not
ours. These do not: they read the files, write objects, and move one branch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from baton.connector import Failed, Files
from workflows.actions.repositories import Repository

__all__ = ["Made", "commit_changes"]

BATCH: Final = 200  # paths in one call
MOST_INSIDE: Final = 10_000  # entries of the folder .git
IN_BETWEEN: Final = frozenset(
    {"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"}
)


@dataclass(frozen=True, slots=True)
class Made:
    """What became of it: the commit that the branch is at, and the files that it changes."""

    branch: str
    sha: str | None
    created: bool
    files: list[str]


async def commit_changes(
    repository: Repository,
    paths: Sequence[str],
    message: str,
    identity: tuple[str, str],
    files: Files,
) -> Made:
    """Commit what differs at *paths*, or everywhere.

    Raises:
        Failed: it is on no branch, or in the middle of a merge; or git says no.
    """
    branch = await _ready(repository, files)
    parent = await repository.maybe("HEAD^{commit}")
    await _stage(repository, paths)
    tree = (await repository.text("write-tree"))[0].strip()
    before = None if parent is None else await repository.maybe("HEAD^{tree}")
    if tree == before or (before is None and not (await repository.words("ls-files", "-z"))[0]):
        return Made(branch, parent, created=False, files=[])
    parents = [] if parent is None else ["-p", parent]
    said, _ = await repository.text("commit-tree", tree, *parents, "-m", message, identity=identity)
    sha = said.strip()
    await repository.text("update-ref", f"refs/heads/{branch}", sha, parent or "0" * len(sha))
    changed, _ = await repository.words(
        "diff-tree", "-r", "--root", "--no-commit-id", "--name-only", "--no-renames", "-z", sha
    )
    return Made(branch, sha, created=True, files=changed)


async def _ready(repository: Repository, files: Files) -> str:
    """Return the branch that the repository is on."""
    branch = await repository.branch()
    if branch is None:
        raise Failed(f"{repository.path[:200]!r} is on no branch", type="detached")
    inside = await files.entries(f"{repository.path}/.git", recursive=False, most=MOST_INSIDE)
    names = {each.path.rpartition("/")[2] for each in inside}
    if begun := sorted(names & IN_BETWEEN):
        raise Failed(
            f"{repository.path[:200]!r} is in the middle of something: {begun[0]}", type="busy"
        )
    return branch


async def _stage(repository: Repository, paths: Sequence[str]) -> None:
    """Have the index hold what differs: changed, new and deleted files."""
    found, cut = await repository.words(
        "ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard", "--", *paths
    )
    if cut:
        raise Failed("too many files changed for one commit: name paths", type="limit")
    # A folder with a repository of its own comes with a slash, and stays out.
    names = [name for name in dict.fromkeys(found) if not name.endswith("/")]
    for at in range(0, len(names), BATCH):
        batch = names[at : at + BATCH]
        await repository.text("update-index", "--add", "--remove", "--replace", "--", *batch)

"""`git.*`: look at a repository below BATON_ROOT, make branches in it, and commit to it.

What the repository says about programs is never read: no hooks, no filters, no monitor, no signing.
The World's part that runs git sees to that. Nothing is sent anywhere.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from baton.connector import Action, ActionContext, Connector, Failed, Params, action
from workflows.actions.committing import commit_changes
from workflows.actions.files import FilePath
from workflows.actions.repositories import Git, NoGit, Repository

__all__ = ["Git", "connector"]

MOST_FILES = 5_000
MOST_PATCH = 256 * 1024
MOST_BRANCHES = 1_000
FIELDS = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%s%x00%b"
DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--ignore-submodules=all")
Change = Literal["added", "modified", "deleted", "untracked", "conflicted"]
CHANGES: dict[str, Change] = {
    "A": "added", "M": "modified", "T": "modified", "D": "deleted", "?": "untracked",
}  # fmt: skip


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/") or "\0" in path:
        raise ValueError("paths are relative to the repository, and do not lead out of it")
    return path


Name = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^-\s\x00-\x1f<>][^\x00-\x1f<>]*$")
]
Revision = Annotated[
    str,
    Field(
        min_length=1, max_length=200, pattern=r"^[^-\s\x00-\x20:?*\[\\{][^\s\x00-\x20:?*\[\\{]*$"
    ),
]
Paths = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_inside)]],
    Field(max_length=200),
]


class Where(Params):
    repository: FilePath = Field(
        description="The folder that holds `.git`, relative to BATON_ROOT.", examples=["webshop"]
    )


class OfPaths(Where):
    paths: Paths = Field(
        default_factory=list,
        description="Only these files and folders, relative to the repository; left out, all.",
        examples=[["src", "README.md"]],
    )


class ChangedFile(BaseModel):
    path: str = Field(description="The path, relative to the repository.")
    staged: Change | None = Field(description="What the next commit would hold of it.")
    unstaged: Change | None = Field(description="What differs from that in the folder.")


class Standing(BaseModel):
    branch: str | None = Field(description="The branch it is on; null where it is on none.")
    sha: str | None = Field(description="The last commit; null where there is none yet.")
    clean: bool = Field(description="Whether nothing differs from it.")
    files: list[ChangedFile] = Field(description="What differs, at most 5,000 files.")
    truncated: bool = Field(description="Whether there are more.")


def _status(git: Git) -> Action:
    @action("git.status", repeatable=True)
    async def status(params: OfPaths, ctx: ActionContext) -> Standing:  # noqa: ARG001 - git does all
        """Say which branch a repository is on and which files differ from its last commit.

        Submodules are not looked into.
        """
        repository = Repository(git, params.repository)
        options = ("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames")
        said, cut = await repository.words(
            "status", *options, "--ignore-submodules=all", "--", *params.paths
        )
        return _standing(said, cut=cut)

    return status


def _standing(said: list[str], *, cut: bool) -> Standing:
    heads = dict(line[2:].split(" ", 1) for line in said if line.startswith("# "))
    files = [_changed(line) for line in said if not line.startswith("# ")]
    branch, sha = heads.get("branch.head"), heads.get("branch.oid")
    return Standing(
        branch=None if branch == "(detached)" else branch,
        sha=None if sha == "(initial)" else sha,
        clean=not files,
        files=files[:MOST_FILES],
        truncated=cut or len(files) > MOST_FILES,
    )


def _changed(line: str) -> ChangedFile:
    """Read one line of git's second short format."""
    kind, rest = line.split(" ", 1)
    if kind == "?":
        return ChangedFile(path=rest, staged=None, unstaged="untracked")
    if kind == "u":
        return ChangedFile(path=rest.split(" ", 9)[9], staged=None, unstaged="conflicted")
    both = rest[:2]
    return ChangedFile(
        path=rest.split(" ", 7)[7], staged=CHANGES.get(both[0]), unstaged=CHANGES.get(both[1])
    )


class History(OfPaths):
    revision: Revision = Field("HEAD", description="The newest commit: a branch, a tag or a sha.")
    since: Revision | None = Field(
        None, description="A commit that is not listed any more, nor any before it."
    )
    limit: int = Field(20, ge=1, le=500, description="How many commits at most.")


class Commit(BaseModel):
    sha: str = Field(description="Its name.")
    parents: list[str] = Field(description="The commits before it; two and more after a merge.")
    author: str = Field(description="Who wrote it.")
    email: str = Field(description="Their address, as the commit has it.")
    at: datetime = Field(description="When it was written.")
    subject: str = Field(description="The first line of the message.")
    body: str = Field(description="The rest of the message.")


class Log(BaseModel):
    commits: list[Commit] = Field(description="The commits, newest first.")
    count: int = Field(description="How many there are.")


def _log(git: Git) -> Action:
    @action("git.log", repeatable=True)
    async def log(params: History, ctx: ActionContext) -> Log:  # noqa: ARG001 - as above
        """List commits, newest first."""
        repository = Repository(git, params.repository)
        span = [await repository.sha(params.revision)]
        if params.since is not None:
            span.append(f"^{await repository.sha(params.since)}")
        said, cut = await repository.words(
            "log",
            "-z",
            f"--max-count={params.limit}",
            f"--format={FIELDS}",
            *span,
            "--",
            *params.paths,
        )
        if cut:
            raise Failed("these commits say more than 2 MiB: ask for fewer", type="limit")
        size = FIELDS.count("%x00") + 1
        commits = [_commit(said[at : at + size]) for at in range(0, len(said) - size + 1, size)]
        return Log(commits=commits, count=len(commits))

    return log


def _commit(said: list[str]) -> Commit:
    sha, parents, author, email, at, subject, body = said
    return Commit(
        sha=sha,
        parents=parents.split(),
        author=author,
        email=email,
        at=datetime.fromisoformat(at),
        subject=subject,
        body=body.strip(),
    )


class Between(OfPaths):
    base: Revision = Field("HEAD", description="What is compared: a branch, a tag or a sha.")
    head: Revision | None = Field(
        None, description="And with what; left out, with the files as they are in the folder."
    )


class DiffOfFile(BaseModel):
    path: str = Field(description="The path, relative to the repository.")
    added: int | None = Field(description="Lines that came; null where it is no text.")
    removed: int | None = Field(description="Lines that went; null where it is no text.")


class Diff(BaseModel):
    files: list[DiffOfFile] = Field(description="What differs, at most 5,000 files.")
    patch: str = Field(description="The differences themselves, at most 256 KiB.")
    truncated: bool = Field(description="Whether there is more than is shown.")


def _diff(git: Git) -> Action:
    @action("git.diff", repeatable=True)
    async def diff(params: Between, ctx: ActionContext) -> Diff:  # noqa: ARG001 - as above
        """Compare two commits, or a commit with the files as they are.

        Files that git does not know yet are not in it; `git.status` lists them.
        """
        repository = Repository(git, params.repository)
        named = [params.base] if params.head is None else [params.base, params.head]
        what = [*[await repository.sha(each) for each in named], "--", *params.paths]
        files, cut = await repository.words("diff", *DIFF, "--numstat", "-z", *what)
        patch, cut_too = await repository.text("diff", *DIFF, "--patch", *what)
        return Diff(
            files=[_numbers(line) for line in files[:MOST_FILES]],
            patch=patch[:MOST_PATCH],
            truncated=cut or cut_too or len(files) > MOST_FILES or len(patch) > MOST_PATCH,
        )

    return diff


def _numbers(line: str) -> DiffOfFile:
    added, removed, path = line.split("\t", 2)
    if added == "-":
        return DiffOfFile(path=path, added=None, removed=None)
    return DiffOfFile(path=path, added=int(added), removed=int(removed))


class NewBranch(Where):
    name: Revision | None = Field(
        None, description="A branch to make; left out, branches are only listed.", examples=["fix"]
    )
    start: Revision = Field("HEAD", description="The commit that the new branch begins at.")
    switch: bool = Field(
        default=False,
        description="Whether the repository is on that branch afterwards. No file is changed, so "
        "it must begin at the commit that the repository is on.",
    )


class Branch(BaseModel):
    name: str = Field(description="Its name.")
    sha: str = Field(description="The commit that it is at.")


class Branches(BaseModel):
    current: str | None = Field(description="The branch that the repository is on.")
    created: bool = Field(description="False where the branch was there, at the same commit.")
    branches: list[Branch] = Field(description="All branches, at most 1,000, by name.")


def _branch(git: Git) -> Action:
    @action("git.branch", repeatable=True)
    async def branch(params: NewBranch, ctx: ActionContext) -> Branches:
        """List the branches of a repository, and make one if it is named.

        One that is there already, at another commit, fails the step: no branch is ever moved.
        """
        repository = Repository(git, params.repository)
        created = False
        if params.name is not None:
            created = await repository.begin_branch(params.name, params.start)
        if params.name is not None and params.switch:
            await repository.switch(params.name, ctx.files)
        listed, _ = await repository.text(
            "for-each-ref",
            f"--count={MOST_BRANCHES}",
            "--format=%(refname:strip=2) %(objectname)",
            "refs/heads",
        )
        pairs = [line.rpartition(" ") for line in listed.splitlines()]
        return Branches(
            current=await repository.branch(),
            created=created,
            branches=[Branch(name=name, sha=sha) for name, _, sha in pairs],
        )

    return branch


class Author(Params):
    name: Name = Field("Baton", description="The name.")
    email: Name = Field("baton@localhost", description="The address.")


class Changes(OfPaths):
    message: str = Field(
        min_length=1,
        max_length=10_000,
        pattern=r"^[^\x00]*[^\s\x00][^\x00]*$",
        description="What it says; the first line is the subject.",
        examples=["Note the prices of {{ inputs.day }}"],
    )
    author: Author = Field(default_factory=Author, description="Who commits.")


class Committed(BaseModel):
    sha: str | None = Field(description="The new commit, or the last where nothing was new.")
    branch: str = Field(description="The branch that it is on.")
    created: bool = Field(description="False where there was nothing to commit.")
    files: list[str] = Field(description="The files that it changes, at most 5,000.")


def _commit_action(git: Git) -> Action:
    @action("git.commit", repeatable=False)
    async def commit(params: Changes, ctx: ActionContext) -> Committed:
        """Commit the files that changed, new and deleted ones too, except what git is to ignore.

        What somebody staged before is in it as well. No hook is run and nothing is signed. It is
        never repeated by itself: after a crash in the middle a person looks.
        """
        repository = Repository(git, params.repository)
        identity = (params.author.name, params.author.email)
        made = await commit_changes(repository, params.paths, params.message, identity, ctx.files)
        return Committed(
            sha=made.sha, branch=made.branch, created=made.created, files=made.files[:MOST_FILES]
        )

    return commit


def connector(git: Git | None = None) -> Connector:
    """Make the actions on repositories; without *git* they say that there is none."""
    there = git or NoGit()
    makers = (_status, _log, _diff, _branch, _commit_action)
    return Connector("git", actions=tuple(make(there) for make in makers))

"""What the actions on repositories ask of git, one question a method."""

from collections.abc import Sequence
from typing import NoReturn, Protocol

from baton.connector import Failed, Files, Finished, NotStarted

__all__ = ["Git", "NoGit", "Repository"]


class Git(Protocol):
    """Runs git on a repository below BATON_ROOT, with nothing of its configuration."""

    async def run(
        self, repository: str, arguments: Sequence[str], *, identity: tuple[str, str] | None = None
    ) -> Finished:
        """Run git with *arguments*. Of its output the beginning is kept; ``truncated`` says if cut.

        Raises:
            NotStarted: there is no such repository, or no git.
            Failed: it leads outside BATON_ROOT, or took too long.
        """


class NoGit:
    """Where nobody gave us a git to run."""

    async def run(
        self,
        repository: str,  # noqa: ARG002 - as the port has it
        arguments: Sequence[str],  # noqa: ARG002
        *,
        identity: tuple[str, str] | None = None,  # noqa: ARG002
    ) -> Finished:
        raise NotStarted("git is not available here", type="not_allowed")


class Repository:
    """A repository, as git tells of it. *path* is relative to BATON_ROOT."""

    def __init__(self, git: Git, path: str) -> None:
        self._git = git
        self.path = path

    async def text(
        self, command: str, *arguments: str, identity: tuple[str, str] | None = None
    ) -> tuple[str, bool]:
        """Return what git says, and whether there was more.

        Raises:
            Failed: of type ``git``, with what git complains about.
        """
        done = await self._git.run(self.path, [command, *arguments], identity=identity)
        if done.exit_code != 0:
            self._refused(command, done)
        return done.stdout, done.truncated

    async def words(self, command: str, *arguments: str) -> tuple[list[str], bool]:
        """Return what git ends with zero bytes; the last, where it was cut off, is left out."""
        said, cut = await self.text(command, *arguments)
        return said.split("\0")[:-1], cut

    async def sha(self, revision: str) -> str:
        """Return the commit that *revision* names.

        Raises:
            Failed: of type ``revision``; there is none.
        """
        found = await self.maybe(f"{revision}^{{commit}}")
        if found is None:
            raise Failed(f"{self.path[:200]!r} has no commit {revision[:200]!r}.", type="revision")
        return found

    async def maybe(self, name: str) -> str | None:
        """Return the object that *name* stands for, or None."""
        arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", name]
        done = await self._git.run(self.path, arguments)
        return done.stdout.strip() or None if done.exit_code == 0 else None

    async def branch(self) -> str | None:
        """Return the branch it is on, or None where it is on none."""
        done = await self._git.run(self.path, ["symbolic-ref", "--quiet", "--short", "HEAD"])
        return done.stdout.strip() if done.exit_code == 0 else None

    async def begin_branch(self, name: str, start: str) -> bool:
        """Make a branch, or say False where it is there, at the same commit.

        Raises:
            Failed: the name is none, or the branch is at another commit.
        """
        place = f"refs/heads/{name}"
        await self.text("check-ref-format", place)
        sha = await self.sha(start)
        there = await self.maybe(place)
        if there == sha:
            return False
        if there is not None:
            raise Failed(f"the branch {name[:200]!r} is there, at {there[:12]}", type="exists")
        await self.text("update-ref", place, sha, "0" * len(sha))
        return True

    async def switch(self, name: str, files: Files) -> None:
        """Have the repository be on the branch *name*, which is at the commit it is on.

        Raises:
            Failed: of type ``revision``; it is at another, and files would have to change.
        """
        if await self.sha(f"refs/heads/{name}") != await self.maybe("HEAD^{commit}"):
            raise Failed(
                f"the branch {name[:200]!r} is not at the commit that the repository is on",
                type="revision",
            )
        await files.write(f"{self.path}/.git/HEAD", f"ref: refs/heads/{name}\n".encode())

    def _refused(self, command: str, done: Finished) -> NoReturn:
        lines = done.stderr.strip().splitlines()
        why = lines[-1].removeprefix("fatal: ")[:500] if lines else f"exited with {done.exit_code}"
        raise Failed(f"git {command}: {why}", type="git", status=done.exit_code)

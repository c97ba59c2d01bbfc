"""git on a repository below one folder, with nothing of what that repository says about programs.

Whoever writes files of a project may also write its `.git`: hooks, a monitor, filters, a way to sign.
So git never reads that configuration. It works on a folder made for one command, which borrows the
objects, the branches and the index, and has a configuration of our own.
"""

import asyncio
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from baton.connector import Failed, Finished, NotStarted
from bot.world.processes import ChildProcesses

TIMEOUT: Final = timedelta(minutes=2)
MOST_OUTPUT: Final = 2 * 1024 * 1024  # characters of its output that are kept
BORROWED: Final = ("refs", "packed-refs", "shallow")
OURS: Final = """\
[core]
\trepositoryformatversion = {version}
\tbare = false
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tfsmonitor = false
\tuntrackedCache = false
\tlogAllRefUpdates = false
\tquotePath = false
{core}[gc]
\tauto = 0
[maintenance]
\tauto = false
[submodule]
\trecurse = false
[protocol]
\tallow = never
"""
# What a repository may say: how files are compared, and how its objects are named. Each is one word.
SAID: Final = re.compile(
    r"(core\.(?:filemode|autocrlf|eol|ignorecase|symlinks)|extensions\.objectformat)"
)
WORTH_READING: Final = re.compile(
    rb"autocrlf|eol|ignorecase|symlinks|objectformat|filemode\s*=\s*(?!true)", re.IGNORECASE
)
WORD: Final = re.compile(r"[a-z0-9]{1,16}")


class Head:
    """The beginning of what a program writes: the port keeps the end, and lists begin at the top."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.left = MOST_OUTPUT
        self.cut = False

    def hear(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        if stream == "stdout":
            self.parts.append(text[: self.left])
            self.cut = self.cut or len(text) > self.left
            self.left -= min(len(text), self.left)


class Repositories:
    """Satisfies `workflows.actions.git.Git` for the repositories below *root*."""

    def __init__(self, root: Path, *, program: str | None = None) -> None:
        self._root = root.resolve()
        self._program = program or shutil.which("git") or "git"
        self._processes = ChildProcesses(programs=frozenset({self._program}))

    async def run(
        self, repository: str, arguments: Sequence[str], *, identity: tuple[str, str] | None = None
    ) -> Finished:
        """Run git with *arguments* on the repository at *repository*, relative to the root.

        Args:
            repository: the folder that holds ``.git``.
            arguments: the command and what it takes.
            identity: name and address of who commits.

        Raises:
            NotStarted: there is no such repository, or no git.
            Failed: of type ``repository``, where it leads outside; of type ``timeout``.
        """
        tree = await asyncio.to_thread(self._checked, repository)
        said = await self._said(tree)
        with made_for_one_command(tree, said) as folder:
            env = environment(self._program, folder, tree) | identified(identity)
            return await self._git(["--literal-pathspecs", *arguments], tree, env)

    async def _git(self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Finished:
        head = Head()
        argv = [self._program, "--no-pager", *arguments]
        done = await self._processes.run(
            argv, cwd=cwd, env=env, timeout=TIMEOUT, on_output=head.hear
        )
        return Finished(done.exit_code, "".join(head.parts), done.stderr, truncated=head.cut)

    async def _said(self, tree: Path) -> dict[str, str]:
        """Return what of the repository's configuration is harmless; to read it runs nothing."""
        config = tree / ".git" / "config"
        if config.is_symlink() or not config.is_file():
            return {}
        if WORTH_READING.search(config.read_bytes()) is None:
            return {}  # most say nothing but what holds anyhow
        arguments = ["config", "--file", str(config), "--no-includes", "--null", "--list"]
        done = await self._git(arguments, self._root, bare_environment(self._program))
        pairs = (entry.partition("\n") for entry in done.stdout.split("\0"))
        return {
            key: value.lower()
            for key, _, value in pairs
            if SAID.fullmatch(key) and WORD.fullmatch(value.lower())
        }

    def _checked(self, repository: str) -> Path:
        """Return the folder of the repository, none of whose parts leads outside by a link."""
        tree = Path(posixpath.normpath(posixpath.join(str(self._root), repository)))
        if not tree.is_relative_to(self._root) or tree.resolve() != tree:
            raise Failed(
                f"{repository[:200]!r} lies outside the folder of Baton's work.", type="repository"
            )
        home = tree / ".git"
        if home.is_symlink() or not home.is_dir() or not (home / "HEAD").is_file():
            raise NotStarted(
                f"{repository[:200]!r} is no repository of its own: it needs a folder .git.",
                type="repository",
            )
        for place in leading_elsewhere(home):
            name = place.relative_to(tree)
            raise Failed(f"{name} of {repository[:200]!r} leads elsewhere.", type="repository")
        return tree


def leading_elsewhere(home: Path) -> Iterator[Path]:
    """Yield what of a repository is a link, or names another that holds its objects."""
    for name in ("HEAD", "objects", "refs", "packed-refs", "index", "shallow", "info"):
        if (home / name).is_symlink():
            yield home / name
    for folder, inner, files in os.walk(home / "refs"):
        yield from (
            Path(folder, name) for name in (*inner, *files) if Path(folder, name).is_symlink()
        )
    for name in ("alternates", "http-alternates"):
        if (home / "objects" / "info" / name).exists():
            yield home / "objects" / "info" / name


@contextmanager
def made_for_one_command(tree: Path, said: Mapping[str, str]) -> Iterator[Path]:
    """Make the folder that git takes for the repository, and remove it afterwards."""
    home = tree / ".git"
    with tempfile.TemporaryDirectory(prefix="baton-git-") as made:
        folder = Path(made)
        (folder / "HEAD").write_bytes((home / "HEAD").read_bytes()[:4096])
        (folder / "config").write_text(configuration(said), encoding="utf-8")
        for name in BORROWED:
            if (home / name).exists():
                (folder / name).symlink_to(home / name)
        exclude = home / "info" / "exclude"
        if exclude.is_file() and not exclude.is_symlink():
            (folder / "info").mkdir()
            (folder / "info" / "exclude").symlink_to(exclude)
        yield folder


def configuration(said: Mapping[str, str]) -> str:
    """Return our configuration, with what the repository may say."""
    core = "".join(
        f"\t{key.partition('.')[2]} = {value}\n"
        for key, value in said.items()
        if key.startswith("core.")
    )
    format_ = said.get("extensions.objectformat")
    text = OURS.format(version=1 if format_ else 0, core=core)
    return text + (f"[extensions]\n\tobjectformat = {format_}\n" if format_ else "")


def bare_environment(program: str) -> dict[str, str]:
    """Return variables under which git reads no configuration, asks nobody and calls nobody."""
    found = [posixpath.dirname(program)] if os.sep in program else []
    return {
        "PATH": os.pathsep.join([*found, os.defpath]),
        "HOME": "/dev/null",
        "XDG_CONFIG_HOME": "/dev/null",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CEILING_DIRECTORIES": "/",
    }


def environment(program: str, folder: Path, tree: Path) -> dict[str, str]:
    return {
        **bare_environment(program),
        "GIT_DIR": str(folder),
        "GIT_WORK_TREE": str(tree),
        "GIT_OBJECT_DIRECTORY": str(tree / ".git" / "objects"),
        "GIT_INDEX_FILE": str(tree / ".git" / "index"),
    }


def identified(identity: tuple[str, str] | None) -> dict[str, str]:
    """Return the variables that say who commits."""
    if identity is None:
        return {}
    name, address = identity
    return {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", name), ("EMAIL", address))
    }

"""Reads repository, revision and branch from the files of a git folder; git itself is not run.

Only where the files are in a format of their own (reftable) is it asked, once and for a second.
"""

import os
from collections.abc import Collection, Mapping

from baton.collected.remote import repository

__all__ = ["ceilings", "find_git_folder", "read_git"]

_MOST_BYTES = 4 * 1024 * 1024
_MOST_LEVELS = 64
_PATIENCE = 1.0  # s
_HEADS, _ORIGIN = "refs/heads/", "refs/remotes/origin/"


def read_git(where: str, variables: Mapping[str, str]) -> dict[str, object]:
    """Return ``repo``, ``sha``, ``ref`` and ``default_branch`` of the work tree around *where*.

    What is not known is left out: ``ref`` where no branch is checked out, ``sha`` before the first
    commit, all of it where there is no git.
    """
    folder = variables.get("GIT_DIR") or find_git_folder(where, ceilings(variables))
    if folder is None:
        return {}
    folder = os.path.join(where, folder)  # noqa: PTH118 - pathlib is slow to import
    shared = _shared(folder)
    config = _config(_text(f"{shared}/config"))
    found: dict[str, object] = {
        "repo": repository(config.get("remote.origin.url", "")),
        "default_branch": _target(_text(f"{shared}/{_ORIGIN}HEAD")).removeprefix(_ORIGIN),
    }
    if config.get("extensions.refstorage", "files") == "files":
        found |= _head(folder, shared)
    else:
        found["sha"] = _asked(where)
    return {name: value for name, value in found.items() if value}


def ceilings(variables: Mapping[str, str]) -> frozenset[str]:
    """Return the folders that are not to be looked into on the way up, as git itself heeds them."""
    named = variables.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    return frozenset(each.rstrip("/") for each in named if each)


def find_git_folder(where: str, ceilings: Collection[str] = ()) -> str | None:
    """Return the git folder of *where* or of the nearest folder above; a file may point to it."""
    here = os.path.abspath(where)  # noqa: PTH100
    for _ in range(_MOST_LEVELS):
        candidate = f"{here.rstrip('/')}/.git"
        if os.path.isdir(candidate):  # noqa: PTH112
            return candidate
        pointer = _text(candidate)
        if pointer.startswith("gitdir:"):
            return os.path.join(here, pointer.removeprefix("gitdir:").strip())  # noqa: PTH118
        above = os.path.dirname(here)  # noqa: PTH120
        if above == here or above in ceilings:
            return None
        here = above
    return None


def _shared(folder: str) -> str:
    """Return the folder that a linked work tree shares with the others; else its own."""
    common = _text(f"{folder}/commondir").strip()
    return os.path.join(folder, common) if common else folder  # noqa: PTH118


def _head(folder: str, shared: str) -> dict[str, object]:
    head = _text(f"{folder}/HEAD").strip()
    name = _target(head)
    if not name:
        return {"sha": _sha(head)}
    loose = _sha(_text(f"{folder}/{name}")) or _sha(_text(f"{shared}/{name}"))
    sha = loose or _packed(_text(f"{shared}/packed-refs"), name)
    return {"sha": sha, "ref": name.removeprefix(_HEADS) if name.startswith(_HEADS) else None}


def _target(text: str) -> str:
    """Return the name that a symbolic ref points to; names lead to files, so none goes up."""
    kind, _, name = text.strip().partition(":")
    name = name.strip()
    return name if kind == "ref" and name.startswith("refs/") and ".." not in name else ""


def _sha(text: str) -> str | None:
    sha = text.strip()
    if len(sha) in (40, 64) and not sha.strip("0123456789abcdef"):
        return sha
    return None


def _packed(text: str, name: str) -> str | None:
    for line in text.splitlines():
        sha, _, other = line.partition(" ")
        if other.strip() == name:
            return _sha(sha)
    return None


def _config(text: str) -> dict[str, str]:
    """Read a git config into ``section.subsection.key``; the last value of a key counts."""
    found: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        line = line.strip()  # noqa: PLW2901
        if line.startswith("["):
            name, _, sub = line[1:].partition("]")[0].partition(" ")
            section = ".".join(part for part in (name.lower(), sub.strip().strip('"')) if part)
        elif line and line[0] not in "#;":
            key, _, value = line.partition("=")
            found[f"{section}.{key.strip().lower()}"] = _value(value)
    return found


def _value(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        return text[1:].partition('"')[0]
    for mark in (" #", " ;", "\t#", "\t;"):
        text = text.partition(mark)[0]
    return text.strip()


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _asked(where: str) -> str | None:
    import subprocess  # noqa: PLC0415 - slow to import, and hardly ever needed

    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - the git of whoever works here
            cwd=where,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _sha(done.stdout.decode("ascii", "replace")) if done.returncode == 0 else None

"""Copies of the whole tree, in which a flaw can be planted without anybody meeting it."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.prove.zoo.rows import Change

__all__ = ["ROOT", "DoesNotApply", "copied", "plant"]

ROOT = Path(__file__).parents[3]
LEFT_OUT = (".git", ".venv", "web", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache")


class DoesNotApply(Exception):
    """A flaw cannot be planted any more; the sentence says where."""


@contextmanager
def copied(root: Path = ROOT) -> Iterator[Path]:
    """Copy the tree, what was compiled included: its times are kept, so that Python trusts it."""
    folder = Path(tempfile.mkdtemp(prefix="baton-zoo-"))
    try:
        copy = folder / "baton"
        shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def plant(copy: Path, changes: Sequence[Change]) -> None:
    """Put a flaw into *copy*.

    Raises:
        DoesNotApply: what it replaces is not there, or there more than once, or it is no Python then.
    """
    for change in changes:
        place = copy / change.path
        text = place.read_text() if place.is_file() else ""
        if (count := text.count(change.old)) != 1:
            found = "there more than once" if count else "not there"
            raise DoesNotApply(f"{change.path}: what it replaces is {found}: {change.old!r}")
        place.write_text(text.replace(change.old, change.new))
        try:
            compile(place.read_text(), change.path, "exec")
        except SyntaxError as error:
            raise DoesNotApply(f"{change.path}: that is no Python: {error}") from None

"""Which run wrote a file last, so that a change of it is known to be that run's. Inside a unit.

What a run is about to write is noted first, and afterwards how it left the file. A change that finds
the file so is the run's own; any other is somebody else's, and then the note is forgotten.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from coordination.database import Row, Transaction
from coordination.identities import KEPT
from coordination.store import identities as store

__all__ = ["FOLDER", "Left", "Mark", "begin", "end", "take_back", "writer_of", "writers"]

Mark: TypeAlias = tuple[int, int]
"""What tells one state of a file from another: when it was written, in ns, and its size."""

FOLDER: Final = "folder"
Left: TypeAlias = Mark | str | None
"""How something was left: a file as its mark says, a whole `FOLDER`, or not there any more."""

SCOPE: Final = "written-file"
WRITING: Final = "writing"
UNENDED: Final = timedelta(minutes=10)  # for what a life began to write and did not see the end of


def begin(
    tx: Transaction, run_key: int, paths: Iterable[str], *, now: datetime
) -> dict[str, Row | None]:
    """Note that a run is about to write at *paths*, from the root on; return what was noted before."""
    before = {path: store.find(tx, SCOPE, path, now=now) for path in paths}
    for path in before:
        store.keep(tx, (SCOPE, path), WRITING, {"run": run_key}, now + UNENDED)
    return before


def end(tx: Transaction, run_key: int, left: Mapping[str, Left], *, now: datetime) -> None:
    """Note how a run left what it wrote."""
    result = {"run": run_key, "at": int(now.timestamp() * 1_000_000_000)}
    for path, how in left.items():
        store.keep(tx, (SCOPE, path), _text(how), result, now + KEPT)


def take_back(tx: Transaction, before: Mapping[str, Row | None], *, now: datetime) -> None:
    """Note what was noted *before*: nothing was written after all."""
    for path, row in before.items():
        if row is None:
            _forget(tx, path, now)
        else:
            store.keep(tx, (SCOPE, path), row.body_hash, row.result, row.expires_at)


def writers(
    tx: Transaction, changed: Mapping[str, Mark | None], *, now: datetime
) -> dict[str, int | None]:
    """Return the run behind each change of a file, where one is."""
    if not store.any_of(tx, SCOPE, now=now):
        return {}
    return {path: writer_of(tx, path, mark, now=now) for path, mark in changed.items()}


def writer_of(tx: Transaction, path: str, mark: Mark | None, *, now: datetime) -> int | None:
    """Return the run that left the file at *path* as it is now, with *mark*; None: it is gone."""
    row = store.find(tx, SCOPE, path, now=now)
    how = None if row is None else row.body_hash
    if row is not None and how in (WRITING, _text(mark)):
        return int(row.result["run"])
    if how not in (None, FOLDER):
        _forget(tx, path, now)  # somebody else has written since
    for above in (path, *(str(each) for each in PurePosixPath(path).parents)):
        row = store.find(tx, SCOPE, above, now=now)
        if row is not None and _is_of_folder(row.body_hash, row.result, mark):
            return int(row.result["run"])
    return None


def _is_of_folder(how: str, result: Mapping[str, int], mark: Mark | None) -> bool:
    """Say whether a file was moved or deleted with a folder, and not written after that."""
    if how == WRITING:
        return True
    return how == FOLDER and (mark is None or mark[0] <= result["at"])


def _forget(tx: Transaction, path: str, now: datetime) -> None:
    store.keep(tx, (SCOPE, path), "", {}, now)


def _text(how: Left) -> str:
    if how is None:
        return "gone"
    return how if isinstance(how, str) else f"{how[0]}:{how[1]}"

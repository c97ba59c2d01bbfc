"""A backup takes the place of the database; what stood there is kept beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from coordination.changes import Changes
from coordination.database.copies import (
    Copied,
    copy_to,
    empty_log,
    look_at,
    plain_file,
    refuse_damaged,
)
from coordination.database.door import InlineDoor
from coordination.database.errors import DatabaseUnusable
from coordination.database.lock import Lock
from coordination.database.room import NotCopied, sync
from coordination.database.transaction import Transaction
from coordination.database.upgrade import migrate, revisions
from coordination.database.writer import connect

T = TypeVar("T")
BESIDE = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Replaced(Generic[T]):
    """What was put in place, where that is kept which stood there, and what the last change says."""

    copied: Copied
    kept: Path | None
    value: T


async def replace(
    path: Path, backup: Path, change: Callable[[Transaction, int], T], *, now: datetime
) -> Replaced[T]:
    """Put *backup* in the place of the database *path*, in one move at the very end.

    Args:
        path: of the database, where there is one.
        backup: is read from end to end first, and left as it is.
        change: is made in the copy before it is put in place; it is told the least generation.
        now: names what is kept.

    Raises:
        DatabaseInUse: a server holds the database.
        SchemaTooNew, DatabaseUnusable: the backup cannot be used. Nothing was changed.
        NotCopied: there is no room.
    """
    lock = Lock.take(path)
    try:
        copied = look_at(backup)
        refuse_damaged(backup)
        before = _generation(path)
        made = path.with_name(f"{path.name}.restoring")
        _clear(made)
        try:
            copy_to(backup, made)
            if copied.schema != revisions()[-1]:
                migrate(made, connect)
            value = await _change(made, lambda tx: change(tx, before + 1))
            plain_file(made)
            sync(made)
            kept = _keep(path, f"replaced-{before}-{now:%Y%m%dT%H%M%SZ}")
            made.replace(path)
            sync(path.parent)
        except OSError as error:
            raise NotCopied(
                f"{path.parent}: {error.strerror}. The database is as it was."
            ) from None
        finally:
            _clear(made)
        return Replaced(copied, kept, value)
    finally:
        lock.release()


async def _change(path: Path, unit: Callable[[Transaction], T]) -> T:
    door = InlineDoor(path, changes=Changes("restore"))
    try:
        return await door.write(unit)
    finally:
        await door.close()


def _generation(path: Path) -> int:
    """Return the generation of what stands there; what cannot be read has none."""
    try:
        return look_at(path).generation
    except DatabaseUnusable:
        return 0


def _keep(path: Path, called: str) -> Path | None:
    """Give what stands there a second name, with its log where that cannot be brought in."""
    if not path.exists():
        return None
    kept = path.with_name(f"{path.name}.{called}")
    ends = [""]
    try:
        empty_log(path)
    except DatabaseUnusable:  # damaged: as it is, it may still be of use to somebody
        ends += [end for end in BESIDE if path.with_name(path.name + end).exists()]
    _name_too(path, kept, ends)
    for end in BESIDE:
        path.with_name(path.name + end).unlink(missing_ok=True)
    return kept


def _name_too(path: Path, kept: Path, ends: Sequence[str]) -> None:
    """Give *path*, and what lies beside it, further names: to all of it, or to none. Raises: OSError."""
    made: list[Path] = []
    try:
        for end in ends:
            name = kept.with_name(kept.name + end)
            name.hardlink_to(path.with_name(path.name + end))
            made.append(name)
    except OSError:
        for name in made:
            name.unlink()
        raise


def _clear(path: Path) -> None:
    for end in ("", *BESIDE):
        path.with_name(path.name + end).unlink(missing_ok=True)

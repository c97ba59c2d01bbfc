"""Room for copies of the database, and what makes a copy last."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from coordination.database.errors import DatabaseUnusable

SPARE = 1.1  # of the size of the database, so much has to be free for a copy of it


class NotCopied(DatabaseUnusable):
    """No copy was made, and nothing was changed; the sentence says why."""


def refuse_full(folder: Path, size: int) -> None:
    """Raises: NotCopied, where *folder* has no room for a copy of *size* bytes."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise NotCopied(f"{folder}: {error.strerror}. Name another place.") from None
    if free < size * SPARE:
        raise NotCopied(
            f"{folder} has {free // 2**20:,} MiB free, and a copy of the database takes"
            f" {size // 2**20 + 1:,} MiB. Make room there first."
        )


def own_file(path: Path) -> None:
    """Make an empty file that only its owner may read. Raises: OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def sync(place: Path) -> None:
    """Wait until the disk has a file, or the names in a folder. Raises: OSError."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def name_durably(path: Path) -> None:
    """Let the folder hold the name of the write-ahead log, which is new in each life.

    SQLite asks for that as well, but does not look at the answer.

    Raises:
        DatabaseUnusable: it may be lost with the power.
    """
    try:
        with suppress(PermissionError):  # Windows syncs no folders
            sync(path.parent)
    except OSError as error:
        raise DatabaseUnusable(f"{path.parent} cannot be synced: {error.strerror}") from None

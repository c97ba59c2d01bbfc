"""One server per database: an operating-system lock on a file beside it."""

import os
from pathlib import Path
from typing import IO, Any

from coordination.database.errors import DatabaseInUse, DatabaseUnusable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # the only system without it


class Lock:
    """Held from `take` to `release`, and no longer than the process lives, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[Any] | None = None

    @classmethod
    def take(cls, database: Path) -> "Lock":
        """Lock *database*.

        Raises:
            DatabaseInUse: another process holds the lock.
            DatabaseUnusable: the folder is missing or cannot be written.
        """
        lock = cls(database.with_name(database.name + ".lock"))
        file = _open(lock.path)
        try:
            _lock(file)
        except OSError:
            holder = _holder(file)
            file.close()
            raise DatabaseInUse(
                f"{database} is in use by another Baton{holder}. Stop it first, or choose another"
                " data folder with BATON_DATA."
            ) from None
        file.seek(1)
        file.truncate()
        file.write(f" process {os.getpid()}".encode())
        file.flush()
        lock._file = file
        return lock

    def release(self) -> None:
        """Let go; the file stays, since removing it would race with the next holder."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _open(path: Path) -> IO[Any]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        raise DatabaseUnusable(
            f"the folder {path.parent} does not exist. Make it, or set BATON_DATA."
        ) from None
    except OSError as error:
        raise DatabaseUnusable(
            f"{path.parent} cannot be written ({error.strerror}). Make it writable for this user,"
            " or choose another data folder with BATON_DATA."
        ) from None
    return os.fdopen(descriptor, "r+b", buffering=0)


def _lock(file: IO[Any]) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    import msvcrt  # noqa: PLC0415  # exists on Windows alone

    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)


def _holder(file: IO[Any]) -> str:
    try:
        file.seek(1)  # Windows refuses to read the locked first byte
        text = file.read(40).decode(errors="replace").strip()
    except OSError:
        return ""
    return f" ({text})" if text else ""

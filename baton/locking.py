"""A lock between programs: a file that one of them at a time holds; it is free when that one ends."""

import os
import time

__all__ = ["FileLock"]

_LOOK = 0.01  # s


class FileLock:
    """The lock that lies at *path*.

    Between two uses of it nothing is open. A child that is forked while it is held does not keep it:
    letting go frees it for all.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, patience: float = 0.0) -> bool:
        """Take it within *patience* seconds, and say whether it worked.

        Raises:
            OSError: there can be no such file, or no lock, in this place.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        handle = os.open(self._path, flags, 0o600)
        until = time.monotonic() + patience
        while not _locked(handle):
            if time.monotonic() >= until:
                os.close(handle)
                return False
            time.sleep(_LOOK)
        self._handle = handle
        return True

    def free(self) -> None:
        """Let go of it; where it is not held, nothing happens."""
        if self._handle is not None:
            _unlock(self._handle)
            self.abandon()

    def abandon(self) -> None:
        """Forget it, in a child whose parent goes on holding it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _locked(handle: int) -> bool:
    try:
        _lock(handle)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _lock(handle: int) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not every system has it
    except ImportError:  # pragma: no cover - Windows
        import msvcrt  # noqa: PLC0415

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(handle: int) -> None:
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:  # pragma: no cover - Windows
        import msvcrt  # noqa: PLC0415

        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        return
    fcntl.flock(handle, fcntl.LOCK_UN)

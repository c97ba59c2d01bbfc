"""The files below one folder. No path leads out of it, and none goes through a link.

A path is walked part by part from the folder itself, so nothing that changes in between leads astray.
"""

import asyncio
import os
import posixpath
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from baton.connector import Failed

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hold us up
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class RootedFiles:
    """Paths are relative to *root*; a file is written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    async def read(self, path: str, *, limit: int) -> bytes:
        return await asyncio.to_thread(self._read, path, limit)

    async def write(self, path: str, content: bytes) -> Path:
        return await asyncio.to_thread(self._write, path, content)

    def _read(self, path: str, limit: int) -> bytes:
        parts = self._parts(path)
        with refusing(path, "read"), self._folder(parts[:-1], make=False) as folder:
            handle = os.open(parts[-1], READ, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise Failed(f"{path[:200]!r} is no file.", type="path")
                content = file.read(limit + 1)
        if len(content) > limit:
            raise Failed(f"{path[:200]!r} has more than {limit} bytes.", type="limit")
        return content

    def _write(self, path: str, content: bytes) -> Path:
        parts = self._parts(path)
        with refusing(path, "written"), self._folder(parts[:-1], make=True) as folder:
            replace(folder, parts[-1], content)
        return self.root.joinpath(*parts)

    def _parts(self, path: str) -> tuple[str, ...]:
        """Return the names that lead from the root to the file."""
        place = posixpath.normpath(posixpath.join(str(self.root), path))
        parts = Path(place).parts[len(self.root.parts) :]
        if not parts or not Path(place).is_relative_to(self.root):
            raise Failed(f"{path[:200]!r} lies outside the folder of Baton's work.", type="path")
        return parts

    @contextmanager
    def _folder(self, parts: tuple[str, ...], *, make: bool) -> Iterator[int]:
        """Open the folder that *parts* lead to; *make* those that are missing."""
        if make:
            self.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=handle)
                inner = os.open(part, FOLDER, dir_fd=handle)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)


@contextmanager
def refusing(path: str, verb: str) -> Iterator[None]:
    """Turn what the system refuses into the failure of the step."""
    try:
        yield
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Failed(f"{path[:200]!r} cannot be {verb}: {why}.", type="path") from None


def replace(folder: int, name: str, content: bytes) -> None:
    """Put *content* under *name* in one move, synced before it, so that no reader sees half."""
    partial = f".{secrets.token_hex(8)}.part"
    handle = os.open(partial, WRITE, 0o644, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)
        raise

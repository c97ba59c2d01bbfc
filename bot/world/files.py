"""The files below one folder. No path leads out of it, and none goes through a link.

A path is walked part by part from the folder itself, so nothing that changes in between leads astray.
"""

import asyncio
import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from baton.connector import Failed, FileEntry
from bot.world import folders
from bot.world.folders import FOLDER, LARGEST, READ, check_file, refusing, too_large

Parts = tuple[str, ...]


class RootedFiles:
    """Paths are relative to *root*; a file is written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    async def read(self, path: str, *, limit: int) -> bytes:
        return await asyncio.to_thread(self._read, path, limit)

    async def write(self, path: str, content: bytes) -> Path:
        return await asyncio.to_thread(self._write, path, content)

    async def append(self, path: str, content: bytes) -> int:
        return await asyncio.to_thread(self._append, path, content)

    async def copy(self, source: str, target: str, *, replace: bool) -> int:
        return await asyncio.to_thread(self._copy, source, target, replace)

    async def move(self, source: str, target: str, *, replace: bool) -> None:
        await asyncio.to_thread(self._move, source, target, replace)

    async def delete(self, path: str, *, recursive: bool) -> bool:
        return await asyncio.to_thread(self._delete, path, recursive)

    async def entries(self, path: str, *, recursive: bool, most: int) -> Sequence[FileEntry]:
        return await asyncio.to_thread(self._entries, path, recursive, most)

    def _read(self, path: str, limit: int) -> bytes:
        with (
            refusing(path, "read"),
            self._opened(path) as handle,
            os.fdopen(handle, "rb", closefd=False) as file,
        ):
            content = file.read(limit + 1)
        if len(content) > limit:
            raise Failed(f"{path[:200]!r} has more than {limit} bytes.", type="limit")
        return content

    def _write(self, path: str, content: bytes) -> Path:
        parts = self._parts(path)
        if len(content) > LARGEST:
            raise too_large(path)
        with refusing(path, "written"), self._folder(parts[:-1], make=True) as folder:
            folders.put(folder, parts[-1], [content])
        return self.root.joinpath(*parts)

    def _append(self, path: str, content: bytes) -> int:
        parts = self._parts(path)
        with refusing(path, "written"), self._folder(parts[:-1], make=True) as folder:
            return folders.append(folder, parts[-1], content, path)

    def _copy(self, source: str, target: str, replace: bool) -> int:  # noqa: FBT001 - for a thread
        parts = self._parts(target)
        with (
            refusing(f"{source[:100]} to {target[:90]}", "copied"),
            self._opened(source) as handle,
            self._folder(parts[:-1], make=True) as folder,
        ):
            folders.put(folder, parts[-1], folders.pieces(handle, target), replace=replace)
            return os.stat(parts[-1], dir_fd=folder, follow_symlinks=False).st_size

    def _move(self, source: str, target: str, replace: bool) -> None:  # noqa: FBT001 - as above
        old, new = self._parts(source), self._parts(target)
        with (
            refusing(f"{source[:100]} to {target[:90]}", "moved"),
            self._folder(old[:-1], make=False) as here,
        ):
            mode = os.stat(old[-1], dir_fd=here, follow_symlinks=False).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise Failed(f"{source[:200]!r} is neither file nor folder.", type="path")
            with self._folder(new[:-1], make=True) as there:
                folders.rename(here, old[-1], there, new[-1], replace=replace)

    def _delete(self, path: str, recursive: bool) -> bool:  # noqa: FBT001 - as above
        parts = self._parts(path)
        with refusing(path, "deleted"):
            try:
                with self._folder(parts[:-1], make=False) as folder:
                    return folders.remove(folder, parts[-1], recursive=recursive)
            except FileNotFoundError:
                return False

    def _entries(self, path: str, recursive: bool, most: int) -> list[FileEntry]:  # noqa: FBT001
        found: list[FileEntry] = []
        with refusing(path, "listed"):
            pending = [self._below(path)]
            while pending:
                parts = pending.pop()
                for entry in self._inside(parts):
                    found.append(entry)
                    if recursive and entry.kind == "folder":
                        pending.append((*parts, posixpath.basename(entry.path)))
                    if len(found) > most:
                        raise Failed(f"{path[:200]!r} holds over {most:,} entries.", type="limit")
        return sorted(found, key=lambda entry: entry.path)

    def _inside(self, parts: Parts) -> Iterator[FileEntry]:
        with self._folder(parts, make=False) as folder, os.scandir(folder) as listed:
            for each in listed:
                facts = each.stat(follow_symlinks=False)
                yield FileEntry(
                    path="/".join((*parts, each.name)),
                    kind=kind_of(facts.st_mode),
                    size=facts.st_size if stat.S_ISREG(facts.st_mode) else 0,
                    modified=datetime.fromtimestamp(facts.st_mtime, UTC),
                )

    def _below(self, path: str) -> Parts:
        """Return the names that lead from the root to *path*; none for the root itself."""
        place = posixpath.normpath(posixpath.join(str(self.root), path))
        if not Path(place).is_relative_to(self.root):
            raise Failed(f"{path[:200]!r} lies outside the folder of Baton's work.", type="path")
        return Path(place).parts[len(self.root.parts) :]

    def _parts(self, path: str) -> Parts:
        """Return the names that lead from the root to what lies in it, which is never the root."""
        parts = self._below(path)
        if not parts:
            raise Failed(f"{path[:200]!r} is the folder of Baton's work itself.", type="path")
        return parts

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """Open the file at *path* for reading."""
        parts = self._parts(path)
        with self._folder(parts[:-1], make=False) as folder:
            handle = os.open(parts[-1], READ, dir_fd=folder)
        try:
            check_file(handle, path)
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _folder(self, parts: Parts, *, make: bool) -> Iterator[int]:
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


def kind_of(mode: int) -> Literal["file", "folder", "other"]:
    return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"

"""The files of runs: as those of the World, and each change is noted as the run's that makes it.

Nothing is noted as long as no workflow watches files: what is there when one begins to does not count
as a change.
"""

import asyncio
import posixpath
import stat
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog

from baton.connector import ActionFailure, FileEntry, Files
from bot.file_triggers import mark_of
from coordination import file_changes, written
from coordination.database import Door, Transaction, Unavailable
from coordination.world import Clock
from coordination.written import Left

__all__ = ["FilesOfRun", "WrittenFiles"]

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(slots=True)
class WrittenFiles:
    """Hands out the files of each run, and knows whether anybody watches files at all."""

    door: Door
    clock: Clock
    inner: Files
    _watched: bool = False
    _heard: int = field(default=-1)  # changes of workflows when that was last looked at

    def of(self, run_key: int) -> Files:
        """Return the files for the actions of one run."""
        return FilesOfRun(self, run_key)

    async def watched(self) -> bool:
        """Say whether a workflow watches files."""
        count = self.door.changes.count("workflow")
        if self._heard != count:
            triggers, _ = await self.door.read(file_changes.watched)
            self._watched, self._heard = bool(triggers), count
        return self._watched


@dataclass(frozen=True, slots=True)
class FilesOfRun:
    """Satisfies `baton.connector.Files`."""

    written: WrittenFiles
    run_key: int

    @property
    def root(self) -> Path:
        return self.written.inner.root

    async def read(self, path: str, *, limit: int) -> bytes:
        return await self.written.inner.read(path, limit=limit)

    async def write(self, path: str, content: bytes) -> Path:
        async with self._changing(path):
            return await self.written.inner.write(path, content)

    async def append(self, path: str, content: bytes) -> int:
        async with self._changing(path):
            return await self.written.inner.append(path, content)

    async def copy(self, source: str, target: str, *, replace: bool) -> int:
        async with self._changing(target):
            return await self.written.inner.copy(source, target, replace=replace)

    async def move(self, source: str, target: str, *, replace: bool) -> None:
        async with self._changing(source, target):
            await self.written.inner.move(source, target, replace=replace)

    async def delete(self, path: str, *, recursive: bool) -> bool:
        async with self._changing(path):
            return await self.written.inner.delete(path, recursive=recursive)

    async def entries(self, path: str, *, recursive: bool, most: int) -> Sequence[FileEntry]:
        return await self.written.inner.entries(path, recursive=recursive, most=most)

    @asynccontextmanager
    async def _changing(self, *paths: str) -> AsyncIterator[None]:
        """Note the change of *paths* before it is made, and how they were left.

        Of what is cut short the first note stays: the thread that writes may still be at work.
        """
        if not await self.written.watched():
            yield
            return
        root, key = self.root, self.run_key
        places = [name for path in paths if (name := below(root, path)) is not None]
        before = await self._note(lambda tx, now: written.begin(tx, key, places, now=now))
        folder = any([await asyncio.to_thread(_is_folder, root / each) for each in places])
        try:
            yield
        except ActionFailure:
            await self._note(lambda tx, now: written.take_back(tx, before or {}, now=now))
            raise
        left = {each: await asyncio.to_thread(_left, root, each, folder) for each in places}
        await self._note(lambda tx, now: written.end(tx, key, left, now=now))

    async def _note(self, unit: Callable[[Transaction, datetime], T]) -> T | None:
        """Store a note; the step does not fail for it, and at worst a change counts once too often."""
        now = self.written.clock.now()
        try:
            return await self.written.door.write(lambda tx: unit(tx, now))
        except Unavailable as error:
            log.warning("write_not_noted", run_key=self.run_key, error=str(error))
            return None


def below(root: Path, path: str) -> str | None:
    """Return *path* from *root* on, as changes of files are named; None: it leads elsewhere."""
    place = Path(posixpath.normpath(posixpath.join(str(root), path)))
    return place.relative_to(root).as_posix() if place.is_relative_to(root) else None


def _left(root: Path, name: str, folder: bool) -> Left:  # noqa: FBT001 - for a thread
    """Return how a change left what has *name*; *folder* says whether one was moved or deleted."""
    return written.FOLDER if folder else mark_of(root / name, root)


def _is_folder(place: Path) -> bool:
    try:
        return stat.S_ISDIR(place.lstat().st_mode)
    except OSError:
        return False

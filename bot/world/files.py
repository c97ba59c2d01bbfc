"""The files below one folder. No path leads out of it, not through a link either."""

import asyncio
import os
import tempfile
from pathlib import Path

from baton.connector import Failed


class RootedFiles:
    """Paths are relative to *root*; a file is written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    async def read(self, path: str, *, limit: int) -> bytes:
        return await asyncio.to_thread(self._read, path, limit)

    async def write(self, path: str, content: bytes) -> Path:
        return await asyncio.to_thread(self._write, path, content)

    def _place(self, path: str) -> Path:
        try:
            place = (self.root / path).resolve()
        except (OSError, ValueError) as error:
            raise Failed(f"{path!r} is no path: {error}", type="path") from None
        if not place.is_relative_to(self.root):
            raise Failed(f"{path!r} lies outside the folder of Baton's work.", type="path")
        return place

    def _read(self, path: str, limit: int) -> bytes:
        place = self._place(path)
        try:
            with place.open("rb") as file:
                content = file.read(limit + 1)
        except OSError as error:
            raise Failed(f"{path!r} cannot be read: {error.strerror}", type="path") from None
        if len(content) > limit:
            raise Failed(f"{path!r} has more than {limit} bytes.", type="limit")
        return content

    def _write(self, path: str, content: bytes) -> Path:
        place = self._place(path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            replace(place, content)
        except OSError as error:
            raise Failed(f"{path!r} cannot be written: {error.strerror}", type="path") from None
        return place


def replace(place: Path, content: bytes) -> None:
    """Put *content* at *place* in one move, synced before it, so that no reader sees half."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

"""What could not be delivered, kept on disk for the next program: lines of JSON in one file.

Each line names where its event was to go, without the token, so that one source never reports in the
name of another. Where the disk cannot be written there is no spool, and that is no error.
"""

import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from baton.environment import read_environment
from baton.locking import FileLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Way(Protocol):
        """A way through the spool; see :class:`baton.replay.Replay`."""

        sent: int
        dropped: int

        def step(self, timeout: float) -> bool: ...
        def close(self) -> None: ...

    class Reporter(Protocol):
        """Whoever finds such a way: a client."""

        def replay(self) -> "Way | None": ...


__all__ = ["Flushed", "Kept", "Spool", "SpoolState", "flush_spool", "spool_state"]

MOST_BYTES = 10 * 1024 * 1024
ROOM = MOST_BYTES // 10  # made at a time, so that a full spool is not written anew for each event
LONGEST = 7 * 86_400.0  # s
PATIENCE = 0.5  # s, for another program that is writing

_LINE = re.compile(rb'\{"rank":([012]),"at":(\d{1,12}),"to":"([^"\\]*)","event":(\{.*\})\}')


class Flushed(NamedTuple):
    """What came of delivering the spool: events *sent*, *left* in it, and *dropped* as unwanted."""

    sent: int
    left: int
    dropped: int


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What is in the spool: how many events, the age of the oldest in seconds, bytes, and where."""

    count: int
    oldest_age_s: float
    bytes: int
    path: str


class Kept(NamedTuple):
    """One line: its event as JSON, what it was lost last for, when it was kept, and whose it is."""

    rank: int
    at: float
    destination: str
    event: bytes
    line: bytes


class Spool:
    """The file ``spool.ndjson`` in *folder*, which only its owner can read.

    Every method raises OSError where the disk does not let it.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.path = f"{folder}/spool.ndjson"
        self._lock = FileLock(f"{folder}/spool.lock")

    def keep(
        self, destination: str, events: Sequence[tuple[int, bytes]], *, secret: str | None = None
    ) -> None:
        """Add *events*, each with its rank; where there is no room, what is lost first goes first.

        Args:
            destination: whose they are.
            events: as JSON.
            secret: the token, which must not stand in any of them.
        """
        at = int(time.time())
        lines = [_line(rank, at, destination, _without(secret, raw)) for rank, raw in events]
        os.makedirs(self._folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - pathlib is slow
        with self._alone():
            size = self._size()
            if size + sum(map(len, lines)) <= MOST_BYTES:
                self._append(lines)
            else:
                self._write(_fitting([each for each in self._lines() if each], lines))

    def kept(self) -> list[Kept]:
        """Return all that is there and not too old, in the order of its coming."""
        oldest = time.time() - LONGEST
        found = (_read(line) for line in self._lines())
        return [each for each in found if each is not None and each.at >= oldest]

    def remove(self, lines: set[bytes]) -> None:
        """Take out *lines*, and all that cannot be read or is too old."""
        with self._alone():
            left = [each.line for each in self.kept() if each.line not in lines]
            self._write(left)

    def beginning(self) -> FileLock:
        """Return the lock that whoever delivers the spool holds, so that only one does."""
        return FileLock(f"{self._folder}/replay.lock")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.take(PATIENCE):
            raise TimeoutError(f"{self.path} is in use")
        try:
            yield
        finally:
            self._lock.free()

    def _size(self) -> int:
        try:
            return os.stat(self.path).st_size  # noqa: PTH116
        except FileNotFoundError:
            return 0

    def _lines(self) -> list[bytes]:
        try:
            handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return []
        with open(handle, "rb") as file:  # noqa: PTH123
            return file.read(2 * MOST_BYTES).split(b"\n")

    def _append(self, lines: Sequence[bytes]) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(self.path, flags, 0o600), "r+b", buffering=0) as file:  # noqa: PTH123
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            torn = end > 0 and file.read(1) != b"\n"  # somebody died in the middle of a line
            file.write((b"\n" if torn else b"") + b"\n".join([*lines, b""]))

    def _write(self, lines: Sequence[bytes]) -> None:
        part = f"{self.path}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(part, flags, 0o600), "wb") as file:  # noqa: PTH123
            file.write(b"\n".join([*lines, b""]) if lines else b"")
        os.replace(part, self.path)  # noqa: PTH105


def spool_state() -> SpoolState:
    """Say what the spool of this user holds."""
    spool = Spool(read_environment().spool_folder)
    try:
        kept = spool.kept()
        size = os.stat(spool.path).st_size if kept else 0  # noqa: PTH116
    except OSError:
        kept, size = [], 0
    age = max((time.time() - each.at for each in kept), default=0.0)
    return SpoolState(len(kept), max(0.0, age), size, spool.path)


def flush_spool(client: "Reporter") -> Flushed:
    """Deliver now what earlier programs of this source have kept, as long as the server takes it."""
    replay = client.replay()
    if replay is None:
        return Flushed(0, spool_state().count, 0)
    while replay.step(10.0):
        pass
    replay.close()
    return Flushed(replay.sent, spool_state().count, replay.dropped)


def _line(rank: int, at: int, destination: str, raw: bytes) -> bytes:
    to = json.dumps(destination.replace('"', "").replace("\\", ""), ensure_ascii=False).encode()
    return b'{"rank":%d,"at":%d,"to":%s,"event":%s}' % (rank, at, to, raw)


def _without(secret: str | None, raw: bytes) -> bytes:
    return raw.replace(secret.encode(), b"***") if secret else raw


def _read(line: bytes) -> Kept | None:
    """Read one line; one that somebody's death cut short is none."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    destination = found[3].decode("utf-8", "replace")
    return Kept(int(found[1]), float(found[2]), destination, found[4], line)


def _fitting(old: Sequence[bytes], new: Sequence[bytes]) -> list[bytes]:
    """Leave out the oldest of what is lost first, until there is room again."""
    oldest = time.time() - LONGEST
    read = [_read(line) for line in (*old, *new)]
    kept = [each for each in read if each is not None and each.at >= oldest]
    size = sum(len(each.line) + 1 for each in kept)
    gone: set[int] = set()
    for place in sorted(range(len(kept)), key=lambda at: (kept[at].rank, at)):
        if size <= MOST_BYTES - ROOM:
            break
        size -= len(kept[place].line) + 1
        gone.add(place)
    return [each.line for place, each in enumerate(kept) if place not in gone]

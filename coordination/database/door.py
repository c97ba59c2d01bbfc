"""The one door to the database: `write` a unit durably, `read` from a consistent snapshot."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

from coordination.changes import Changes
from coordination.database.errors import DatabaseUnusable, Unavailable
from coordination.database.latency import Latency
from coordination.database.lock import Lock
from coordination.database.readers import Reader, ReadOnly, driven
from coordination.database.statements import Statements
from coordination.database.transaction import Transaction
from coordination.database.upgrade import revision_of, revisions, upgrade
from coordination.database.writer import Session, Writer, connect

T = TypeVar("T")
READERS = 3
LOOK = 0.25  # s between two looks of whoever waits for an end, where no thread tells of it
READ_LIMIT = 5.0  # s; a longer read would hold up the checkpoint


class Door(Protocol):
    """How everything outside this package reaches the database."""

    @property
    def changes(self) -> Changes: ...

    @property
    def broken(self) -> str | None:
        """Why nothing can be written any more in this life of the process, or None."""

    async def until_broken(self) -> None:
        """Return once nothing can be written any more."""

    async def write(self, unit: Callable[[Transaction], T], /, *, patient: bool = False) -> T:
        """Run *unit* and return its value after the durable commit.

        The unit is a plain function: no network, no file, no clock, no ids. It may be run more than
        once before it is stored, so it changes nothing but the database. What it raises is raised
        here, and nothing of it is stored.

        Args:
            unit: what to do.
            patient: a few milliseconds more do not matter, where others can share the commit.

        Raises:
            Unavailable: the database cannot be written now.
        """

    async def read(self, query: Callable[[Reader], Awaitable[T]], /) -> T:
        """Run *query* on a snapshot, read-only, for 5 s at most. It awaits nothing but its reader.

        Raises:
            Unavailable: the database cannot be read now, or not fast enough.
        """

    async def close(self) -> None:
        """Finish what is queued and let go of the file."""


async def open_sqlite(path: Path, *, changes: Changes) -> Door:
    """Open *path* for this process alone, made or brought up to date where needed.

    Raises:
        DatabaseInUse: another server holds it.
        SchemaTooNew: a later version of Baton wrote it.
        DatabaseUnusable: it cannot be made, opened or written.
    """
    lock = Lock.take(path)
    try:
        upgrade(path, connect)
        writer = Writer(path, changes.publish)
        await writer.start()
    except BaseException:
        lock.release()
        raise
    return SqliteDoor(path, lock, writer, changes)


def migrate_sqlite(path: Path) -> str:
    """Bring *path* up to date without serving it; return a sentence that says what was done.

    Raises:
        DatabaseInUse: a server holds it: stop it first.
        DatabaseUnusable: as for `open_sqlite`.
    """
    lock = Lock.take(path)
    try:
        return upgrade(path, connect)
    finally:
        lock.release()


def schema_of(path: Path) -> tuple[str | None, bool]:
    """Return the revision of the schema in *path*, and whether it is the newest; nothing is changed.

    Raises:
        DatabaseUnusable: it is no database of Baton.
    """
    with looking_at(path) as raw:
        found = revision_of(path, raw)
    return found, found == revisions()[-1]


def sqlite_version() -> str:
    """Return which SQLite this is, as ``3.40.1``."""
    return sqlite3.sqlite_version


@contextmanager
def looking_at(path: Path) -> Iterator[Any]:
    """Open *path* read-only, beside whoever writes it.

    Raises:
        DatabaseUnusable: it is no database, damaged, or what is made of it has no room.
    """
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    with (
        plainly(path),
        closing(sqlite3.connect(place, uri=True, timeout=5, isolation_level=None)) as raw,
    ):
        yield raw


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Turn what the driver raises about *path* into a sentence. Raises: DatabaseUnusable."""
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{path} cannot be used: {error}") from error


class SqliteDoor:
    """SQLite behind one writer thread and a few read-only connections, opened when first needed."""

    def __init__(self, path: Path, lock: Lock, writer: Writer, changes: Changes) -> None:
        self.changes = changes
        self.latency = Latency()  # from the call of `write` to the durable commit
        self._lock = lock
        self._writer = writer
        self._uri = f"file:{quote(str(path.absolute()))}?mode=ro"
        self._statements = Statements()
        self._idle: list[ReadOnly] = []
        self._free = asyncio.Semaphore(READERS)
        self._closing = False

    @property
    def broken(self) -> str | None:
        return self._writer.broken

    async def until_broken(self) -> None:
        await self._writer.broke.wait()

    @property
    def log_size(self) -> int:
        """Bytes of the write-ahead log after the last group."""
        return self._writer.log_size

    async def write(self, unit: Callable[[Transaction], T], /, *, patient: bool = False) -> T:
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            return await self._writer.submit(unit, patient=patient)
        finally:
            self.latency.add(clock() - begun)

    async def read(self, query: Callable[[Reader], Awaitable[T]], /) -> T:
        if self._closing:
            raise Unavailable("Baton is shutting down; try again when it is up.")
        async with self._free:
            connection = self._idle.pop() if self._idle else ReadOnly(self._uri, self._statements)
            try:
                async with asyncio.timeout(READ_LIMIT):
                    return await connection.read(query)
            except TimeoutError:
                raise Unavailable(f"reading took longer than {READ_LIMIT:.0f} s") from None
            except sqlite3.OperationalError as error:
                raise Unavailable(f"the database cannot be read: {error}") from error
            finally:
                self._idle.append(connection)

    async def close(self) -> None:
        self._closing = True
        for _ in range(READERS):  # whoever still reads has finished when all of these are ours
            await self._free.acquire()
        while self._idle:  # before the writer, who empties the log when it is the last one there
            await self._idle.pop().close()
        await self._writer.close()
        self._lock.release()


Moment: TypeAlias = Literal["before commit", "after commit"]


class InlineDoor:
    """The same door without threads: every unit is a group of its own, run where it is called.

    Args:
        path: made if it is missing.
        hook: called around each commit; what it raises is a crash at that moment.
        durable: whether a commit waits for the disk. A simulation does not need it.
    """

    def __init__(
        self,
        path: Path,
        *,
        changes: Changes,
        hook: Callable[[Moment], None] = lambda _: None,
        durable: bool = True,
    ) -> None:
        synchronous = 2 if durable else 0
        upgrade(path, partial(connect, synchronous=synchronous))
        self.changes = changes
        self._hook = hook
        self._session = Session(path, synchronous=synchronous)
        self._statements = Statements()

    @property
    def broken(self) -> str | None:
        return self._session.broken

    async def until_broken(self) -> None:
        while self._session.broken is None:  # noqa: ASYNC110 - there is no thread that could tell
            await asyncio.sleep(LOOK)

    async def write(
        self,
        unit: Callable[[Transaction], T],
        /,
        *,
        patient: bool = False,  # noqa: ARG002  # here nobody shares a commit
    ) -> T:
        def commit() -> None:
            self._hook("before commit")
            self._session.commit()

        (outcome,) = self._session.run([unit], commit=commit)
        self._hook("after commit")
        self.changes.publish(outcome.touched)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value  # type: ignore[return-value]  # without an error it is the unit's

    async def read(self, query: Callable[[Reader], Awaitable[T]], /) -> T:
        return driven(query(Reader(self._session.read, self._statements)))

    async def close(self) -> None:
        self._session.close()

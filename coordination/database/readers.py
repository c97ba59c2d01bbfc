"""A read-only connection on a thread of its own: each snapshot is one way there and back.

A way costs as much as many a query. So all of a reader's function runs on that thread, which asks
nothing of the event loop; only what it returns comes back.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Executable

from coordination.database.statements import Row, Statements

__all__ = ["ReadOnly", "Reader", "driven"]

T = TypeVar("T")
EVERY = 10_000  # steps of SQLite, after each of which it asks whether to go on
PATIENCE = 5  # s for a lock, which only a recovery of the log takes


class Reader:
    """Queries on one snapshot of the database.

    Args:
        run: runs SQL and returns all that it finds.
        statements: of the thread that runs it.
    """

    def __init__(
        self, run: Callable[[str, Sequence[Any]], list[Any]], statements: Statements
    ) -> None:
        self._run = run
        self._statements = statements

    async def fetch_all(self, statement: Executable, /, **given: Any) -> list[Row]:
        """Return the rows of *statement*."""
        prepared = self._statements.prepare(statement, given)
        return [prepared.row(row) for row in self._run(prepared.sql, prepared.bind(given))]

    async def fetch_one(self, statement: Executable, /, **given: Any) -> Row | None:
        """Return the first row of *statement*, or None."""
        rows = await self.fetch_all(statement, **given)
        return rows[0] if rows else None


class ReadOnly:
    """For one caller of `read` at a time.

    Args:
        uri: of the database, with `mode=ro`.
        statements: of all readers; two that compile one at the same time only do it twice.
    """

    def __init__(self, uri: str, statements: Statements) -> None:
        self._uri = uri
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="baton-reader")
        self._statements = statements
        self._raw: sqlite3.Connection | None = None
        self._current: _Reading[Any] | None = None

    async def read(self, query: Callable[[Reader], Awaitable[T]]) -> T:
        """Return what *query* makes of one snapshot; whoever gives up ends it.

        Raises:
            sqlite3.Error: the database cannot be read.
        """
        reading = _Reading(query)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._read, reading
            )
        finally:
            reading.given_up = True

    async def close(self) -> None:
        """Close the connection, and return when it is closed; nobody reads any more."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _read(self, reading: "_Reading[T]") -> T:
        self._current = reading
        raw = self._raw = self._raw or self._opened()
        raw.execute("BEGIN")
        try:
            return driven(reading.query(Reader(self._fetch, self._statements)))
        finally:
            raw.rollback()

    def _opened(self) -> sqlite3.Connection:
        raw = sqlite3.connect(self._uri, uri=True, timeout=PATIENCE, isolation_level=None)
        raw.set_progress_handler(self._is_unwanted, EVERY)
        return raw

    def _is_unwanted(self) -> bool:
        return self._current is not None and self._current.given_up

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        if self._raw is None or self._is_unwanted():
            raise sqlite3.OperationalError("interrupted")
        return self._raw.execute(sql, parameters).fetchall()

    def _close(self) -> None:
        if self._raw is not None:
            self._raw.close()


class _Reading(Generic[T]):
    """A query, and whether its answer is still wanted."""

    __slots__ = ("given_up", "query")

    def __init__(self, query: Callable[[Reader], Awaitable[T]]) -> None:
        self.query = query
        self.given_up = False


def driven(query: Awaitable[T]) -> T:
    """Return what *query* gives, which may await nothing but its reader.

    Raises:
        RuntimeError: it waits for something else; what it holds would be held for as long.
    """
    running = cast("Coroutine[Any, Any, T]", query)
    try:
        running.send(None)
    except StopIteration as end:
        found: T = end.value
        return found
    running.close()
    raise RuntimeError("a query of the database awaits something else than its reader")

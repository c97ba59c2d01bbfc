"""A read-only connection on a thread of its own: each query is one way there and back.

A way costs as much as many a query, so beginning the snapshot goes along with the first one, and
nobody waits for its end: what uses the connection next is behind it on the same thread.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["ReadOnly"]

EVERY = 10_000  # steps of SQLite, after each of which it asks whether to go on
PATIENCE = 5  # s for a lock, which only a recovery of the log takes


class ReadOnly:
    """For one reader at a time, who calls `release` at the end of a snapshot.

    Args:
        uri: of the database, with `mode=ro`.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="baton-reader")
        self._raw: sqlite3.Connection | None = None
        self._asked: asyncio.Future[list[Any]] | None = None
        self._given_up = False  # what is at work is not wanted any more

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Return what a query finds; the first one after a release begins a snapshot.

        Raises:
            sqlite3.Error: the database cannot be read.
        """
        loop = asyncio.get_running_loop()
        self._asked = loop.run_in_executor(self._thread, self._fetch, sql, parameters)
        return await self._asked

    def release(self) -> None:
        """End the snapshot, and the query that is still at work."""
        if self._asked is not None:
            self._given_up = self._asked.cancelled() or not self._asked.done()
            self._thread.submit(self._end)

    async def close(self) -> None:
        """Close the connection, and return when it is closed; nobody reads any more."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        if self._raw is None:
            self._raw = sqlite3.connect(self._uri, uri=True, timeout=PATIENCE, isolation_level=None)
            self._raw.set_progress_handler(lambda: self._given_up, EVERY)
        if not self._raw.in_transaction:
            self._raw.execute("BEGIN")
        return self._raw.execute(sql, parameters).fetchall()

    def _end(self) -> None:
        if self._raw is not None:
            self._raw.rollback()
        self._given_up = False

    def _close(self) -> None:
        if self._raw is not None:
            self._raw.close()

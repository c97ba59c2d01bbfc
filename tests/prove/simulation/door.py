"""The database door of a simulated life: the inline one, with late answers and a disk that fails."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from coordination.changes import Changes
from coordination.database import InlineDoor, Reader, Transaction
from tests.prove.simulation.disk import READING, Disk
from tests.prove.simulation.faults import Faults

T = TypeVar("T")
IOERR, FULL, BUSY = sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY


class Trouble:
    """What SQLite answers in place of doing what it is told; None: it does it."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._until = 0.0  # the disk is full, or the file locked, as long as that

    @property
    def possible(self) -> bool:
        return bool(self._faults.on & {"I", "B"})

    def __call__(self, sql: str) -> int | None:
        if sql == "ROLLBACK" or sql.startswith(("RELEASE", "ROLLBACK", "SAVEPOINT")):
            return None
        if sql == "BEGIN IMMEDIATE":
            return self._locked()
        faults = self._faults
        if sql == "COMMIT":
            if not faults.strike("I", 0.004):
                return None
            return faults.rng("I").choice((FULL, IOERR, -IOERR))
        return faults.rng("I").choice((FULL, IOERR)) if faults.strike("I", 0.0003) else None

    def _locked(self) -> int | None:
        now = asyncio.get_running_loop().time()
        faults = self._faults
        if faults.healed:
            return None
        if now < self._until:
            return BUSY
        if faults.strike("B", 0.01):
            self._until = now + faults.rng("B").choice((0.1, 2, 30))
            return BUSY
        return None


class SimDoor(InlineDoor):
    """As its parent, on a disk that it shares with all other lives, one after the other.

    Args:
        disk: where it writes.
        changes: told of each commit.
        committing: called around each commit, with what does it; it may crash.
        faults: of the history.
        trouble: of the disk.
    """

    def __init__(
        self,
        disk: Disk,
        changes: Changes,
        committing: Callable[[Callable[[], None]], None],
        committed: Callable[[tuple[Any, ...]], None],
        faults: Faults,
        trouble: Trouble,
    ) -> None:
        self.changes = changes
        self._session = disk.take_over(trouble if trouble.possible else None)
        self._statements = READING
        self._raw = disk.raw
        self._committing = committing
        self._committed = committed
        self._faults = faults
        self._last = 0.0
        self.dead = False

    @property
    def raw(self) -> sqlite3.Connection:
        """The connection, for those who only look."""
        return self._raw

    async def write(self, unit: Callable[[Transaction], T], /, *, patient: bool = False) -> T:
        await self._late()
        if self.dead:
            raise asyncio.CancelledError
        (outcome,) = self._session.run(
            [unit], commit=lambda: self._committing(self._session.commit)
        )
        self._committed(outcome.touched)
        await self._late()
        self.changes.publish(outcome.touched)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value  # type: ignore[return-value]  # without an error it is the unit's

    async def read(self, query: Callable[[Reader], Awaitable[T]], /) -> T:
        if self.dead:
            raise asyncio.CancelledError
        if self._faults.strike("L", 0.1):
            await asyncio.sleep(self._faults.rng("L").choice((0, 0.001, 0.2)))
        return await super().read(query)

    async def _late(self) -> None:
        """Take a moment, and let nobody who came later be first."""
        now = asyncio.get_running_loop().time()
        if self._faults.strike("L", 0.3):
            self._last = max(self._last, now + self._faults.rng("L").choice((0, 0.001, 0.05, 1.0)))
        elif self._last <= now:
            return
        self._last += 1e-6
        await asyncio.sleep(self._last - now)

    async def close(self) -> None:
        """The disk stays open: the next life takes over."""


__all__ = ["SimDoor", "Trouble"]

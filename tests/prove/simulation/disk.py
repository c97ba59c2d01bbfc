"""The database file of a simulation: one for many histories, with faults at the seam of SQLite.

What is synced survives. A commit is synced when it returns, so power that is lost in the midst of one
keeps, loses or tears what that commit wrote, sector by sector, and nothing older.
"""

import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from coordination.database.statements import Statements
from coordination.database.upgrade import upgrade
from coordination.database.writer import Session, connect
from tests.prove.simulation.beginning import Beginning

SECTOR = 512
CUT_AT = 2 * 2**20  # bytes of the log, after which it is emptied between two histories
COMPILED = Statements()  # compiling is most of the work of a short life
READING = Statements()
open_unsynced = partial(connect, synchronous=0)


class Faulty:
    """SQLite's connection, of which a statement fails now and then. *fail* says with which code."""

    def __init__(self, raw: sqlite3.Connection, fail: Callable[[str], int | None]) -> None:
        self._raw = raw
        self._fail = fail
        self.close = raw.close

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    @property
    def total_changes(self) -> int:
        return self._raw.total_changes

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        code = self._fail(sql)
        if code is None:
            return self._raw.execute(sql, parameters)
        if (
            sql == "COMMIT" and code == -sqlite3.SQLITE_IOERR
        ):  # the sync failed; the bytes are there
            self._raw.execute(sql, parameters)
        error = sqlite3.OperationalError("the simulated disk fails")
        error.sqlite_errorcode = abs(code)
        raise error


class Disk:
    """A file, and the one connection with which all lives on it write: statements stay prepared.

    A life that ends leaves nothing behind in the connection but what was committed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._images = 0
        self._left: Path | None = None
        self._beginning = Beginning()
        self._began = (
            0  # bytes of the log that earlier histories wrote; -1: this one wrote the file too
        )
        self.path = folder / "baton.db"
        self._open()

    def _open(self) -> None:
        upgrade(self.path, open_unsynced)
        self.session = Session(self.path, synchronous=0)
        self.session._statements = COMPILED
        self.raw: sqlite3.Connection = self.session._raw
        self.raw.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()  # nobody else has the file

    def take_over(self, fail: Callable[[str], int | None] | None = None) -> Session:
        """Return the connection to a new life, as one that was just opened would be."""
        session = self.session
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        session.kept.forget()
        session._failed = session.broken = None
        session._raw = Faulty(self.raw, fail) if fail is not None else self.raw  # type: ignore[assignment]  # all that is asked of it
        return session

    def keep(self) -> None:
        """Remember what stands in the file: with it every history begins."""
        self._beginning.keep(self.raw)

    def reset(self) -> None:
        """Put back what was kept, and nothing else."""
        raw = self.take_over()._raw
        self._beginning.put_back(raw)
        if self.log.stat().st_size > CUT_AT:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._began = self.log.stat().st_size

    @property
    def log(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def lose_power(self, commit: Callable[[], None], rng: random.Random) -> str:
        """Lose power while *commit* is being synced; return what becomes of it.

        What is left of the file is what `reboot` comes back with.
        """
        before = self.log.read_bytes()
        commit()
        torn, how = _torn(before, self.log.read_bytes(), rng)
        self._images += 1
        self._left = self._folder / f"image{self._images}.db"
        shutil.copyfile(self.path, self._left)
        self._left.with_name(self._left.name + "-wal").write_bytes(torn)
        return how

    def reboot(self) -> None:
        """Come back after power was lost; else the file is as it was."""
        if self._left is None:
            return
        self.raw.close()
        for each in self._folder.glob(f"{self.path.name}*"):
            each.unlink()
        self.path, self._left = self._left, None
        self._open()
        self._began = -1
        assert self.whole(), "P1: the database is damaged after a power cut"

    def whole(self) -> bool:
        """Say whether SQLite finds nothing wrong with the file."""
        return self.raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def contents(self) -> bytes:
        """Return every byte that was written since the file was reset."""
        if self._began < 0:
            return self.path.read_bytes() + self.log.read_bytes()
        with self.log.open("rb") as log:
            log.seek(self._began)
            return log.read()

    def close(self) -> None:
        self.raw.close()


def _torn(before: bytes, after: bytes, rng: random.Random) -> tuple[bytes, str]:
    """Return what a disk may hold of a log that was being synced, and a word for it."""
    size = max(len(before), len(after))
    old, new = before.ljust(size, b"\0"), after.ljust(size, b"\0")
    places = [at for at in range(0, size, SECTOR) if old[at : at + SECTOR] != new[at : at + SECTOR]]
    how = rng.choice(("kept", "lost", "cut", "torn"))
    kept = {
        "kept": lambda: set(places),
        "lost": set,
        "cut": lambda: set(places[: rng.randrange(len(places) + 1)]),
        "torn": lambda: {at for at in places if rng.random() < 0.5},
    }[how]()
    parts = [
        (new if at in kept or at not in places else old)[at : at + SECTOR]
        for at in range(0, size, SECTOR)
    ]
    whole = b"".join(parts)
    return (whole if how == "torn" else whole[: len(after)]), how


__all__ = ["COMPILED", "READING", "Disk", "Faulty", "open_unsynced"]

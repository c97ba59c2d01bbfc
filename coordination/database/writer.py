"""The one connection that writes, and the one thread that owns it."""

import asyncio
import os
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import structlog

from coordination.changes import Change
from coordination.database.errors import ConstraintBroken, DatabaseUnusable, Unavailable
from coordination.database.faults import BROKEN, unsynced, why
from coordination.database.kept import Kept
from coordination.database.room import name_durably
from coordination.database.statements import Statements
from coordination.database.transaction import RunAgain, Transaction

T = TypeVar("T")
Unit: TypeAlias = Callable[[Transaction], T]

MOST_UNITS = 1_000
MOST_BYTES = 4 * 2**20
PAUSE = 0.002  # s that a patient unit waits for company, before its group begins
FEW, LATELY = 4, 0.02  # patient units within so many seconds, without which no company is expected
CHECKPOINT_AT = 4 * 2**20  # bytes that the write-ahead log grew
AT_LAST = 16 * 2**20  # of them, after which it does not wait any more for a moment without units
ALARM_AT = 256 * 2**20  # of them, after which somebody must hold it up

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "mmap_size": 0,
    "wal_autocheckpoint": 0,
    "cache_size": -16_384,  # KiB
    "temp_store": 2,  # in memory: savepoints keep the pages they may have to restore
    "busy_timeout": 5000,
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one unit, once its group is durable."""

    value: T | None
    error: Exception | None
    touched: tuple[Change, ...]


def connect(path: Path, *, synchronous: int = 2) -> sqlite3.Connection:
    """Open *path* for writing, with every setting read back.

    Raises:
        DatabaseUnusable: the file cannot be opened, or did not take a setting.
    """
    try:
        raw = sqlite3.connect(path, isolation_level=None, timeout=5, cached_statements=512)
        for name, value in {**_PRAGMAS, "synchronous": synchronous}.items():
            raw.execute(f"PRAGMA {name} = {value}")
            (found,) = raw.execute(f"PRAGMA {name}").fetchone() or (value,)  # mmap may be left out
            if found != value:
                raise DatabaseUnusable(f"{path}: {name} is {found} and cannot be set to {value}")
        raw.execute("PRAGMA journal_size_limit = 0")  # a restarted log shows its true size
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{path} cannot be used: {why(error) or error}") from None
    return raw


class Session:
    """Runs units in groups on the writing connection. Belongs to the thread that made it."""

    def __init__(self, path: Path, *, synchronous: int = 2) -> None:
        self._path = path
        self._log = f"{path}-wal"
        self._raw = connect(path, synchronous=synchronous)
        self._statements = Statements()
        self.kept = Kept()
        self._failed: Unavailable | None = None
        self._mark = 0  # the log's size when it was last checkpointed in vain
        self.broken: str | None = None  # why nothing can be written any more in this life
        self.log_size = 0  # bytes of the write-ahead log

    @property
    def total_changes(self) -> int:
        """How many rows the connection has changed in its life."""
        return self._raw.total_changes

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        """Run *sql*.

        Raises:
            ConstraintBroken: the row would break a rule of the schema.
            Unavailable: the database cannot be used now; the whole group is lost.
        """
        if self._failed is not None:
            raise self._failed
        try:
            return self._raw.execute(sql, parameters)
        except sqlite3.IntegrityError as error:
            raise ConstraintBroken(str(error)) from None
        except sqlite3.Error as error:
            word = why(error)
            if word is None:
                raise
            self._failed = Unavailable(
                f"{self._path}: {word}. Nothing was stored; try again later."
            )
            if unsynced(error):
                self.broken = BROKEN
            raise self._failed from error

    def run(self, units: Iterable[Unit[Any]], *, commit: Callable[[], None]) -> list[Outcome[Any]]:
        """Run *units*, as many as go together, in one durable transaction; one that fails fails alone.

        Units seldom fail, and a savepoint costs as much as many a statement: there are none at first.
        Where one is missing, nothing is kept of that run, and the units that had begun are run again,
        each under a savepoint of its own.

        Raises:
            Unavailable: nothing of the group was stored.
        """
        if self.broken is not None:
            raise Unavailable(self.broken)
        taken: list[Unit[Any]] = []
        try:
            return self._together(_noted(units, taken), commit, undoable=False)
        except RunAgain:
            return self._together(taken, commit, undoable=True)

    def _together(
        self, units: Iterable[Unit[Any]], commit: Callable[[], None], *, undoable: bool
    ) -> list[Outcome[Any]]:
        outcomes: list[Outcome[Any]] = []
        size = 0
        try:
            self.execute("BEGIN IMMEDIATE")
            for unit in units:
                tx = Transaction(self, self._statements, undoable=undoable)
                outcomes.append(self._one(tx, unit))
                size += tx.size
                if size >= MOST_BYTES and not undoable:  # a second run takes all of the first
                    break
            commit()
        finally:
            self._failed = None
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
                self.kept.forget()
        return outcomes

    def commit(self) -> None:
        """Make the group durable."""
        self.execute("COMMIT")

    def read(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Run a query between groups; for a door without readers of its own."""
        try:
            return self.execute(sql, parameters).fetchall()
        finally:
            self._failed = None

    def tend(self, *, waited_for: bool = False) -> None:
        """Checkpoint when the write-ahead log has grown, and warn when that does not help.

        No other connection ever does: before 3.51.3, SQLite may damage a log that one connection
        begins anew while another one moves it.

        Args:
            waited_for: others wait for the thread, so that it is put off for some time.
        """
        if self.broken is not None:
            return
        try:
            self._tend(AT_LAST if waited_for else CHECKPOINT_AT)
        except (sqlite3.Error, OSError) as error:  # what was committed stands in the log
            self._note(error)

    def _tend(self, due: int) -> None:
        self.log_size = _size(self._log)
        if self.log_size < self._mark:
            self._mark = 0
        if self.log_size - self._mark < due:
            return
        busy, pages, moved = self._raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._mark = 0 if not busy and pages == moved else self.log_size
        if self.log_size > ALARM_AT:
            log.warning("wal_large", size=self.log_size, pages=pages, checkpointed=moved)

    def close(self) -> None:
        """Empty the write-ahead log and let go of the file; a broken one is left as it lies."""
        try:
            if self.broken is None:
                self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            self._note(error)
        if self.broken is None:  # closing it would empty the log as well
            self._raw.close()

    def _note(self, error: Exception) -> None:
        log.warning("checkpoint_failed", error=str(error))
        if unsynced(error):
            self.broken = BROKEN

    def _one(self, tx: Transaction, unit: Unit[T]) -> Outcome[T]:
        try:
            with tx.savepoint():
                value = unit(tx)
        except (Exception, RunAgain) as error:  # it belongs to the unit's caller, not to the group
            if self._failed is not None:
                raise self._failed from None
            if isinstance(error, RunAgain):
                raise
            return Outcome(None, error, ())
        if self._failed is not None:  # the unit swallowed it
            raise self._failed
        return Outcome(value, None, tuple(tx.touched))


@dataclass(frozen=True, slots=True)
class _Waiting:
    unit: Unit[Any]
    future: asyncio.Future[Any]
    patient: bool


class Writer:
    """The thread that takes units in groups and answers their callers on the event loop.

    Args:
        published: told on the loop what each durable group touched, before its callers wake.
    """

    def __init__(self, path: Path, published: Callable[[Iterable[Change]], None]) -> None:
        self._path = path
        self._published = published
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._hurry = threading.Event()  # somebody came, in a pause, who is not patient
        self._pausing = False  # so that to tell of them costs nothing otherwise
        self._hurried = self._heard = 0  # units that are not patient: queued, and taken
        self._patient: deque[float] = deque(maxlen=FEW)  # when the last ones came
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._live, name="baton-writer", daemon=True)
        self._session: Session | None = None
        self._closing = False
        self.broke = asyncio.Event()  # nothing can be written any more

    async def start(self) -> None:
        """Open the database.

        Raises:
            DatabaseUnusable: it cannot be opened.
        """
        self._thread.start()
        await self._opened

    @property
    def broken(self) -> str | None:
        return self._session.broken if self._session is not None else None

    @property
    def log_size(self) -> int:
        return self._session.log_size if self._session is not None else 0

    def submit(self, unit: Unit[T], *, patient: bool = False) -> asyncio.Future[T]:
        """Queue *unit*; the future ends after its durable commit.

        A *patient* one lets a few others catch up while many come, so that one commit serves them all.

        Raises:
            Unavailable: the database is being closed.
        """
        if self._closing:
            raise Unavailable("Baton is shutting down; try again when it is up.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Waiting(unit, future, patient))
        if patient:
            self._patient.append(self._loop.time())
        else:
            self._hurried += 1
            if self._pausing:
                self._hurry.set()
        return future

    async def close(self) -> None:
        """Write what is queued, then close the database."""
        self._closing = True
        self._queue.put(None)
        self._hurried += 1
        self._hurry.set()
        await asyncio.shield(self._ended)
        self._thread.join()

    def _live(self) -> None:
        try:
            self._session = session = Session(self._path)
            name_durably(self._path)
        except Exception as error:  # noqa: BLE001  # whoever opens the door learns of it
            self._loop.call_soon_threadsafe(self._opened.set_exception, error)
            return
        self._loop.call_soon_threadsafe(self._opened.set_result, None)
        while (first := self._queue.get()) is not None:
            if first.patient and self._is_busy():
                self._pause()
            self._group(session, first)
        session.close()
        self._loop.call_soon_threadsafe(self._ended.set_result, None)

    def _pause(self) -> None:
        """Wait for company, unless somebody is queued who is not patient, or until they come.

        Whoever comes counts themselves first and then looks whether there is a pause; here it is the other
        way round. So one of the two sees the other.
        """
        self._hurry.clear()
        self._pausing = True
        if self._hurried == self._heard:
            self._hurry.wait(PAUSE)
        self._pausing = False

    def _is_busy(self) -> bool:
        """Say whether so many patient units came lately that another one may come any moment."""
        came = tuple(self._patient)
        return len(came) == FEW and self._loop.time() - came[0] < LATELY

    def _group(self, session: Session, first: _Waiting) -> None:
        taken: list[_Waiting] = []
        try:
            outcomes = session.run(self._take(first, taken), commit=session.commit)
        except Exception as error:  # noqa: BLE001  # the thread must live; every caller learns of it
            if not taken:  # none could be begun; who waits behind it need not wait for that again
                deque(self._take(first, taken), maxlen=0)
            outcomes = [Outcome(None, error, ())] * len(taken)
        self._loop.call_soon_threadsafe(self._answer, taken, outcomes)
        session.tend(waited_for=not self._queue.empty())
        if session.broken is not None:
            self._loop.call_soon_threadsafe(self.broke.set)

    def _take(self, first: _Waiting, taken: list[_Waiting]) -> Iterator[Unit[Any]]:
        """Yield what waits, noting it in *taken*; a caller that gave up is passed over."""
        waiting: _Waiting | None = first
        while waiting is not None:
            if not waiting.patient:
                self._heard += 1
            if not waiting.future.cancelled():
                taken.append(waiting)
                yield waiting.unit
            if len(taken) >= MOST_UNITS:
                return
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return
        self._queue.put(None)  # the end was met inside a group: it is still to come

    def _answer(self, taken: list[_Waiting], outcomes: list[Outcome[Any]]) -> None:
        self._published(change for outcome in outcomes for change in outcome.touched)
        for waiting, outcome in zip(taken, outcomes, strict=True):
            if waiting.future.done():
                continue
            if outcome.error is not None:
                waiting.future.set_exception(outcome.error)
            else:
                waiting.future.set_result(outcome.value)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116  # after each group: a `Path` takes longer than the disk
    except FileNotFoundError:
        return 0


def _noted(units: Iterable[Unit[Any]], taken: list[Unit[Any]]) -> Iterator[Unit[Any]]:
    for unit in units:
        taken.append(unit)
        yield unit

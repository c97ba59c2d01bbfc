"""What a unit sees of the database while it runs."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain, islice
from typing import Any, Protocol

from sqlalchemy import Executable

from coordination.changes import Change, ChangeKind
from coordination.database.kept import Kept
from coordination.database.ordered import Ordered
from coordination.database.statements import Prepared, Row, Statements

MOST_ROWS = 64  # that one statement inserts


class Cursor(Protocol):
    """The part of a driver's cursor that is used."""

    @property
    def rowcount(self) -> int: ...
    @property
    def lastrowid(self) -> int | None: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """Runs SQL and turns the driver's errors into ours."""

    @property
    def total_changes(self) -> int: ...
    @property
    def kept(self) -> Kept: ...
    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor: ...


class RunAgain(BaseException):
    """Something that was written has to be undone, in a run that has no savepoints to undo it with.

    No error of the unit's, so that no unit takes it for one: it ends the run of the whole group.
    """


class Transaction:
    """One unit's hold on the database, valid until the unit returns.

    Parameters that name columns of the table are what an insert or update sets; all others are the
    statement's ``bindparam``s. Every method may raise `ConstraintBroken` or `Unavailable`.

    Args:
        connection: runs what the unit says.
        statements: as they were compiled.
        undoable: whether a part of the unit can be undone by itself; otherwise `RunAgain` is raised
            where it has to be.
    """

    def __init__(
        self, connection: Connection, statements: Statements, *, undoable: bool = True
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._undoable = undoable
        self._depth = 0
        self._mark = 0  # how much the connection had changed when the innermost savepoint was fresh
        self.touched: dict[Change, None] = {}  # in the order of the first touch
        self.size = 0  # of the text and bytes that the unit wrote

    def fetch_all(self, statement: Executable, /, **given: Any) -> list[Row]:
        """Run *statement* and return its rows; one with RETURNING may write."""
        return self._fetch(self._statements.prepare(statement, given), given)

    def fetch_kept(self, statement: Executable, /) -> list[Row]:
        """Return the rows of a query without parameters, read again only if they may have changed.

        Whoever gets them changes nothing of them.
        """
        prepared = self._statements.prepare(statement, {})
        rows = self._connection.kept.find(prepared.sql)
        if rows is None:
            rows = self._fetch(prepared, {})
            self._connection.kept.keep(prepared.sql, statement, rows)
        return rows

    def fetch_one(self, statement: Executable, /, **given: Any) -> Row | None:
        """Run *statement* and return its first row, or None."""
        rows = self.fetch_all(statement, **given)
        return rows[0] if rows else None

    def execute(self, statement: Executable, /, **given: Any) -> int:
        """Run *statement* and count the rows that it changed: the guard of a conditional write."""
        prepared = self._statements.prepare(statement, given)
        return self._run(prepared, given).rowcount

    def insert(self, statement: Executable, /, **given: Any) -> int:
        """Insert one row and return its integer key."""
        prepared = self._statements.prepare(statement, given)
        key = self._run(prepared, given).lastrowid
        if key is None:
            raise TypeError("the statement inserted no row with a key of its own")
        return key

    def run(self, ordered: Ordered, values: tuple[Any, ...], /) -> Cursor:
        """Run a statement with *values* by their place; they, and what it finds, are as they are kept."""
        known, connection = self._statements.in_order(ordered), self._connection
        if known.heavy:
            self.size += known.weigh(values)
        done = connection.execute(known.sql, values)
        if known.writes in connection.kept.tables:
            connection.kept.written(known.writes)
        return done

    def append(self, ordered: Ordered, values: tuple[Any, ...], /) -> int:
        """Insert a row with *values* by their place, as `run` does, and return its integer key."""
        key = self.run(ordered, values).lastrowid
        if key is None:
            raise TypeError("the statement inserted no row with a key of its own")
        return key

    def append_all(self, ordered: Ordered, rows: Sequence[tuple[Any, ...]], /) -> None:
        """Insert *rows*, as `append` does each."""
        known, connection = self._statements.in_order(ordered), self._connection
        for first in range(0, len(rows), MOST_ROWS):
            some = rows[first : first + MOST_ROWS]
            self.size += sum(map(known.weigh, some))
            connection.execute(known.of(len(some)), tuple(chain.from_iterable(some)))
        if known.writes in connection.kept.tables:
            connection.kept.written(known.writes)

    def touch(self, kind: ChangeKind, identity: str, *, thread_id: str | None = None) -> None:
        """Say that *identity* changed; whoever watches hears of it after the commit."""
        self.touched[Change(kind, identity, thread_id)] = None

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what the block wrote and touched, and nothing else, if it raises.

        Raises:
            RunAgain: instead of what the block raised, where that cannot be undone in this run.
        """
        return self._savepoint() if self._undoable else _NothingToUndo(self, self._connection)

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        """Hold a savepoint.

        Where nothing was written since the savepoint around it, that one serves: it costs more to make
        another than most statements.
        """
        depth, mark = self._depth, self._mark
        own = not depth or self._connection.total_changes != mark
        if own:
            self._depth, self._mark = depth + 1, self._connection.total_changes
            self._connection.execute(f"SAVEPOINT s{self._depth}")
        touched = dict(self.touched)
        try:
            yield
        except BaseException:
            self._connection.execute(f"ROLLBACK TO s{self._depth}")
            self._connection.kept.forget()
            self.touched = touched
            self._mark = self._connection.total_changes
            raise
        finally:
            if own:
                self._connection.execute(f"RELEASE s{self._depth}")
                self._depth, self._mark = depth, mark

    def _fetch(self, prepared: Prepared, given: dict[str, Any]) -> list[Row]:
        connection = self._connection
        found = connection.execute(prepared.sql, prepared.bind(given)).fetchall()
        if prepared.writes in connection.kept.tables:
            connection.kept.written(prepared.writes)
        return [prepared.row(row) for row in found]

    def _run(self, prepared: Prepared, given: dict[str, Any]) -> Cursor:
        connection = self._connection
        bound = prepared.bind(given)
        self.size += prepared.weigh(bound)
        done = connection.execute(prepared.sql, bound)
        if prepared.writes in connection.kept.tables:
            connection.kept.written(prepared.writes)
        return done


class _NothingToUndo:
    """Does without a savepoint: what raises before it wrote anything needs none."""

    __slots__ = ("_connection", "_mark", "_touched", "_tx")

    def __init__(self, tx: Transaction, connection: Connection) -> None:
        self._tx = tx
        self._connection = connection
        self._mark = connection.total_changes
        self._touched = len(tx.touched)

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if error is None:
            return
        if self._connection.total_changes != self._mark:
            raise RunAgain from error
        self._tx.touched = dict(islice(self._tx.touched.items(), self._touched))

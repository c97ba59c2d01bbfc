"""Rows that many units ask for and few change: read again only after something was written there."""

from sqlalchemy import Executable, Table
from sqlalchemy.sql import visitors

from coordination.database.statements import Row


class Kept:
    """The rows of statements without parameters, for the one connection that writes.

    Nobody else writes, so they are what the database would say: a write to one of their tables drops
    them, and so does everything that takes a write back.
    """

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {}
        self.tables: dict[str, set[str]] = {}  # of which something is kept, and what
        self._tables_of: dict[str, frozenset[str]] = {}  # of each statement, by its text

    def find(self, sql: str) -> list[Row] | None:
        """Return the rows of a statement, if they are known."""
        return self._rows.get(sql)

    def keep(self, sql: str, statement: Executable, rows: list[Row]) -> None:
        """Remember what *statement* found."""
        if sql not in self._tables_of:
            self._tables_of[sql] = tables_of(statement)
        self._rows[sql] = rows
        for table in self._tables_of[sql]:
            self.tables.setdefault(table, set()).add(sql)

    def written(self, table: str) -> None:
        """Drop what was read from a table."""
        for sql in self.tables.pop(table, ()):
            self._rows.pop(sql, None)

    def forget(self) -> None:
        """Drop everything."""
        self._rows.clear()
        self.tables.clear()


def tables_of(statement: Executable) -> frozenset[str]:
    """Return the names of all tables that stand anywhere in a statement."""
    parts = visitors.iterate(statement)  # type: ignore[arg-type]  # every statement can be visited
    return frozenset(part.name for part in parts if isinstance(part, Table))

"""Statements for the few rows that every report writes: parameters by their place, as they are kept.

To name each column of a small row and to convert each value takes longer than SQLite takes for the row.
So whoever uses these writes the values down in the order of the columns, times and documents in the form
in which the database keeps them (`to_moment`, `canonical`). Everywhere else names read better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Executable, LargeBinary
from sqlalchemy.sql.compiler import SQLCompiler

from coordination.database.types import Document

VALUES = " VALUES "
_HEAVY = (Document, LargeBinary)


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """A statement, and the names of its parameters in the order in which they are given."""

    statement: Executable
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InOrder:
    """The same, compiled. *heavy* are the places of documents and bytes, which fill a group."""

    sql: str
    writes: str | None  # the table
    heavy: tuple[int, ...]

    def of(self, rows: int) -> str:
        """Return the same insert for so many rows: to begin a statement takes longer than a row."""
        head, row = self.sql.split(VALUES)
        return head + VALUES + ", ".join([row] * rows)

    def weigh(self, values: Sequence[Any]) -> int:
        """Return how long the documents and bytes among *values* are."""
        size = 0
        for place in self.heavy:
            size += len(values[place] or "")
        return size


def compiled(ordered: Ordered, dialect: Dialect) -> InOrder:
    """Compile *ordered*.

    Raises:
        TypeError: the statement takes other parameters, or takes them in another order.
    """
    statement, names = ordered.statement, ordered.names
    made: SQLCompiler = statement.compile(  # type: ignore[attr-defined]  # of ClauseElement
        dialect=dialect, column_keys=list(names) if statement.is_dml else None
    )
    taken = tuple(made.positiontup or ())
    if taken != names:
        raise TypeError(f"the statement takes {taken}, in this order; given are {names}")
    kinds = {name: bind.type for bind, name in made.bind_names.items()}
    return InOrder(
        sql=str(made),
        writes=statement.table.name if statement.is_dml else None,  # type: ignore[attr-defined]  # what writes has one
        heavy=tuple(at for at, name in enumerate(names) if isinstance(kinds[name], _HEAVY)),
    )

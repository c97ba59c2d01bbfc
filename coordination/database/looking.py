"""Lets a unit use the queries that are written for readers, without leaving its thread."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import Executable

from coordination.database.readers import Reader, driven
from coordination.database.statements import Row
from coordination.database.transaction import Transaction

T = TypeVar("T")


class Look(Reader):
    """A reader that looks through a unit's own hold on the database."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def fetch_all(self, statement: Executable, /, **given: Any) -> list[Row]:
        """Return the rows of *statement*, at once."""
        return self._tx.fetch_all(statement, **given)


def look(tx: Transaction, query: Callable[[Reader], Awaitable[T]]) -> T:
    """Return what *query* finds inside the unit of *tx*; it may await nothing but its reader.

    Raises:
        RuntimeError: it awaited something else.
    """
    return driven(query(Look(tx)))

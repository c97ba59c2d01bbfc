"""The one row that says when programs of runs were at work."""

from typing import Final, TypeAlias

from coordination.database import Reader, Row, Transaction, identities, select

__all__ = ["NAME", "Kept", "find", "read"]

Kept: TypeAlias = Row | None
NAME: Final = ("program", "at-work")
_FIND = select(identities.c.result).where(
    identities.c.scope == NAME[0], identities.c.identity == NAME[1]
)


def find(tx: Transaction) -> Kept:
    """Return the row, where there is one."""
    return tx.fetch_one(_FIND)


async def read(reader: Reader) -> Kept:
    """Return the row, where there is one, outside of a unit."""
    return await reader.fetch_one(_FIND)

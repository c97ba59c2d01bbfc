"""The smallest thing to write and read: names in a table that has hardly anything else in it."""

from collections.abc import Callable

from coordination.database import Door, Reader, Transaction, func, insert, meta, select

ADD = insert(meta)
COUNT = select(func.count().label("n")).select_from(meta).where(meta.c.name != "generation")
NAMES = select(meta.c.name).where(meta.c.name != "generation").order_by(meta.c.name)


def put(name: str) -> Callable[[Transaction], int]:
    """Return a unit that writes *name*."""
    return lambda tx: tx.execute(ADD, name=name, value="v")


async def names(door: Door) -> list[str]:
    """Return the names that were written."""

    async def query(reader: Reader) -> list[str]:
        return [row.name for row in await reader.fetch_all(NAMES)]

    return await door.read(query)

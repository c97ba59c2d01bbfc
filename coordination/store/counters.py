"""The numbers that people see: R-1423, A-17."""

from coordination.database import Transaction, bindparam, counters, insert, update

_START = insert(counters)
_COUNT = (
    update(counters)
    .where(counters.c.name == bindparam("counter"))
    .values(value=counters.c.value + 1)
    .returning(counters.c.value)
)


def next_number(tx: Transaction, name: str) -> int:
    """Return the next number of *name*; the first is 1. A unit that fails uses none up."""
    rows = tx.fetch_all(_COUNT, counter=name)
    if rows:
        return int(rows[0].value)
    tx.execute(_START, name=name, value=1)
    return 1

"""The numbers that people see: R-1423, A-17."""

from coordination.database import Transaction, bindparam, counters, insert_if_absent, update

_START = insert_if_absent(counters)
_COUNT = (
    update(counters)
    .where(counters.c.name == bindparam("counter"))
    .values(value=counters.c.value + 1)
    .returning(counters.c.value)
)


def next_number(tx: Transaction, name: str) -> int:
    """Return the next number of *name*; the first is 1. A unit that fails uses none up."""
    rows = tx.fetch_all(_COUNT, counter=name)
    if not rows:  # it is the first
        tx.execute(_START, name=name, value=0)
        rows = tx.fetch_all(_COUNT, counter=name)
    return int(rows[0].value)

"""Places for the runs of a workflow that count together: who has one, and who gets the next.

A run that has no place is held: its row is there, and no runtime begins it. The end of one run lets
the next one in, in the same commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from coordination.database import Reader, Row, Transaction
from coordination.store import queues as store

__all__ = ["Standing", "leave", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a held run stands: behind which run that has a place, and as which in the queue."""

    behind: tuple[int, ...]  # the numbers of the runs that have the places, oldest first
    place: int  # from 1

    @property
    def text(self) -> str:
        """Say it, as ``Queued behind R-12, place 2``."""
        if not self.behind:
            return f"Queued, place {self.place}"
        first, more = self.behind[0], len(self.behind) - 1
        return f"Queued behind R-{first}{f' and {more} more' if more else ''}, place {self.place}"


def leave(tx: Transaction, run: Row) -> None:
    """Let those in for whom there is a place now that *run* has ended."""
    if run.concurrency_key is None:
        return
    if run.held_since is not None:
        store.admit(tx, run.key)  # it has ended without a place, and waits for none any more
    rows = store.open_of(tx, run.workflow, run.concurrency_key)
    held = [row for row in rows if row.held_since is not None]
    taken = len(rows) - len(held)
    for row in held:
        if taken >= limit_of(row):
            return
        store.admit(tx, row.key)
        tx.touch("start", str(row.key))
        tx.touch("run", row.id)
        taken += 1


async def standing(reader: Reader, run: Row) -> Standing | None:
    """Say where *run*, a row with its number, workflow and key, stands; None if it is not held."""
    if run.held_since is None:
        return None
    return _standing(await store.read_open_of(reader, run.workflow, run.concurrency_key), run.key)


def _standing(rows: Sequence[Row], key: int) -> Standing | None:
    held = [row.key for row in rows if row.held_since is not None]
    if key not in held:
        return None
    behind = tuple(row.number for row in rows if row.held_since is None)
    return Standing(behind, held.index(key) + 1)


def limit_of(row: Row) -> int:
    """Return how many runs may go on at once, as the definition of *row* says."""
    settings = (row.definition or {}).get("settings") or {}
    return int((settings.get("concurrency") or {}).get("limit", 1))

"""A door that holds every unit to the rule: what a run changes that is not kept, it changes in the database alone."""

from collections.abc import Callable
from typing import TypeVar

from coordination.database import InlineDoor, Transaction

T = TypeVar("T")


class Undone(Exception):
    """Ends the run that is not kept."""


class TwiceDoor(InlineDoor):
    """Runs each unit, undoes all that it wrote, and runs it again: that run counts."""

    async def write(self, unit: Callable[[Transaction], T], /, *, patient: bool = False) -> T:
        def twice(tx: Transaction) -> T:
            try:
                with tx.savepoint():
                    unit(tx)
                    raise Undone  # noqa: TRY301  # inside the savepoint, which is the point
            except Undone:
                return unit(tx)

        return await super().write(twice, patient=patient)

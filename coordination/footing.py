"""What every part of the Coordinator stands on: the database, the world, and whom to hint."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination import staffing, wakeups
from coordination.credentials import Known
from coordination.database import Door, Transaction
from coordination.lookups import Lookups, Rules
from coordination.ports import Calendar, Directory, Expressions, Inputs, Language, Runtime
from coordination.questions import Approval
from coordination.secrets import Secrets
from coordination.votes import Judging
from coordination.world import World


@dataclass(frozen=True, slots=True)
class Ports:
    """What the layers above hand in.

    Args:
        runtime: told of starts and wake-ups.
        inputs: checks what a run is started with.
        people: where the directory comes from.
        secrets: opens what signatures are checked with; without it none is right.
        language: reads definitions; without it nothing is published.
        expressions: fills in what counts runs together; without it no run does.
        calendar: says when schedules are due; without it nothing is known of that.
    """

    runtime: Runtime
    inputs: Inputs
    people: Directory
    secrets: Secrets | None = None
    language: Language | None = None
    expressions: Expressions | None = None
    calendar: Calendar | None = None


class Footing(Lookups):
    """The half of the Coordinator that its verbs share.

    Args:
        door: the database.
        world: the clock, ids and tasks.
        ports: what the layers above hand in.
        rules: replaced as a whole when the configuration is read again.
    """

    def __init__(self, door: Door, world: World, ports: Ports, rules: Rules) -> None:
        super().__init__(door, world, rules)
        self._ports = ports
        self._refreshing = False
        self._noted: dict[str, datetime] = {}
        self._known: tuple[int, Known] | None = None  # as of so many changes of tokens
        self._listened: tuple[int, tuple[Any, ...]] | None = None  # and of workflows
        self._reading = asyncio.Lock()

    async def staffing_problems(self) -> tuple[str, ...]:
        """Return a sentence for each place in definitions and settings that names nobody, or too few."""
        rules = self.rules
        return await self._door.read(
            lambda reader: staffing.problems(reader, rules.roles, rules.approvers)
        )

    def _judging(self) -> Judging:
        return Judging(self.rules.roles, self._world.clock.now(), self._world.ids)

    def _hint(self, due: Sequence[int]) -> None:
        for key in due:
            self._world.tasks.start(f"deliver wake-up {key}", self._ports.runtime.deliver(key))


def pending(tx: Transaction, decided: Sequence[Approval]) -> list[int]:
    """Return the wake-ups that the runs behind *decided* have not heard of."""
    keys = {approval.run_key for approval in decided if approval.ended}
    return [told.key for key in keys if key is not None for told in wakeups.pending(tx, key)]

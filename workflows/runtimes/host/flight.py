"""An attempt of an action, from the moment it is wanted until its answer is in the mailbox."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from workflows.core.commands import RunAction
from workflows.runs import RunRecord
from workflows.runtimes.host.parts import Parts
from workflows.runtimes.host.performing import Answer

__all__ = ["Flying", "fly", "needs_intent"]


@dataclass(slots=True, eq=False)
class Flying:
    """One attempt. Setting *cleared* lets it begin, if *may_start* says so."""

    action: RunAction
    after: asyncio.Event | None = None  # an earlier attempt has to be gone first
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    cleared: asyncio.Event = field(default_factory=asyncio.Event)
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    may_start: bool = False
    begun: bool = False  # its start is stored, and a place is held for it
    scope: asyncio.Timeout | None = None

    def clear(self, *, start: bool) -> None:
        """Let it begin, or tell it that it may not."""
        self.may_start = start
        self.cleared.set()

    def cancel(self) -> None:
        """Stop it; its answer is not wanted any more."""
        self.cancelled.set()
        self.cleared.set()
        if self.scope is not None and not self.landed.is_set():
            self.scope.reschedule(asyncio.get_running_loop().time())


def needs_intent(action: RunAction) -> bool:
    """Say whether the start of *action* has to be stored before it happens."""
    return not action.repeatable or action.covered is not None


async def fly(
    parts: Parts, run: RunRecord, flying: Flying, ask: Callable[[Flying], None]
) -> Answer | None:
    """Wait for a free place, for leave to start, then for the answer; None if nobody wants one.

    Args:
        parts: of this life.
        run: in whose name.
        flying: the attempt.
        ask: called when the start must be stored first; whoever hears it calls `Flying.clear`.
    """
    try:
        if flying.after is not None:
            await flying.after.wait()
        async with parts.slots.taken(run.priority, already=flying.begun):
            if flying.cancelled.is_set() or (parts.stopping and not flying.begun):
                return None
            if needs_intent(flying.action) and not flying.begun:
                ask(flying)
                await flying.cleared.wait()
                if not flying.may_start or flying.cancelled.is_set():
                    return None
            return await _perform(parts, run, flying)
    finally:
        parts.land(flying)
        flying.landed.set()


async def _perform(parts: Parts, run: RunRecord, flying: Flying) -> Answer | None:
    try:
        async with asyncio.timeout(None) as flying.scope:  # `cancel` sets the time
            answer = await parts.performer.perform(run, flying.action, flying.cancelled)
    except TimeoutError:
        return None
    return None if flying.cancelled.is_set() else answer

"""An attempt of an action, from the moment it is wanted until its answer is in the mailbox."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from workflows.core.commands import RunAction
from workflows.runs import RunRecord
from workflows.runtimes.host.intents import needs_intent
from workflows.runtimes.host.parts import Landing, Parts
from workflows.runtimes.host.performing import Answer

__all__ = ["Answered", "Flying", "Mail", "Once", "Starting", "fly"]


class Once:
    """Something that comes once. Most attempts have nobody who waits for it, so there is no event then."""

    came = False  # of the class until it comes: each attempt makes three of these
    _event: asyncio.Event | None = None

    def come(self) -> None:
        self.came = True
        if self._event is not None:
            self._event.set()

    @property
    def event(self) -> asyncio.Event:
        """What is set as soon as it has come."""
        if self._event is None:
            self._event = asyncio.Event()
            if self.came:
                self._event.set()
        return self._event


@dataclass(slots=True, eq=False)
class Flying:
    """One attempt. Once *cleared*, it may begin, if *may_start* says so."""

    action: RunAction
    begun: bool = False  # its start is stored, and a place is held for it
    after: Landing | None = None  # an earlier attempt, which has to be gone first
    cancelled: Once = field(default_factory=Once)
    cleared: Once = field(default_factory=Once)
    landed: Once = field(default_factory=Once)
    may_start: bool = False
    _at_work: asyncio.Task[Any] | None = None  # while it is performed
    _struck: bool = False  # that task was cancelled

    def clear(self, *, start: bool) -> None:
        """Let it begin, or tell it that it may not."""
        self.may_start = start
        self.cleared.come()

    def cancel(self) -> None:
        """Stop it; its answer is not wanted any more."""
        self.cancelled.come()
        self.cleared.come()
        if self._at_work is not None:  # who waits to hear of it comes first
            asyncio.get_running_loop().call_soon(self._strike)

    def _strike(self) -> None:
        if self._at_work is not None and not self._struck:
            self._struck = True
            self._at_work.cancel()

    async def gone(self) -> None:
        """Wait until nothing of it is at work any more."""
        await self.landed.event.wait()

    async def perform(self, parts: Parts, run: RunRecord) -> Answer | None:
        """Return what became of it; None if it was cancelled, which ends no more than this."""
        task = self._at_work = asyncio.current_task()
        try:
            answer = await parts.performer.perform(run, self.action, lambda: self.cancelled.event)
        except asyncio.CancelledError:
            if not self._struck or (task is not None and task.cancelling() > 1):
                raise  # somebody else ends the task
            return None
        finally:
            self._at_work = None
            if self._struck and task is not None:
                task.uncancel()
        return None if self.cancelled.came else answer


@dataclass(slots=True)
class Starting:
    """Mail: an attempt waits for its intent to be stored, or for a look whether it is still wanted."""

    flying: Flying


@dataclass(slots=True)
class Answered:
    """Mail: what came of an attempt."""

    flying: Flying
    answer: Answer


Mail: TypeAlias = Starting | Answered


async def fly(
    parts: Parts, run: RunRecord, flying: Flying, post: Callable[[Mail], None]
) -> Answer | None:
    """Wait for a free place, for leave to start, then for the answer; None if nobody wants one.

    Args:
        parts: of this life.
        run: in whose name.
        flying: the attempt.
        post: takes the mail that the start must be stored first, or that the run may have been told to
            end while it waited for its place; whoever hears it calls `Flying.clear`.
    """
    try:
        if flying.after is not None:
            await flying.after.gone()
        waited = not flying.begun and not parts.slots.take_now()
        if waited:
            await parts.slots.take(run.priority)
        try:
            if flying.cancelled.came or (parts.stopping and not flying.begun):
                return None
            if waited or (needs_intent(flying.action) and not flying.begun):
                post(Starting(flying))
                await flying.cleared.event.wait()
                if not flying.may_start or flying.cancelled.came:
                    return None
            return await flying.perform(parts, run)
        finally:
            parts.slots.give_back()
    finally:
        parts.land(flying)
        flying.landed.come()

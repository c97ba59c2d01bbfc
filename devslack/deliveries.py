"""Hands payloads to the app and waits for its ack, over whatever carries them."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from devslack.ids import Ids
from devslack.record import Envelope, Record
from devslack.shapes import Json

log = logging.getLogger("devslack")

State = Literal["acked", "timeout", "none_connected", "refused", "not_sent"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a carrier brought back. *payload* is the ack's, if there was one and it counts."""

    state: Literal["acked", "timeout", "none_connected", "refused"]
    payload: Any = None
    why: str = ""
    reason: str = "timeout"
    final: bool = False


class Carrier(Protocol):
    """Socket Mode or HTTP."""

    async def carry(self, envelope: Envelope, seconds: float) -> Answer:
        """Deliver once and wait so long for the ack. Real seconds."""


@dataclass(slots=True)
class Outcome:
    """How a delivery ended; whoever checks the ack's payload may still turn it into ``refused``."""

    state: State
    envelope: Envelope | None = None
    ms: float = 0.0
    payload: Any = None
    problem: str = ""
    reason: str = ""
    final: bool = False

    def public(self) -> Json:
        """Return the ``Ack`` of the control API."""
        return {
            "state": self.state,
            "ms": round(self.ms, 1),
            "payload": self.payload,
            "problem": self.problem or None,
        }


class Deliveries:
    """Counts what is in flight and keeps each delivery in the record."""

    def __init__(self, ids: Ids, record: Record, carrier: Carrier) -> None:
        self._ids = ids
        self.record = record
        self.carrier = carrier
        self.ack_timeout = 3.0
        self.in_flight = 0
        self.last_activity = time.monotonic()
        self._tasks: set[asyncio.Task[Any]] = set()

    def envelope(
        self, kind: str, subtype: str, payload: Json, *, accepts: bool = False
    ) -> Envelope:
        """Make an envelope that is not yet sent."""
        record = self.record
        return Envelope(
            self._ids.uuid(),
            record.next(),
            time.time(),
            kind,
            subtype,
            payload,
            accepts_payload=accepts,
        )

    def note(self, envelope: Envelope, state: str, why: str) -> None:
        """Keep in the record that something was not sent, and why."""
        envelope.state, envelope.why = state, why
        self.record.envelope(envelope)

    async def send(self, envelope: Envelope) -> Outcome:
        """Deliver once."""
        started = time.monotonic()
        self.in_flight += 1
        self.record.envelope(envelope)
        try:
            answer = await self.carrier.carry(envelope, self.ack_timeout)
        finally:
            self.in_flight -= 1
            self.touch()
        envelope.ms = round((time.monotonic() - started) * 1000, 1)
        envelope.state, envelope.why, envelope.ack = answer.state, answer.why, answer.payload
        self.record.changed(envelope)
        return Outcome(
            answer.state,
            envelope,
            envelope.ms,
            answer.payload,
            answer.why,
            answer.reason,
            answer.final,
        )

    def refuse(self, outcome: Outcome, problem: str) -> None:
        """Mark that the app's ack carried something Slack does not take."""
        log.warning("the app's answer was refused: %s", problem)
        outcome.state, outcome.problem = "refused", problem
        if outcome.envelope is not None:
            outcome.envelope.state, outcome.envelope.why = "refused", problem
            self.record.changed(outcome.envelope)

    def touch(self) -> None:
        """Remember that something happened just now."""
        self.last_activity = time.monotonic()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        """Run *work* beside everything else until the server stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery failed on a bug in devslack", exc_info=error)

    async def drained(self) -> None:
        """Wait until everything that was begun has been acked or given up."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    async def stop(self) -> None:
        """Give up what is in flight."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""The log of what went in and out: API calls and deliveries, for the inspector and for tests."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devslack.shapes import Json

KEPT = 2000


@dataclass(slots=True)
class Envelope:
    """One delivery to the app and what became of it."""

    id: str
    seq: int
    at: float
    type: str
    subtype: str
    payload: Json
    accepts_payload: bool = False
    event_id: str = ""
    retry: int = 0
    reason: str = ""
    state: str = "sent"
    why: str = ""
    ms: float | None = None
    ack: Any = None

    def public(self) -> Json:
        """Return the ``Envelope`` of the control API."""
        shown: Json = {
            "id": self.id,
            "seq": self.seq,
            "at": self.at,
            "type": self.type,
            "subtype": self.subtype,
            "retry": self.retry,
            "reason": self.reason,
            "state": self.state,
            "ms": self.ms,
            "payload": self.payload,
            "ack": self.ack,
        }
        if self.event_id:
            shown["event_id"] = self.event_id
        if self.why:
            shown["why"] = self.why
        return shown


@dataclass(slots=True)
class Record:
    """The newest calls and envelopes. ``tell`` hears of each, by name and JSON."""

    tell: Callable[[str, Json], None]
    seq: int = 0
    calls: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT))
    envelopes: deque[Envelope] = field(default_factory=lambda: deque(maxlen=KEPT))

    def next(self) -> int:
        """Return a rising number."""
        self.seq += 1
        return self.seq

    def call(self, entry: Json) -> None:
        """Keep an API call."""
        self.calls.append(entry)
        self.tell("call", {"call": entry})

    def envelope(self, envelope: Envelope) -> None:
        """Keep a delivery that was just made."""
        self.envelopes.append(envelope)
        self.changed(envelope)

    def changed(self, envelope: Envelope) -> None:
        """Tell that a delivery has a new state."""
        self.tell("envelope", {"envelope": envelope.public()})

    def clear(self) -> None:
        """Forget the past; numbers go on rising."""
        self.calls.clear()
        self.envelopes.clear()

    def find(self, name: str) -> Envelope | None:
        """Find the newest delivery by envelope id or event id."""
        found = (e for e in reversed(self.envelopes) if name in (e.id, e.event_id))
        return next(found, None)


def masked(token: str) -> str:
    """Return a token that tells its kind and nothing else."""
    head = "-".join(token.split("-")[:2])
    return f"{head[:16]}-…" if token else ""

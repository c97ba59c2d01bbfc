"""Who delivers, and what came with one body."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from baton.reading.members import Members

__all__ = ["Delivery", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Who delivers, as their credential says; nothing in a body can say otherwise."""

    source: str
    namespace: str
    kind: str
    may_choose_channel: bool = False


class Delivery(NamedTuple):
    """One body, and what came with it; *traceparent* is the header of that name."""

    body: Members
    credential: Source
    received_at: datetime
    traceparent: str | None = None

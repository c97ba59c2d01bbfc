"""What comes in: an event with what its credential says, and the unit that takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from baton.events import Event
from coordination.database import Transaction
from coordination.identities import Identity
from coordination.store.events import Raw
from coordination.world import Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An event and what its credential says.

    Args:
        event: as it was read.
        identity: under what a repeat is known; None for what Baton itself reports once.
        channel: where a thread that it opens is posted, if the event itself does not say.
        owner: the person whom the reporting token names; may not answer what the process asks.
        approvers: who answers what a tool asks, as the settings say.
        raw: the body as it came, secrets masked; kept for 7 days.
        thread_key: the thread it belongs to, where Baton knows better than the event.
        run_key: of the run that reports itself.
        trusted: Baton itself says so; only then a process may be approved or rejected by an event,
            and only then it may be of a source or a namespace of Baton's own name.
        origin: how it came, for `explain`: ``token``, ``scheme``, and ``fields``, the members that
            came under another name.
    """

    event: Event
    identity: Identity | None
    channel: str | None = None
    owner: str | None = None
    approvers: tuple[str, ...] = ()
    raw: Raw | None = None
    thread_key: int | None = None
    run_key: int | None = None
    trusted: bool = False
    origin: Mapping[str, Any] = field(default_factory=dict)


class Unit(NamedTuple):
    """One unit that takes one event in: what every part of it works with."""

    tx: Transaction
    incoming: Incoming
    now: datetime
    ids: Ids

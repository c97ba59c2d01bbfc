"""Which channels of Slack are read as a bus, and whom Baton believes there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from coordination.bus_reading import written
from coordination.database import Transaction
from coordination.store import sweeps


@dataclass(frozen=True, slots=True)
class BusChannel:
    """A channel that tools report into.

    Args:
        channel: its id, or ``#name``.
        senders: by app id (``A…``), bot id (``B…``) or user id (``U…``) the source whose report it is.
    """

    channel: str
    senders: Mapping[str, str] = field(default_factory=dict)


def note_named(
    tx: Transaction, bus: Iterable[BusChannel], *, since: datetime, now: datetime
) -> None:
    """Note since when channels are to be read, by the names that they have in the configuration.

    Nothing is heard in a channel before its id is known, and that takes a moment; what is said in
    that moment is read back. A channel that was noted before keeps its beginning.
    """
    for each in bus:
        sweeps.begin(tx, each.channel, written(since), now=now)

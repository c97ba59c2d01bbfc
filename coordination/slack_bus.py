"""Which channels of Slack are read as a bus, and whom Baton believes there."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BusChannel:
    """A channel that tools report into.

    Args:
        channel: its id, or ``#name``.
        senders: by app id (``A…``), bot id (``B…``) or user id (``U…``) the source whose report it is.
    """

    channel: str
    senders: Mapping[str, str] = field(default_factory=dict)

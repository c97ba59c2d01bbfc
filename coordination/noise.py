"""What a channel wants to hear, and when: values and the pure rules over them."""

from dataclasses import dataclass
from datetime import time
from typing import Literal

Loud = Literal["failed", "needs_you"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From *start* to *end* of the clock in *zone*; the end may lie on the next day."""

    start: time
    end: time
    zone: str


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """How loud Baton may be in one channel.

    Args:
        top_level_per_thread: messages in the channel itself for one thread: its root alone, or more.
        thread: whether replies are posted at all; without them everything is on the card.
        replies: in a thread, for one run or process; more are rolled up into the card.
        notifications: mentions, broadcasts and direct messages for one thread.
        broadcast: what is shown in the channel as well as in the thread.
        digest: hours between digests of what was rolled up; None for no digest.
        quiet_hours: when failures and progress wait for a digest, and nobody is mentioned.
        fallback: the channel that hears what this one cannot; else the owners do.
        owners: the people responsible for the channel, in the forms people are named by.
    """

    top_level_per_thread: int = 1
    thread: bool = True
    replies: int = 12
    notifications: int = 3
    broadcast: tuple[Loud, ...] = ()
    digest: float | None = None
    quiet_hours: QuietHours | None = None
    fallback: str | None = None
    owners: tuple[str, ...] = ()

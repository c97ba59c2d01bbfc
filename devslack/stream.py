"""The feed of what happens, for the page: numbered events, kept for those who reconnect."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from devslack.shapes import Json, dump

KEPT = 2000
BEAT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Item:
    """One event of the feed. *only_for* names the one person who may see it."""

    seq: int
    name: str
    data: Json
    channel: str = ""
    only_for: str = ""


class Stream:
    """Keeps the newest items and wakes whoever waits for more.

    *epoch* marks this server: a browser that comes back with the id of another one starts afresh.
    """

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.seq = 0
        self.items: deque[Item] = deque(maxlen=KEPT)
        self.closed = False
        self._changed = asyncio.Event()

    def tell(self, name: str, data: Json, *, channel: str = "", only_for: str = "") -> None:
        """Add an event."""
        self.seq += 1
        self.items.append(Item(self.seq, name, data, channel, only_for))
        self._wake()

    def close(self) -> None:
        """End every feed."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def changed(self, seconds: float) -> bool:
        """Wait until something happens; False when nothing did for so long."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def position(self, last_id: str) -> int | None:
        """Return the number a browser had reached, or None if it must start afresh."""
        epoch, _, number = last_id.partition(".")
        if epoch != self.epoch or not number.isdecimal() or len(number) > 15:
            return None
        seq = int(number)
        oldest = self.items[0].seq if self.items else self.seq + 1
        return seq if oldest - 1 <= seq <= self.seq else None

    def since(self, seq: int) -> list[Item]:
        """Return what came after number *seq*."""
        return [item for item in self.items if item.seq > seq]

    async def feed(
        self, last_id: str, hello: Callable[[], Json], may_see: Callable[[Item], bool]
    ) -> AsyncIterator[str]:
        """Yield Server-Sent Events until the server stops."""
        reached = self.position(last_id)
        seq = self.seq if reached is None else reached
        yield self._line(seq, "hello", {"fresh": reached is None, **hello()})
        while not self.closed:
            for item in self.since(seq):
                seq = item.seq
                if may_see(item):
                    yield self._line(item.seq, item.name, item.data)
            if self.seq == seq and not self.closed and not await self.changed(BEAT_SECONDS):
                yield ": still here\n\n"

    def _line(self, seq: int, name: str, data: Json) -> str:
        return f"id: {self.epoch}.{seq}\nevent: {name}\ndata: {dump(data)}\n\n"

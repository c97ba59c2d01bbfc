"""Delivers what earlier programs have kept, a batch at a time, one program at a time."""

import json
import os
import time
from collections.abc import Callable, Sequence

from baton.item import Delivery, Item
from baton.spool import Kept, Spool

__all__ = ["Replay"]

MOST_TOGETHER = 100
MOST_DELIVERED = 1000  # before the spool is written anew without them


class Replay:
    """One way through the spool, for the events of one *destination*."""

    def __init__(
        self,
        spool: Spool,
        destination: str,
        deliver: Callable[[Sequence[Item], float], Delivery],
    ) -> None:
        self._spool = spool
        self._deliver = deliver
        self._destination = destination
        self._lock = spool.beginning()
        self._waiting: list[Kept] = []
        self._done: set[bytes] = set()
        self._pid = os.getpid()
        self.sent = 0
        self.dropped = 0

    def begin(self) -> bool:
        """Read the spool; return False where it holds nothing of ours, or another is at it.

        Raises:
            OSError: the disk does not let us.
        """
        if not self._lock.take():
            return False
        kept = self._spool.kept()
        self._waiting = [each for each in kept if each.destination == self._destination]
        if not self._waiting:
            self._lock.free()
        return bool(self._waiting)

    @property
    def inherited(self) -> bool:
        """Say whether it is the parent, and not this child, that goes through the spool."""
        return os.getpid() != self._pid

    def step(self, timeout: float) -> bool:
        """Deliver one batch within *timeout* seconds; return whether another one may follow.

        Raises:
            OSError: the disk does not let us.
        """
        batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        items = {Item.written(each.event, rank=each.rank): each for each in batch if _whole(each)}
        self.dropped += len(batch) - len(items)
        self._done |= {each.line for each in batch} - {each.line for each in items.values()}
        until = time.monotonic() + timeout
        delivery = Delivery(list(items), failed=False)
        while delivery.left and not delivery.failed and (left := until - time.monotonic()) > 0:
            before = delivery.left
            delivery = self._deliver(before, left)
            if delivery.denied:  # that is not the fault of what was kept
                delivery = Delivery(before)
                break
            self._count([items[each] for each in before if each not in delivery.left], delivery)
        if delivery.left or not self._waiting or len(self._done) >= MOST_DELIVERED:
            self._write_off()
        return bool(self._waiting) and not delivery.left

    def close(self) -> None:
        """Let another program go through the spool."""
        self._lock.free()

    def abandon(self) -> None:
        """Leave it to the parent."""
        self._lock.abandon()

    def _count(self, taken: Sequence[Kept], delivery: Delivery) -> None:
        self._done |= {each.line for each in taken}
        self.dropped += delivery.refused
        self.sent += len(taken) - delivery.refused

    def _write_off(self) -> None:
        if self._done:
            self._spool.remove(self._done)
            self._done = set()


def _whole(kept: Kept) -> bool:
    try:
        json.loads(kept.event)
    except (ValueError, RecursionError):
        return False
    return True

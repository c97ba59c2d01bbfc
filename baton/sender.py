"""Delivers events from a thread of its own, so that the program that reports never waits for it."""

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from baton.answers import Result

__all__ = ["Delivery", "Item", "Sender"]

MOST_QUEUED = 1000
MOST_TOGETHER = 100
MOST_BYTES = 900_000  # the server takes 1 MiB
EXIT_PATIENCE = 2.0
PACE = 0.5  # between deliveries that hold nothing but progress
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Item:
    """One event in the queue. *rank*: 0 may be replaced and lost first, 2 is lost last."""

    __slots__ = ("answer", "body", "encoded", "process_id", "rank", "settled")

    def __init__(self, body: dict[str, object], *, rank: int) -> None:
        self.body = body
        self.rank = rank
        self.process_id = body.get("process_id")
        self.encoded: bytes | None = None
        self.answer: Result | None = None
        self.settled: threading.Event | None = None

    def bytes(self) -> bytes:
        """Return the event as JSON, written once."""
        if self.encoded is None:
            from baton.plain import encode  # noqa: PLC0415 - keeps ``import baton`` fast

            self.encoded = encode(self.body)
        return self.encoded

    def settle(self, answer: "Result | None") -> None:
        """Tell whoever waits what became of the event."""
        self.answer = answer
        if self.settled is not None:
            self.settled.set()


class Delivery:
    """What came of one attempt: *again* after *pause* seconds, or over and done with."""

    __slots__ = ("again", "pause", "reached")

    def __init__(self, *, again: bool, pause: float | None = None, reached: bool = True) -> None:
        self.again = again
        self.pause = pause
        self.reached = reached


class Sender:
    """A bounded queue and one daemon thread.

    Args:
        deliver: sends these items within so many seconds and settles them; called in the thread.
        jitter: a number from 0.0 to 1.0, drawn for each pause.
    """

    def __init__(
        self,
        deliver: Callable[[Sequence[Item], float], Delivery],
        *,
        jitter: Callable[[], float],
        timeout: float,
    ) -> None:
        self._deliver = deliver
        self._jitter = jitter
        self._timeout = timeout
        self.lost = 0
        self.failing = False
        self._born = os.getpid()
        self.reset()
        me = weakref.ref(self)  # the interpreter keeps these two for ever, but not the sender
        os.register_at_fork(after_in_child=lambda: _begin_again(me()))
        atexit.register(lambda: _finish(me()))

    def reset(self) -> None:
        """Begin with nothing: after a fork the parent sends what it had queued."""
        self._changed = threading.Condition()
        self._queue: deque[Item] = deque()
        self._sending: list[Item] = []
        self._thread: threading.Thread | None = None
        self._hurry_until: float | None = None
        self._last = 0.0

    @property
    def forked(self) -> bool:
        """Say whether this is a child of the process that made the sender."""
        return os.getpid() != self._born

    def put(self, item: Item) -> None:
        """Queue *item*; newer progress takes the place of older progress that still waits."""
        with self._changed:
            if item.rank == 0 and self._replace(item):
                return
            if len(self._queue) >= MOST_QUEUED:
                self._make_room()
            self._queue.append(item)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="baton", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _replace(self, item: Item) -> bool:
        for waiting in reversed(self._queue):
            if waiting.process_id == item.process_id:
                if waiting.rank == 0:
                    waiting.body = {**waiting.body, **item.body}
                    waiting.encoded = None
                return waiting.rank == 0
        return False

    def _make_room(self) -> None:
        rank = min(item.rank for item in self._queue)
        victim = next(item for item in self._queue if item.rank == rank)
        self._queue.remove(victim)
        victim.settle(None)
        self.lost += 1

    def flush(self, patience: float) -> bool:
        """Wait up to *patience* seconds until all is delivered; say whether it is."""
        until = time.monotonic() + patience
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                return self._drain(until)
            self._hurry_until = until
            self._changed.notify_all()
            done = self._changed.wait_for(lambda: self._idle or self._hurry_until is None, patience)
            self._hurry_until = None
            return done and self._idle

    def _drain(self, until: float) -> bool:
        """Deliver without a thread, which a program that is ending can no longer start."""
        while not self._idle and (left := until - time.monotonic()) > 0:
            self._sending = self._sending or self._take()
            if self._deliver(self._sending, min(left, self._timeout)).again:
                return False
            self._sending = []
        return self._idle

    @property
    def _idle(self) -> bool:
        return not self._queue and not self._sending

    def _run(self) -> None:
        attempt = 0
        while True:
            batch = self._next_batch()
            delivery = self._deliver(batch, self._patience())
            self.failing = delivery.again
            with self._changed:
                self._last = time.monotonic()
                attempt = attempt + 1 if delivery.again else 0
                if not delivery.again:
                    self._sending = []
                elif not delivery.reached:
                    self._hurry_until = None  # nobody is there, so an exit need not wait
                self._changed.notify_all()
                if delivery.again:
                    self._rest(self._pause(attempt, delivery))

    def _rest(self, pause: float) -> None:
        if self._hurry_until is not None:
            self._changed.wait(min(pause, 0.2))
        else:
            self._changed.wait_for(lambda: self._hurry_until, pause)

    def _next_batch(self) -> list[Item]:
        with self._changed:
            if self._sending:
                return self._sending
            self._changed.wait_for(lambda: self._queue)
            self._changed.wait_for(
                lambda: self._hurry_until or any(item.rank for item in self._queue),
                max(0.0, self._last + PACE - time.monotonic()),
            )
            self._sending = self._take()
            return self._sending

    def _take(self) -> list[Item]:
        batch: list[Item] = []
        size = 0
        while self._queue and len(batch) < MOST_TOGETHER:
            size += len(self._queue[0].bytes())
            if batch and size > MOST_BYTES:
                break
            batch.append(self._queue.popleft())
        return batch

    def _patience(self) -> float:
        hurry = self._hurry_until
        if hurry is None:
            return self._timeout
        return min(self._timeout, max(0.1, hurry - time.monotonic()))

    def _pause(self, attempt: int, delivery: Delivery) -> float:
        if delivery.pause is not None:
            return delivery.pause
        ceiling: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 10))
        return max(0.05, ceiling * self._jitter())


def _begin_again(sender: Sender | None) -> None:
    if sender is not None:
        sender.reset()


def _finish(sender: Sender | None) -> None:
    if sender is not None:
        sender.flush(EXIT_PATIENCE)

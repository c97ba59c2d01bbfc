"""Delivers events from a thread of its own, so that the program that reports never waits for it."""

import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from operator import attrgetter

from baton.endings import watch
from baton.item import REPLACEABLE, Delivery, Item

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Protocol

    class Post(Protocol):
        """Where events go. None of these raises; all are called in the sender's thread."""

        def load(self) -> None:
            """Import what delivering needs."""

        def deliver(self, items: Sequence[Item], timeout: float) -> Delivery:
            """Send *items* within *timeout* seconds, and say what is left."""

        def keep(self, items: Sequence[Item]) -> None:
            """Store *items* for a later program; at the end of this one in any thread."""

        def catch_up(self, timeout: float) -> bool:
            """Deliver some of what earlier programs kept, and say whether there is more."""


__all__ = ["Sender"]

MOST_QUEUED = 1000
MOST_TOGETHER = 100
EXIT_PATIENCE = 2.0
CATCH_UP_PATIENCE = 0.5  # of these two seconds, for what earlier programs have left
PACE = 0.5  # between deliveries that hold nothing but progress
LOOK_AGAIN = 30.0  # between looks at what other programs have left
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
TRIES_TOGETHER = 3  # then fewer at a time: one of them may be what the server stumbles over
_RANK = attrgetter("rank")  # the queue is full of a thousand, and the program waits meanwhile
YOUNG = 10.0  # a forked child of this age may still end without a word


class Sender:
    """A bounded queue and one daemon thread.

    Args:
        post: what delivers.
        jitter: a number from 0.0 to 1.0, drawn for each pause.
        timeout: the longest that one delivery may take, in seconds.
    """

    def __init__(self, post: "Post", *, jitter: Callable[[], float], timeout: float) -> None:
        self._post = post
        self._jitter = jitter
        self._timeout = timeout
        self.lost = 0
        self.failing = False
        self._reached = True
        self._sequence = 0
        self._born = os.getpid()
        self.reset()
        watch(weakref.ref(self))

    def reset(self) -> None:
        """Begin with nothing: after a fork the parent sends what it had queued."""
        self._changed = threading.Condition()
        self._loading = threading.Lock()
        self._queue: deque[Item] = deque()
        self._sending: list[Item] = []
        self._thread: threading.Thread | None = None
        self._hurry_until: float | None = None
        self._tries = 0
        self._last = 0.0
        self._behind = False  # where earlier programs have left something, as far as we know
        self._looked = -LOOK_AGAIN
        self._over = False
        self._since = time.monotonic()
        self._owner = os.getpid()

    @property
    def young_fork(self) -> bool:
        """Say whether this is a child, just born, of the process that made the sender."""
        return self._owner != self._born and time.monotonic() - self._since < YOUNG

    def put(self, item: Item) -> None:
        """Queue *item*; newer progress takes the place of older progress that still waits."""
        with self._changed:
            self._number(item)
            if item.rank == REPLACEABLE and self._replace(item):
                return
            if self._over:  # no time is left to send it
                self._post.keep([item])
                return
            if len(self._queue) >= MOST_QUEUED:
                self._make_room()
            self._queue.append(item)
            self._start()
            self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        self._thread = threading.Thread(target=self._run, name="baton", daemon=True)
        self._thread.start()
        family = sys.modules.get("multiprocessing.process")
        if family is not None and family.parent_process() is not None:
            from multiprocessing.util import Finalize  # noqa: PLC0415 - loaded already

            Finalize(None, self.finish, exitpriority=0)  # such a child runs no other exit functions

    def _number(self, item: Item) -> None:
        """Number events in the order of their queueing.

        The numbers follow the clock: another program may go on with the same process, and one that
        began at nought again would seem to be older than what it continues.
        """
        if item.process_id is not None:
            self._sequence = max(self._sequence + 1, time.time_ns() // 1000)
            item.body.setdefault("sequence", self._sequence)

    def _replace(self, item: Item) -> bool:
        for waiting in reversed(self._queue):
            if waiting.process_id == item.process_id:
                if waiting.rank == REPLACEABLE:
                    waiting.replace(item)
                return waiting.rank == REPLACEABLE
        return False

    def _make_room(self) -> None:
        victim = min(self._queue, key=_RANK)  # the oldest of those that matter least
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
            self._changed.wait_for(lambda: self._idle or self._hurry_until is None, patience)
            self._hurry_until = None
            return self._idle

    def finish(self) -> None:
        """Deliver within two seconds what is left, and keep the rest for the next program."""
        until = time.monotonic() + EXIT_PATIENCE
        try:
            if not self._gave_up and self.flush(EXIT_PATIENCE):
                self._finish_looking(until)
        except KeyboardInterrupt:  # somebody does not want to wait, and it means nothing else
            self._over = True
        self._over = True
        self.put_aside()

    def put_aside(self) -> None:
        """Keep all that is not delivered for a later program; what is on its way stays, too."""
        with self._changed:
            left = [item for item in (*self._sending, *self._queue) if not item.kept]
            self._queue.clear()
        for item in left:
            item.kept = True
        if left:
            self._post.keep(left)

    @property
    def _gave_up(self) -> bool:
        """Say whether nobody was there a moment ago, so that an exit need not wait for it."""
        return self.failing and not self._reached and time.monotonic() - self._last < LONGEST_PAUSE

    def _finish_looking(self, until: float) -> None:
        with self._changed:
            left = min(CATCH_UP_PATIENCE, until - time.monotonic())
            self._changed.wait_for(lambda: not self._behind, max(0.0, left))

    def _drain(self, until: float) -> bool:
        """Deliver without a thread, which a program that is ending can no longer start."""
        while not self._idle and (left := until - time.monotonic()) > 0:
            self._sending = self._sending or self._take()
            delivery = self._post.deliver(self._sending, min(left, self._timeout))
            self._sending = list(delivery.left)
            if delivery.failed:
                return False
        return self._idle

    @property
    def _idle(self) -> bool:
        return not self._queue and not self._sending

    def _run(self) -> None:
        time.sleep(
            0.001
        )  # the program goes on first, which has waited for the start of this thread
        with self._loading:
            self._post.load()
        while True:
            batch = self._next_batch()
            if batch:
                self._note(self._post.deliver(batch, self._patience()))
            else:
                self._look_behind()

    def _note(self, delivery: Delivery) -> None:
        with self._changed:
            self._sending = list(delivery.left)
            self.failing, self._reached = delivery.failed, delivery.reached
            self._last = time.monotonic()
            if not delivery.failed:
                self._tries = 0
                self._behind |= self._last - self._looked >= LOOK_AGAIN
                self._changed.notify_all()
                return
            self._tries += 1
            if not delivery.reached:
                self._hurry_until = None  # nobody is there, so an exit need not wait
            self._part(delivery)
            spilled = self._spilled()
            self._changed.notify_all()
        if spilled:
            self._post.keep(spilled)
        with self._changed:
            self._rest(self._pause(self._tries, delivery))

    def _part(self, delivery: Delivery) -> None:
        """Try fewer together where a server that answers fails again and again."""
        if not delivery.reached or delivery.pause is not None or self._tries < TRIES_TOGETHER:
            return
        half = len(self._sending) // 2
        self._queue.extend(self._sending[half:])
        self._sending = self._sending[:half] or [self._queue.popleft()]

    def _spilled(self) -> list[Item]:
        """Take the queue before it overflows, to be kept on disk; a program may well be killed."""
        if len(self._queue) < MOST_QUEUED // 2:
            return []
        left = list(self._queue)
        self._queue.clear()
        self._looked = -LOOK_AGAIN
        return left

    def _look_behind(self) -> None:
        more = self._post.catch_up(self._patience())
        with self._changed:
            self._behind, self._looked = more, time.monotonic()
            self._changed.notify_all()

    def _rest(self, pause: float) -> None:
        if self._hurry_until is not None:
            self._changed.wait(min(pause, 0.2))
        else:
            self._changed.wait_for(lambda: self._hurry_until, pause)

    def _next_batch(self) -> list[Item]:
        """Wait for something to send; nothing means that there is time to catch up."""
        with self._changed:
            if self._sending:
                return self._sending
            self._changed.wait_for(lambda: self._queue or self._behind)
            if not self._queue:
                return []
            self._changed.wait_for(
                lambda: self._hurry_until or any(item.rank for item in self._queue),
                max(0.0, self._last + PACE - time.monotonic()),
            )
            self._sending = self._take()
            return self._sending

    def _take(self) -> list[Item]:
        return [self._queue.popleft() for _ in range(min(MOST_TOGETHER, len(self._queue)))]

    def _patience(self) -> float:
        hurry = self._hurry_until
        if hurry is None:
            return self._timeout
        return min(self._timeout, max(0.1, hurry - time.monotonic()))

    def _pause(self, attempt: int, delivery: Delivery) -> float:
        if delivery.pause is not None:
            return delivery.pause
        ceiling: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt - 1, 10))
        return max(0.05, ceiling * self._jitter())

    def hold(self) -> bool:
        """Wait until no import goes on, since a fork comes; whoever gets True calls `release`.

        A child that is born in the middle of an import has half a module for ever.
        """
        return self._loading.acquire(timeout=1.0)

    def release(self) -> None:
        """Let the thread import again."""
        self._loading.release()

"""Who is told that something changed: after the commit, in this process, and only as a hint.

Nothing depends on hearing a change. A watcher that missed one reads the store again.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple, TypeAlias, get_args

from coordination.world import Clock

ChangeKind: TypeAlias = Literal[
    "event",
    "process",
    "thread",
    "run",
    "approval",
    "outbox",
    "wakeup",  # a run was told something; the id is its key
    "timer",
    "token",
    "wait",
    "dispatch",  # an event for which the Dispatcher may have something to do
    "workflow",  # another revision is in use, or another status
    "start",  # a queued run that nobody told the runtime of; the id is its key
]
KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)
KEPT = 10_000


class Change(NamedTuple):
    """Something of the store is different now; *id* is the text that people and machines see.

    A tuple, since each event makes several, and each is looked up wherever it is collected.
    """

    kind: ChangeKind
    id: str
    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """A change and its place in the stream, as ``<boot>-<n>``."""

    cursor: str
    change: Change


class Subscription:
    """A watcher's collected changes of some kinds. For one waiting task."""

    def __init__(self, kinds: frozenset[ChangeKind]) -> None:
        self._kinds = kinds
        self._seen: dict[Change, None] = {}
        self._bell = asyncio.Event()

    def hear(self, change: Change) -> None:
        """Collect *change*, which is of a wanted kind; the same one twice counts once."""
        self._seen[change] = None
        self._bell.set()

    async def wait(self, timeout: float | None = None) -> tuple[Change, ...]:  # noqa: ASYNC109  # the idiom of a queue
        """Return what changed since the last call, in order; empty after *timeout* seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._bell.wait()
        except TimeoutError:
            return ()
        return self._take()

    async def wait_on(self, clock: Clock, within: timedelta) -> tuple[Change, ...]:
        """Do as `wait`, with the time of *clock*: for loops that are simulated."""
        async with asyncio.TaskGroup() as tasks:
            alarm = tasks.create_task(self._ring_after(clock, within))
            await self._bell.wait()
            alarm.cancel()
        return self._take()

    async def _ring_after(self, clock: Clock, duration: timedelta) -> None:
        await clock.sleep(duration)
        self._bell.set()

    def _take(self) -> tuple[Change, ...]:
        self._bell.clear()
        seen, self._seen = tuple(self._seen), {}
        return seen


class Changes:
    """Hands every published change to those who subscribed, and remembers the newest 10,000.

    Args:
        boot: names this life of the process, so that a cursor of an earlier one is known as such.
    """

    def __init__(self, boot: str) -> None:
        self._boot = boot
        self._count = 0
        self._ring: deque[Change] = deque(maxlen=KEPT)
        self._watchers: dict[Subscription, None] = {}
        self._listening: dict[ChangeKind, dict[Subscription, None]] = {kind: {} for kind in KINDS}
        self._of_kind: Counter[ChangeKind] = Counter()

    def count(self, kind: ChangeKind) -> int:
        """Return how many changes of *kind* there were: who keeps something compares it."""
        return self._of_kind[kind]

    @property
    def cursor(self) -> str:
        """The place of the newest change."""
        return f"{self._boot}-{self._count}"

    def publish(self, changes: Iterable[Change]) -> None:
        """Tell all watchers. Called on the event loop, after the commit."""
        for change in changes:
            self._count += 1
            self._ring.append(change)
            self._of_kind[change.kind] += 1
            for watcher in self._listening[change.kind]:
                watcher.hear(change)

    @contextmanager
    def subscribe(self, *kinds: ChangeKind) -> Iterator[Subscription]:
        """Collect changes of *kinds* (of all kinds where none is named) inside the block."""
        watcher = Subscription(frozenset(kinds))
        self._watchers[watcher] = None
        for kind in kinds or KINDS:
            self._listening[kind][watcher] = None
        try:
            yield watcher
        finally:
            del self._watchers[watcher]
            for kind in kinds or KINDS:
                self._listening[kind].pop(watcher, None)

    def since(self, cursor: str) -> tuple[Numbered, ...] | None:
        """Return what came after *cursor*, or None where that is unknown: read everything again."""
        boot, _, number = cursor.rpartition("-")
        if boot != self._boot or not (number.isascii() and number.isdigit()):
            return None
        oldest = self._count - len(self._ring)
        place = int(number)
        if not oldest <= place <= self._count:
            return None
        newer = list(self._ring)[place - oldest :]
        return tuple(
            Numbered(f"{self._boot}-{place + count}", change)
            for count, change in enumerate(newer, start=1)
        )

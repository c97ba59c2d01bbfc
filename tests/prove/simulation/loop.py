"""A deterministic event loop: time is a number, waiting costs nothing, and nothing is a thread."""

import asyncio
import contextlib
import heapq
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")
MOST_STEPS = 400_000


class Deadlock(Exception):
    """Nothing can run any more, and what was asked for has not come."""


class Crash(KeyboardInterrupt):
    """The process is killed here. A KeyboardInterrupt, since that alone leaves the loop at once."""


class _Selector(selectors.BaseSelector):
    """Where a real loop would wait for the network, this one turns the clock."""

    def __init__(self, loop: "SimLoop") -> None:
        self._loop = loop

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise NotImplementedError("there are no files in a simulation")

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise NotImplementedError("there are no files in a simulation")

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return {}

    def close(self) -> None:
        """There is nothing to close."""

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Deadlock("nothing can run, and no timer is set")
        self._loop.passed += max(timeout, 0.0)
        return []


class SimLoop(asyncio.BaseEventLoop):
    """Runs coroutines on simulated time. Stands on three private names of asyncio's base loop."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self.steps = 0
        self._selector = _Selector(self)
        self.set_exception_handler(lambda loop, context: None)

    def time(self) -> float:
        return self.passed

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody else can wake the loop."""

    def _run_once(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Deadlock("something runs in circles")
        super()._run_once()

    def __del__(self) -> None:
        """A crashed loop is dropped, never closed."""

    def abandon(self) -> None:
        """Drop everything that runs, as a killed process does; only what nobody sees is cleaned up."""
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False
            with contextlib.suppress(RuntimeError, Exception):
                task.get_coro().close()
            asyncio._unregister_task(task)  # or the loops that come later look through it too
        self._ready.clear()
        self._scheduled.clear()


class MortalLoop(SimLoop):
    """Runs one callback at a time, so that a life can end between any two: at step *die_at*.

    A callback runs up to the next await that has to wait, so every await is such a place.
    """

    def __init__(self, passed: float = 0.0) -> None:
        super().__init__()
        self.passed = passed
        self.die_at: int | None = None

    def _run_once(self) -> None:
        self._take_due()
        handle = self._ready.popleft()
        if handle._cancelled:
            return
        self.steps += 1
        if self.steps == self.die_at:
            raise Crash(f"killed at step {self.steps}")
        if self.steps > MOST_STEPS:
            raise Deadlock("something runs in circles")
        handle._run()

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """As its parent, without what that asks of every call: this loop is never closed, nor debugged."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def _take_due(self) -> None:
        """Make ready what is due; where nothing is ready, turn the clock to what comes next."""
        waiting, ready = self._scheduled, self._ready
        while waiting:
            head = waiting[0]
            if not head._cancelled:
                if head._when > self.passed:
                    if ready:
                        return
                    self.passed = head._when
                ready.append(head)
            heapq.heappop(waiting)
            head._scheduled = False
        if not ready:
            raise Deadlock("nothing can run, and no timer is set")


def simulate(main: Callable[[], Coroutine[Any, Any, T]], loop: SimLoop | None = None) -> T:
    """Run *main* to its end on simulated time."""
    loop = loop or SimLoop()
    try:
        return loop.run_until_complete(main())
    finally:
        loop.abandon()

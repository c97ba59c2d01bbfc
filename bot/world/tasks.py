"""Tasks that somebody owns: logged when they fail, restarted where they must go on, drained at a stop."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import structlog

log = structlog.get_logger()

AGAIN = timedelta(seconds=1)  # before a loop that failed is begun again


class OwnedTasks:
    """Keeps every task it starts until it ends; asyncio itself would let it be collected."""

    def __init__(self, again: timedelta = AGAIN) -> None:
        self._again = again.total_seconds()
        self._running: set[asyncio.Task[None]] = set()
        self.down: dict[str, str] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run *work* once. What it must not forget is in the store."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def keep(self, name: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run *loop* for as long as the program lives; one that fails is begun again, and shows."""
        self.start(name, self._kept(name, loop))

    async def _kept(self, name: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await loop()
            except Exception as error:
                log.exception("loop_failed", loop=name)
                self.down[name] = f"{type(error).__name__}: {error}"
            else:
                return
            await asyncio.sleep(self._again)
            self.down.pop(name, None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("task_failed", task=task.get_name(), exc_info=error)

    async def drain(self, grace: timedelta = timedelta(seconds=2)) -> None:
        """Cancel what still runs, and wait for it, for *grace* at most."""
        own = asyncio.current_task()
        left = [task for task in self._running if task is not own]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=grace.total_seconds())

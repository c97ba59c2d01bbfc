"""Tasks that somebody owns: logged when they fail, counted, and drained at a stop."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import structlog

log = structlog.get_logger()


class OwnedTasks:
    """Keeps every task it starts until it ends; asyncio itself would let it be collected."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self.failures: dict[str, str] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.failures[task.get_name()] = f"{type(error).__name__}: {error}"
            log.error("task_failed", task=task.get_name(), exc_info=error)

    async def drain(self, grace: timedelta = timedelta(seconds=2)) -> None:
        """Cancel what still runs, and wait for it, for *grace* at most."""
        own = asyncio.current_task()
        left = [task for task in self._running if task is not own]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=grace.total_seconds())

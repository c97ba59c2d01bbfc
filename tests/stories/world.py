"""A World whose clock can be moved, whose tasks can be held back, and that ends as by a kill."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from bot.world import SystemWorld
from bot.world.files import RootedFiles
from bot.world.http import PinnedHttp
from bot.world.processes import ChildProcesses
from bot.world.system import SystemClock, SystemRng
from bot.world.tasks import OwnedTasks

Spawned = set["asyncio.Task[Any]"]
OF_LIFE: ContextVar[Spawned | None] = ContextVar("OF_LIFE", default=None)


class Time:
    """The offset of a story's clock from the real one. It outlives every life of the program.

    *skew* is how far the wall clock alone is off, as after somebody set it.
    """

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self.skew = timedelta(0)
        self._moved = asyncio.Event()

    def move(self, span: timedelta) -> None:
        self.offset += span
        self._moved.set()
        self._moved = asyncio.Event()

    async def moved(self, within: float) -> None:
        """Return when the clock is moved, or after *within* real seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._moved.wait()


class MovedClock(SystemClock):
    """Real time and an offset; who sleeps on it wakes when the clock is moved past their time."""

    def __init__(self, time: Time) -> None:
        self._time = time

    def now(self) -> datetime:
        return datetime.now(UTC) + self._time.offset + self._time.skew

    def monotonic(self) -> float:
        return monotonic() + self._time.offset.total_seconds()

    async def sleep(self, duration: timedelta) -> None:
        until = self.monotonic() + duration.total_seconds()
        await asyncio.sleep(0)
        while (left := until - self.monotonic()) > 0:
            await self._time.moved(left)


class MiddlingRng(SystemRng):
    def random(self) -> float:
        return 0.5


class HeldTasks(OwnedTasks):
    """Tasks whose names begin in a certain way can be held back, as if the machine stood still."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: list[str] = []
        self._prefixes: tuple[str, ...] = ()
        self._held: list[tuple[str, Coroutine[Any, Any, None], Context]] = []

    def hold(self, *prefixes: str) -> None:
        self._prefixes = prefixes

    @property
    def held(self) -> list[str]:
        return [name for name, _, _ in self._held]

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if self._prefixes and name.startswith(self._prefixes):
            self._held.append((name, work, copy_context()))
        else:
            super().start(name, work)

    def release(self) -> None:
        """Let everything go on."""
        self._prefixes, held, self._held = (), self._held, []
        for name, work, context in held:
            context.run(super().start, name, work)

    def forget(self) -> None:
        """Drop what was held back: the machine it would have run on is gone."""
        for _, work, _ in self._held:
            work.close()
        self._held.clear()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        super()._ended(task)
        if not task.cancelled() and task.exception() is not None:
            self.failed.append(f"{task.get_name()}: {task.exception()!r}")


def make_moved_world(time: Time, root: Path) -> SystemWorld:
    return SystemWorld(
        http=PinnedHttp(allow=frozenset()),
        processes=ChildProcesses(programs=frozenset()),
        files=RootedFiles(root),
        tasks=HeldTasks(),
        clock=MovedClock(time),
        rng=MiddlingRng(),
    )


def note_tasks(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, Any] | Generator[Any, Any, Any],
    **more: Any,
) -> "asyncio.Task[Any]":
    """Make a task as the loop does by itself, and note whose life it belongs to.

    A life is begun in a context of its own. Everything that comes of it inherits that context, the
    callbacks of its sockets too, so that the end of a life finds all of it.
    """
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **more)
    spawned = OF_LIFE.get()
    if spawned is not None:
        spawned.add(task)
        task.add_done_callback(spawned.discard)
    return task


async def in_life(spawned: Spawned, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Await *work* so that all tasks that come of it count as *spawned*."""
    token = OF_LIFE.set(spawned)
    try:
        return await asyncio.get_running_loop().create_task(work())
    finally:
        OF_LIFE.reset(token)

"""A World in which nothing is real and everything that was done is written down."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from baton.connector import Failed, Finished, HttpResponse, OnOutput

START = datetime(2030, 1, 1, 9, 0, tzinfo=UTC)
FIRST = int(START.timestamp()) * 1_000_000 - 86_400_000_000  # us; every row of a history is newer
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class SimClock:
    """Reads the time of the running loop; *skew* moves the wall, not the monotonic clock."""

    def __init__(self) -> None:
        self.skew = timedelta()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic()) + self.skew

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())


class SimIds:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._made = 0

    def new(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}_{self._made:010d}{self._rng.getrandbits(64):016X}"

    def token(self) -> str:
        return "".join(self._rng.choice(ALPHABET) for _ in range(43))


class SimTasks:
    """Starts tasks; what fails in one is kept for the test to look at."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, BaseException]] = []
        self._running: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def keep(self, name: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run *loop*, and begin it again when it failed, as the program does."""
        self.start(name, self._kept(name, loop))

    async def _kept(self, name: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await loop()
            except Exception as error:  # noqa: BLE001 - the edge of a loop: kept for the test
                self.failures.append((name, error))
            else:
                return
            await asyncio.sleep(1)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failures.append((task.get_name(), task.exception()))


Program = Callable[[Sequence[str]], Awaitable[Finished]]


@dataclass
class SimProcesses:
    """Programs by name; a test says what each does."""

    programs: dict[str, Program] = field(default_factory=dict)

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: timedelta | None = None,
        on_output: OnOutput | None = None,
    ) -> Finished:
        finished = await self.programs[argv[0]](argv)
        if on_output is not None:
            on_output("stdout", finished.stdout)
            on_output("stderr", finished.stderr)
        return finished


@dataclass
class SimHttp:
    """Pages by address; a callable is asked each time."""

    pages: dict[str, Callable[[], bytes]] = field(default_factory=dict)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout: timedelta,
        allow: Collection[str] = (),
    ) -> HttpResponse:
        page = self.pages.get(url)
        if page is None:
            return HttpResponse(404, url, {}, b"")
        return HttpResponse(200, url, {"content-type": "text/plain"}, page())


@dataclass
class SimFiles:
    """Files as a map; they outlive a crash."""

    root: Path = Path("/nowhere")
    written: dict[str, bytes] = field(default_factory=dict)

    async def read(self, path: str, *, limit: int) -> bytes:
        if path not in self.written:
            raise Failed(f"there is no file {path}")
        return self.written[path][:limit]

    async def write(self, path: str, content: bytes) -> Path:
        self.written[path] = content
        return self.root / path


@dataclass
class SimWorld:
    """One bundle per life. *files*, *http* and *processes* may be handed on to the next."""

    rng: random.Random
    processes: SimProcesses = field(default_factory=SimProcesses)
    http: SimHttp = field(default_factory=SimHttp)
    files: SimFiles = field(default_factory=SimFiles)
    clock: SimClock = field(default_factory=SimClock)
    tasks: SimTasks = field(default_factory=SimTasks)
    ids: SimIds = field(init=False)

    def __post_init__(self) -> None:
        self.ids = SimIds(self.rng)

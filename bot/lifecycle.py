"""One life of the program: take the port, wire, begin, serve, and end within seconds when told to."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
import uvicorn
import uvloop

from bot.admin import AdminSocket
from bot.app import Baton, build
from bot.configuration import Configuration
from bot.settings import Settings
from bot.store_watch import end_if_broken, end_where_broken
from bot.whole_reports import WholeReports
from bot.world.listening import Listening, listen, port_of
from handlers.http import Demo, Edge, create_api

log = structlog.get_logger()

STATIC = Path(__file__).parent.parent / "handlers" / "http" / "static"
DRAIN = 1  # s that open requests get at a stop; event streams would hold it up for ever
TICK = timedelta(milliseconds=10)
DATE = 1.0  # s between two dates
DATED = 10  # a number of uvicorn's ticks at which it writes one


class Server(uvicorn.Server):
    """uvicorn without its own signal handling: a life ends by one way only, and at once.

    It looks up for the date that its answers bear, and no more often: that is most of what a program
    does while nothing happens.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._stopped.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(DATED):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), DATE)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Life:
    """A Baton that serves."""

    baton: Baton
    settings: Settings


@contextlib.asynccontextmanager
async def living(
    settings: Settings,
    configuration: Configuration,
    *,
    demo: Callable[[], Demo] | None = None,
    taken: Listening | None = None,
) -> AsyncIterator[Life]:
    """Serve inside the block, on *taken* where somebody listens for us already.

    Raises:
        PortTaken, InvalidSettings, DatabaseInUse, DatabaseUnusable: nothing was begun.
    """
    taken = listen(settings.host, settings.port) if taken is None else taken
    settings = settings.model_copy(update={"port": port_of(taken)})
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(taken.close)
        baton = await build(settings, configuration)
        stack.callback(end_if_broken, baton.door)
        stack.push_async_callback(baton.stop)
        baton.world.tasks.start("store", end_where_broken(baton.door))
        await baton.begin()
        await stack.enter_async_context(AdminSocket(settings.data / "admin.sock", baton).open())
        await stack.enter_async_context(serving(baton, taken, demo() if demo else None))
        log.info("serving", address=settings.address)
        yield Life(baton, settings)


@contextlib.asynccontextmanager
async def serving(baton: Baton, taken: Listening, demo: Demo | None) -> AsyncIterator[None]:
    edge = Edge(
        coordinator=baton.coordinator,
        world=baton.world,
        changes=baton.door.changes,
        sessions=baton.sessions,
        readiness=baton.readiness,
        rehearsals=baton.rehearsals,
        public_url=baton.settings.address,
        static=STATIC,
        demo=demo,
        slack=baton.slack.requests,
        metrics=baton.watch.metrics,
    )
    config = uvicorn.Config(
        create_api(edge, version=version("baton-bus")),
        log_config=None,
        access_log=False,
        http=WholeReports,
        lifespan="off",
        timeout_graceful_shutdown=DRAIN,
        server_header=False,
    )
    server = Server(config)
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[taken]), name="http")
    try:
        while not server.started and not task.done():
            await baton.world.clock.sleep(TICK)
        yield
    finally:
        edge.holding.close()  # open streams and long polls would hold it up
        server.stop()
        await task


def run_until_told(main: Callable[[asyncio.Event], Coroutine[Any, Any, int]]) -> int:
    """Run *main* with an event that SIGINT and SIGTERM set; return what it returns."""

    async def body() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        return await main(stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(body())

"""A bare server, beside which ours is measured: it reads a body and answers 202.

`python _bare.py PORT` stores nothing. `python _bare.py PORT FILE` answers once the body is in FILE
and synced: one thread writes whatever waits, and syncs once for all of it.
"""

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Waiting = tuple[bytes, asyncio.Future[None]]


class Log:
    """A file that bodies are appended to by a thread of its own."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self._queue: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        threading.Thread(target=self._live, daemon=True).start()

    async def append(self, body: bytes) -> None:
        done = asyncio.get_running_loop().create_future()
        self._queue.put((body, done))
        await done

    def _live(self) -> None:
        while True:
            group = [self._queue.get(), *self._others()]
            os.write(self._file, b"".join(body for body, _ in group))
            os.fdatasync(self._file)
            group[0][1].get_loop().call_soon_threadsafe(self._answer, group)

    def _others(self) -> Iterator[Waiting]:
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._queue.get_nowait()

    def _answer(self, group: list[Waiting]) -> None:
        for _, done in group:
            if not done.done():
                done.set_result(None)


def main(port: str, path: str | None = None) -> None:
    log = Log(path) if path else None

    async def take(request: Request) -> JSONResponse:
        raw = await request.body()
        if log is not None:
            await log.append(raw)
        return JSONResponse({"results": [{"id": "x", "length": len(raw)}]}, 202)

    async def ready(_: Request) -> JSONResponse:
        return JSONResponse({})

    routes = [Route("/v1/notify", take, methods=["POST"]), Route("/", ready)]
    app = Starlette(routes=routes)
    uvicorn.run(app, port=int(port), log_config=None, access_log=False, lifespan="off")


if __name__ == "__main__":
    main(*sys.argv[1:])

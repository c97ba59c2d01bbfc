"""The ASGI application, and a server to run it in a test or from the command line.

async with Server(Options(clock="virtual")) as slack:
slack.api_url      # for base_url; ends in /api/
slack.keys         # bot_token, app_token, signing_secret
slack.emulator     # to look inside; a test of an app drives it over HTTP instead
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from devslack.control import ask
from devslack.control import routes as control_routes
from devslack.emulator import Emulator, Keys, Options
from devslack.errors import StartError
from devslack.guard import Guard
from devslack.incoming import Incoming
from devslack.page import Page
from devslack.pings import Pings
from devslack.response_urls import ResponseUrls
from devslack.shapes import Json, dump
from devslack.uploads import Uploads
from devslack.web_api import METHODS, WebApi

PING_SECONDS = 10.0
GRACE_SECONDS = 1


def create_app(options: Options | None = None, emulator: Emulator | None = None) -> Guard:
    """Return the ASGI application of one emulated Slack.

    It must be called inside a running event loop, which its clock and its feeds use.
    """
    held = emulator or Emulator(options or Options())
    starlette = Starlette(routes=_routes(held))
    return Guard(starlette, held.options.hosts)


def _routes(emulator: Emulator) -> list[BaseRoute]:
    api = WebApi(emulator)
    page = Page(emulator.options.page, emulator.options.frame_ancestors)
    answers = ResponseUrls(emulator)
    uploads = Uploads(emulator.files)
    both = ["GET", "POST"]
    return [
        Route("/", page.index, methods=["GET"]),
        Route("/assets/{path:path}", page.asset, methods=["GET"]),
        WebSocketRoute("/link/", emulator.sockets.serve),
        *control_routes(emulator),
        Route(
            "/devslack/{path:path}",
            _no_such_call,
            methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        ),
        Route("/actions/{team}/{number}/{secret}", answers.__call__, methods=["POST"]),
        Route("/commands/{team}/{number}/{secret}", answers.__call__, methods=["POST"]),
        Route("/services/{team}/{bot}/{secret}", Incoming(emulator).__call__, methods=["POST"]),
        Route("/upload/v1/{ticket}", uploads.receive, methods=["POST"]),
        Route("/files/{id}/{name}", uploads.give, methods=["GET"]),
        Route("/api/{method}", api.__call__, methods=both),
        Route("/{method}", _bare(api), methods=both),
    ]


async def _no_such_call(request: Request) -> Response:
    body: Json = {
        "ok": False,
        "error": "not_found",
        "detail": f"There is no {request.method} {request.url.path}.",
    }
    return Response(dump(body), 404, media_type="application/json")


def _bare(api: WebApi) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        # SLACK_API_URL may lack /api; what a browser asks for by itself is not a method.
        if request.method == "GET" and request.path_params["method"] not in METHODS:
            return Response("Not found", 404, media_type="text/plain")
        return await api(request)

    return endpoint


class _Uvicorn(uvicorn.Server):
    """uvicorn without its signal handlers, told at once when it must stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def main_loop(self) -> None:
        await self.ended.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the port and what is open; no connection holds us longer than GRACE_SECONDS."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle(), GRACE_SECONDS)
        for task in self.server_state.tasks:
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    async def _idle(self) -> None:
        # uvicorn tells nobody when its last connection ends.
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(0.002)


class Server:
    """devslack on a port of its own."""

    def __init__(
        self, options: Options | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._options = options or Options()
        self._host = host
        self._port = port
        self._server: _Uvicorn | None = None
        self._running: asyncio.Task[None] | None = None
        self._emulator: Emulator | None = None

    @property
    def emulator(self) -> Emulator:
        """The emulated Slack; only while the server runs."""
        if self._emulator is None:
            raise StartError("the server was not started")
        return self._emulator

    @property
    def keys(self) -> Keys:
        """The tokens an app needs."""
        return self.emulator.keys

    @property
    def url(self) -> str:
        """The address of this server, without a slash at its end."""
        return self.emulator.base_url

    @property
    def api_url(self) -> str:
        """What ``SLACK_API_URL`` should be."""
        return f"{self.url}/api/"

    def greeting(self) -> Json:
        """Return what the first line on standard output says."""
        return {
            "api_url": self.api_url,
            "page_url": f"{self.url}/",
            "bot_token": self.keys.bot_token,
            "app_token": self.keys.app_token,
            "signing_secret": self.keys.signing_secret,
        }

    async def start(self) -> Self:
        """Listen, and return once requests are answered.

        Raises:
            StartError: the port is taken, or a file cannot be used.
        """
        listener = _listen(self._host, self._port)
        try:
            self._emulator = Emulator(self._options)
        except StartError:
            listener.close()
            raise
        self._emulator.base_url = _address(self._host, listener)
        self._emulator.abort = self._abort
        self._server = _Uvicorn(_config(create_app(emulator=self._emulator), self._emulator))
        self._running = asyncio.get_running_loop().create_task(self._server.serve([listener]))
        await self._server.begun.wait()
        return self

    async def stop(self) -> None:
        """End all connections and free the port."""
        if self._server is None or self._running is None:
            return
        await self.emulator.stop()
        self._server.ended.set()
        self._server.should_exit = True
        await self._running
        self._server = self._running = None

    async def ask(self, method: str, path: str, /, **fields: Any) -> Json:
        """Use the control API without HTTP: ``await slack.ask("POST", "click", **{"as": …})``.

        Raises:
            ControlError: as the API refuses.
        """
        return await ask(self.emulator, method, path, fields)

    def _abort(self, client: tuple[str, int]) -> bool:
        """Cut the TCP connection that comes from *client*."""
        connections: Any = self._server.server_state.connections if self._server else ()
        for connection in list(connections):
            transport = connection.transport
            if transport.get_extra_info("peername", ())[:2] == client:
                transport.abort()
                return True
        return False

    async def __aenter__(self) -> Self:
        """Start."""
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()


def _config(app: Guard, emulator: Emulator) -> uvicorn.Config:
    protocol: Any = partial(Pings, emulator.sockets.silent)
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ws=protocol,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS * 3,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only then; without it answers wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartError(
            f"cannot listen on {host}:{port}: {error}. Choose another --port."
        ) from error
    return listener


def _address(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"

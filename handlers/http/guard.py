"""What every request goes through before its route. Plain ASGI, so that streams pass as they are."""

from collections.abc import Mapping

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.http.answers import answer
from handlers.http.bodies import limit_of, refuse_ambiguous, refuse_announced
from handlers.http.edge import Demo, Edge

log = structlog.get_logger()


class Guard:
    """Adds *headers* to each answer, where the answer does not say otherwise itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = in_bytes(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                added = [pair for pair in self.headers if pair[0] not in there]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self.app(scope, receive, guarded if scope["type"] == "http" else send)


class Named:
    """Names every request, in its scope and in ``X-Request-Id``, and answers what nobody foresaw."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        edge: Edge = scope["app"].state.edge
        name = scope["request_id"] = edge.world.ids.new("rq")
        begun = False

        async def named(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
            await send(message)

        try:
            await self.app(scope, receive, named)
        except ClientDisconnect:
            log.info("client_left", request_id=name)
        except Exception as error:
            if begun:  # half an answer cannot be taken back: the server closes the connection
                log.warning("answer_cut", request_id=name, error=repr(error))
                raise
            await (await answer(Request(scope), error))(scope, receive, named)


class Sized:
    """Refuses a body that announces itself as too long, or in two ways, before anything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            refuse_ambiguous(request)
            refuse_announced(request, limit_of(request))
        await self.app(scope, receive, send)


class HeadAsGet:
    """Answers HEAD wherever GET is answered: the same headers, and no body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self.app({**scope, "method": "GET", "only_head": True}, receive, without_body)


def in_bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Write headers as a server is given them."""
    return [(name.lower().encode(), says.encode()) for name, says in headers.items()]


def browser_headers(demo: Demo | None) -> dict[str, str]:
    """Return what browsers are told: only our own files, and, in the demo, the local Slack's frame."""
    frames = f"frame-src {origin(demo.slack_page)}; " if demo else ""
    return {
        "Content-Security-Policy": (
            f"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; {frames}"
            "frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def origin(url: str) -> str:
    """Return scheme, host and port of *url*."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"

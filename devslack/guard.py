"""Lets in only requests that name this server, so that no website can drive it from a browser."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from devslack.shapes import dump

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Guard:
    """Checks Host and Origin of every request. *hosts* are further names; ``*`` admits any."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...] = ()) -> None:
        self._app = app
        self._hosts = frozenset([*LOOPBACK, *hosts])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else ""
        if not refusal:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            detail = "devslack answers only to its own names and its own page. See --host."
            body = dump({"ok": False, "error": refusal, "detail": detail})
            await Response(body, 403, media_type="application/json")(scope, receive, send)

    def _refusal(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin", "")
        if "*" not in self._hosts and hostname(f"//{host}") not in self._hosts:
            return "forbidden_host"
        return "forbidden_origin" if origin and netloc(origin) != host.lower() else ""


def hostname(address: str) -> str:
    """Return the host of an address, without port and brackets; empty if there is none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def netloc(origin: str) -> str:
    """Return host and port of an origin."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""

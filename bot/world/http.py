"""The way out to the web: public https, or what was allowed by name, and never a surprise.

The address is resolved once, checked, and pinned, so that a name cannot point to one place when it
is checked and to another when it is called. Nothing is kept from one request to the next.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType
from typing import Any

import httpx

from baton.connector import HttpResponse, NotStarted, Unknown
from bot.world.addresses import resolve

BODY_LIMIT = 8 * 1024 * 1024
NONE: Mapping[str, str] = MappingProxyType({})
CONNECT = 0.9  # of the time: the library gives up before we do, and closes what it opened
PORTS = {"https": 443, "http": 80}

NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
)


@dataclass(slots=True)
class Progress:
    """Whether the first byte of a request has left: before it, nothing happened out there."""

    sent: bool = False
    _connected: Any = None

    async def note(self, name: str, info: Mapping[str, Any]) -> None:
        self.sent = self.sent or name.endswith("send_request_headers.started")
        if name == "connection.connect_tcp.complete":
            self._connected = info["return_value"]

    async def hang_up(self) -> None:
        """Close the connection: the library forgets one whose greeting was cut off from outside."""
        if self._connected is not None:
            await self._connected.aclose()


class PinnedHttp:
    """Satisfies `baton.connector.Http`. *allow* holds ``host:port`` pairs beside public https."""

    def __init__(self, *, allow: frozenset[str]) -> None:
        self._allow = frozenset(pair.lower() for pair in allow)
        self._client: httpx.AsyncClient | None = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NONE,
        content: bytes | None = None,
        timeout: timedelta,  # noqa: ASYNC109 - the port says why
        allow: Collection[str] = (),
    ) -> HttpResponse:
        progress = Progress()
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                target, host = await self._target(url, self._allow.union(allow))
                client = self._open()
                request = client.build_request(
                    method,
                    target,
                    headers={**without_host(headers), "Host": host.netloc.decode()},
                    content=content,
                    timeout=httpx.Timeout(None, connect=CONNECT * timeout.total_seconds()),
                    extensions={"sni_hostname": host.host, "trace": progress.note},
                )
                return await answered(client, request, url)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            slow = isinstance(error, TimeoutError | httpx.TimeoutException)
            why = "no answer in time" if slow else str(error)
            if isinstance(error, NOTHING_SENT) or not progress.sent:
                raise NotStarted(
                    f"{method} {url}: nothing was sent: {why}", type="connect"
                ) from None
            raise Unknown(f"{method} {url}: {why}", type="connection") from None
        finally:
            await progress.hang_up()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    def _open(self) -> httpx.AsyncClient:
        """Return the client. A connection serves one request: another name may share the address."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                timeout=None,  # noqa: S113 - `request` holds one limit over all of it
                limits=httpx.Limits(max_keepalive_connections=0),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return self._client

    async def _target(self, url: str, allow: Collection[str]) -> tuple[httpx.URL, httpx.URL]:
        """Return the address to connect to, and the one that was asked for."""
        asked = httpx.URL(url)
        port = asked.port or PORTS.get(asked.scheme, 0)
        if not asked.host or asked.scheme not in PORTS:
            raise NotStarted(f"{url[:200]!r} is no http or https address.", type="address")
        named = f"{asked.host}:{port}" in allow
        if not named and (asked.scheme, port) != ("https", 443):
            raise NotStarted(
                f"{asked.host}:{port} is not https on port 443: "
                "name it in BATON_HTTP_ALLOW to allow it.",
                type="not_allowed",
            )
        address = await resolve(asked.host, port, public=not named)
        return asked.copy_with(host=address, port=port), asked


async def answered(client: httpx.AsyncClient, request: httpx.Request, url: str) -> HttpResponse:
    """Send *request* and read the answer, as far as it may be read."""
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise Unknown(f"{url}: the answer has over {BODY_LIMIT} bytes.", type="limit")
    finally:
        await response.aclose()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(response.status_code, url, headers, bytes(body))


def without_host(headers: Mapping[str, str]) -> dict[str, str]:
    """Leave out what only the address says."""
    return {name: value for name, value in headers.items() if name.lower() != "host"}

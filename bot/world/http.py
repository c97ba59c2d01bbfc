"""The way out to the web: public https, or what was allowed by name, and never a surprise.

The address is resolved once, checked, and pinned, so that a name cannot point to one place when it
is checked and to another when it is called.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Mapping
from datetime import timedelta
from types import MappingProxyType

import httpx

from baton.connector import HttpResponse, NotStarted, Unknown

BODY_LIMIT = 8 * 1024 * 1024
NONE: Mapping[str, str] = MappingProxyType({})

NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
)


class PinnedHttp:
    """Satisfies `baton.connector.Http`. *allow* holds ``host:port`` pairs beside public https."""

    def __init__(
        self, *, allow: frozenset[str], transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._allow = allow
        self._transport = transport
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
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                target, host = await self._target(url, self._allow.union(allow))
                request = self._open().build_request(
                    method,
                    target,
                    headers={**headers, "Host": host.netloc.decode()},
                    content=content,
                    extensions={"sni_hostname": host.host},
                )
                return await self._send(request, url)
        except NOTHING_SENT as error:
            raise NotStarted(f"{method} {url}: nothing was sent: {error}", type="connect") from None
        except (TimeoutError, httpx.HTTPError) as error:
            why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
            raise Unknown(f"{method} {url}: {why}", type="connection") from None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                trust_env=False,
                timeout=None,  # noqa: S113 - `request` holds one limit over all of it
                transport=self._transport,
            )
        return self._client

    async def _send(self, request: httpx.Request, url: str) -> HttpResponse:
        response = await self._open().send(request, stream=True)
        try:
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise Unknown(f"{url}: the answer has over {BODY_LIMIT} bytes.", type="limit")
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status_code, url, headers, body)

    async def _target(self, url: str, allow: Collection[str]) -> tuple[httpx.URL, httpx.URL]:
        """Return the address to connect to, and the one that was asked for."""
        asked = httpx.URL(url)
        port = asked.port or {"https": 443, "http": 80}.get(asked.scheme, 0)
        if not asked.host or asked.scheme not in ("http", "https"):
            raise NotStarted(f"{url!r} is no http or https address.", type="address")
        named = f"{asked.host}:{port}" in allow
        if asked.scheme != "https" and not named:
            raise NotStarted(
                f"{asked.host}:{port} is not https: name it in BATON_HTTP_ALLOW to allow it.",
                type="not_allowed",
            )
        address = await resolve(asked.host, port, public=not named)
        return asked.copy_with(host=address, port=port), asked


async def resolve(host: str, port: int, *, public: bool) -> str:
    """Return one address of *host*; with *public*, each of them must be of the open internet."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotStarted(f"{host} cannot be found: {error}", type="resolve") from None
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    for address in addresses:
        if public and not address.is_global:
            raise NotStarted(
                f"{host} is at {address}, which is not a public address. "
                f"Name {host}:{port} in BATON_HTTP_ALLOW to allow it.",
                type="not_allowed",
            )
    return str(addresses[0])

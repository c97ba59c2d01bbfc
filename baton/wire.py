"""HTTP with the standard library: one request, one answer, no redirects, the token never shown."""

import http.client
import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from baton.errors import BatonError

__all__ = ["Answer", "BadAddress", "Unreachable", "Wire"]

_MOST_BYTES = 8 * 1024 * 1024
_LONGEST_WAIT = 600.0
_LONGEST_LINE = 64 * 1024


class Unreachable(BatonError):
    """Nobody answered at the address; *why* is the system's word for it."""

    def __init__(self, url: str, why: str) -> None:
        self.why = why
        super().__init__(f"cannot reach Baton at {url} ({why}); is it running?")


class BadAddress(BatonError):
    """The address of the server is not one."""

    def __init__(self) -> None:
        super().__init__("BATON_URL is not an http or https address, like http://127.0.0.1:8765")


class Answer:
    """An answer of any status; *body* is what its JSON says, or None."""

    def __init__(self, status: int, headers: "Message[str, str]", raw: bytes) -> None:
        self.status = status
        self.date = headers.get("Date")  # when the server sent it, as it says
        self.retry_after = _wait(headers.get("Retry-After"))
        self.body: Any = None
        try:
            self.body = json.loads(raw)
        except (ValueError, RecursionError):
            self.body = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def again(self) -> bool:
        """Say whether the same request may succeed later."""
        return self.status == 429 or self.status >= 500

    @property
    def detail(self) -> str:
        """Return the server's own sentence about a refusal, else the number of its status."""
        if isinstance(self.body, dict):
            said = self.body.get("detail") or self.body.get("title")
            if isinstance(said, str) and said:
                return said
        return f"the server answered {self.status}"

    @property
    def code(self) -> str:
        """Return the word for a refusal, as ``not-eligible``, or nothing."""
        said = self.body.get("code") if isinstance(self.body, dict) else None
        return said if isinstance(said, str) else ""


class Wire:
    """The way to one server."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        host = _host(self.url)
        # What runs on this machine is not asked for through a proxy.
        proxy = urllib.request.ProxyHandler({} if _is_local(host) else None)
        self._opener = urllib.request.build_opener(proxy, _NoRedirect())

    def __repr__(self) -> str:
        return f"Wire({self.url!r})"

    def call(
        self, method: str, path: str, content: bytes | None = None, *, timeout: float
    ) -> Answer:
        """Send one request; *timeout* is in seconds, for each read and write.

        Raises:
            Unreachable: no answer came, whatever the reason.
        """
        headers = self._headers("application/json")
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            request = urllib.request.Request(  # noqa: S310 - the scheme was checked
                self.url + path, data=content, headers=headers, method=method
            )
            with self._opener.open(request, timeout=timeout) as response:
                return Answer(response.status, response.headers, response.read(_MOST_BYTES))
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.headers, refusal.read(_MOST_BYTES))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(self.url, _reason(error)) from None


    def lines(self, path: str, *, silence: float) -> Iterator[str]:
        """Yield the lines of a stream of events as they come, until the server ends it.

        Args:
            path: with its query.
            silence: seconds without a line after which nobody is there any more.

        Raises:
            Unreachable: no answer, a refusal, or silence.
        """
        try:
            request = urllib.request.Request(  # noqa: S310 - the scheme was checked
                self.url + path, headers=self._headers("text/event-stream")
            )
            with self._opener.open(request, timeout=silence) as response:
                while line := response.readline(_LONGEST_LINE):
                    yield line.decode("utf-8", "replace").rstrip("\r\n")
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise Unreachable(self.url, f"status {refusal.code}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(self.url, _reason(error)) from None

    def _headers(self, accepted: str) -> dict[str, str]:
        headers = {"User-Agent": "baton-client", "Accept": accepted}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


def _host(url: str) -> str:
    """Return the host of *url*; asking for it loads the codec of names, before any thread does."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = bool(host.encode("idna"))
    except ValueError:  # UnicodeError is one
        raise BadAddress from None
    if parts.scheme not in ("http", "https") or not named:
        raise BadAddress
    return host


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to the configured server and to no other."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002 - the signature is the library's
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


def _reason(error: Exception) -> str:
    """Name the cause without the request, whose headers hold the token."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return type(cause).__name__ if isinstance(cause, BaseException) else "no connection"


def _wait(text: str | None) -> float | None:
    if text is None or not text.strip().isdigit():
        return None
    return min(float(text), _LONGEST_WAIT)


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

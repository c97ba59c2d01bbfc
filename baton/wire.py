"""HTTP to one server: one request, one answer, no redirects, the token never shown."""

import json
import os
import sys

from baton.errors import BatonError
from baton.exchange import Address, Proxy, exchange, secured

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from typing import Any

__all__ = ["Answer", "BadAddress", "Unreachable", "Wire"]

_LONGEST_WAIT = 600.0
_PROXY_OF_THE_SYSTEM = ("win32", "darwin")  # where it may be set elsewhere than in the environment


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
    """An answer of any status; *body* is what its JSON says, or None. Header names are lower case."""

    def __init__(self, status: int, headers: "Mapping[str, str]", raw: bytes) -> None:
        self.status = status
        self.headers = headers
        self.retry_after = _wait(headers.get("retry-after"))
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
        if self.status == 409:  # the same event is still on its way
            return self.retry_after is not None
        return self.status in (408, 429) or self.status >= 500

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
    """The way to one server.

    Raises:
        BadAddress: *url* is no http or https address.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        try:
            self._address = Address(self.url)
        except ValueError:  # UnicodeError is one
            raise BadAddress from None
        self._proxy: Proxy | None = None
        self._context: ssl.SSLContext | None = None
        self._ready = False

    def __repr__(self) -> str:
        return f"Wire({self.url!r})"

    def call(
        self, method: str, path: str, content: bytes | None = None, *, timeout: float
    ) -> Answer:
        """Send one request; all of it takes *timeout* seconds at most.

        Raises:
            Unreachable: no answer came, whatever the reason.
        """
        headers = {"User-Agent": "baton-client", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            self.prepare()
            target = (self._address, self._proxy, self._context)
            whole = self._address.path + path
            return Answer(*exchange(method, target, whole, headers, content, timeout=timeout))
        except (OSError, ValueError) as error:
            raise Unreachable(self.url, _reason(error)) from None

    def prepare(self) -> None:
        """Load what the way needs: which proxy leads there, and how certificates are checked.

        Raises:
            ValueError: the address of the proxy is none.
            OSError: the certificates cannot be read.
        """
        if self._ready:
            return
        self._proxy = _proxy_for(self._address)
        self._context = secured() if self._address.secure else None
        self._ready = True


def _proxy_for(address: Address) -> Proxy | None:
    """Return the proxy that the environment or the system names; none leads to this machine."""
    if address.is_local:
        return None
    named = any(name.lower().endswith("_proxy") for name in os.environ)
    if not named and sys.platform not in _PROXY_OF_THE_SYSTEM:
        return None
    import urllib.request  # noqa: PLC0415 - it knows them all, and takes 70 ms to import

    found = urllib.request.getproxies()
    url = found.get("https" if address.secure else "http") or found.get("all")
    if not url or urllib.request.proxy_bypass(f"{address.host}:{address.port}"):
        return None
    return Proxy(url)


def _reason(error: Exception) -> str:
    """Name the cause without the request, whose headers hold the token."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


def _wait(text: str | None) -> float | None:
    """Return how many seconds to wait; a header may also hold the time until which."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _LONGEST_WAIT)
    if not text:
        return None
    from datetime import UTC, datetime  # noqa: PLC0415
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - hardly any server does so

    try:
        left = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(left, 0.0), _LONGEST_WAIT)

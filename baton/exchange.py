"""One HTTP request and its answer over a socket of its own, all of it within one deadline.

The library's client would do, but importing it takes longer than all else that a short command does,
and its timeout is for each read: a server that sends a byte a second could hold it for ever.
"""

import socket
import time
from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:  # only where the address asks for it: it is slow to import
    import ssl
    from typing import Any

__all__ = ["Address", "Broken", "Proxy", "exchange", "secured"]

_MOST_HEAD = 64 * 1024
_MOST_BODY = 8 * 1024 * 1024
_NO_BODY = frozenset({204, 304})


class Broken(OSError):
    """What came back is no HTTP answer, or ended before its end."""


class Address:
    """An http or https address, taken apart; *host* is without brackets.

    Raises:
        ValueError: it is none.
    """

    __slots__ = ("host", "path", "port", "secure")

    def __init__(self, url: str) -> None:
        scheme, separator, rest = url.partition("://")
        if not separator or scheme.lower() not in ("http", "https") or not url.isprintable():
            raise ValueError("not an http or https address")
        authority, slash, path = rest.partition("/")
        host, port = _host_and_port(authority.rpartition("@")[2])
        self.secure = scheme.lower() == "https"
        self.host = host.encode("ascii" if host.isascii() else "idna").decode().lower()
        self.port = port or (443 if self.secure else 80)
        self.path = (slash + path).rstrip("/").partition("#")[0]
        if not host or " " in url:
            raise ValueError("an address names a host")

    @property
    def authority(self) -> str:
        """Return host and port as the header ``Host`` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.secure else 80
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Say whether this is the machine itself, to which no proxy leads."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


class Proxy:
    """What stands between here and the address; *headers* let us through.

    Raises:
        ValueError: *url* is no address.
    """

    __slots__ = ("address", "headers")

    def __init__(self, url: str) -> None:
        self.address = Address(url if "://" in url else f"http://{url}")
        self.headers: dict[str, str] = {}
        secret, at, _ = url.rpartition("://")[2].partition("/")[0].rpartition("@")
        if at:
            from base64 import b64encode  # noqa: PLC0415 - few proxies ask who comes
            from urllib.parse import unquote  # noqa: PLC0415

            word = b64encode(unquote(secret).encode()).decode()
            self.headers["Proxy-Authorization"] = f"Basic {word}"


def exchange(
    method: str,
    target: tuple[Address, Proxy | None, "ssl.SSLContext | None"],
    path: str,
    headers: Mapping[str, str],
    content: bytes | None,
    *,
    timeout: float,
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers (their names in lower case) and body, within *timeout* seconds.

    Raises:
        OSError: no answer; TimeoutError where time ran out, Broken where it makes no sense.
    """
    address, proxy, context = target
    until = time.monotonic() + timeout
    line = _Line(_connect(address, proxy, until), until)
    try:
        if context is not None:
            if proxy is not None:
                _tunnel(line, address, proxy)
            line.secure(context, address.host)
        elif proxy is not None:
            path = f"http://{address.authority}{path}"
            headers = {**headers, **proxy.headers}
        line.send(_request(method, path, {"Host": address.authority, **headers}, content))
        return _answer(line, method)
    finally:
        line.close()


def secured() -> "ssl.SSLContext":
    """Return what certificates are checked with: as the system and ``SSL_CERT_FILE`` say."""
    import ssl  # noqa: PLC0415 - 20 ms that an http address can spare

    "".encode("idna")  # the codec that checking a name would load in the middle
    return ssl.create_default_context()


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        host, closed, rest = authority[1:].partition("]")
        if not closed:
            raise ValueError("a bracket is not closed")
        port = rest.removeprefix(":")
    else:
        host, _, port = authority.partition(":")
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError("a port is a number")
    return host, int(port) if port else None


def _connect(address: Address, proxy: Proxy | None, until: float) -> socket.socket:
    first = address if proxy is None else proxy.address
    if proxy is not None and first.secure:
        raise Broken("a proxy is an http address here")
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    # As bytes: for a text the library would load the codec of international names, 10 ms each time.
    host: Any = first.host.encode()
    line = socket.create_connection((host, first.port), timeout=left)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _tunnel(line: "_Line", address: Address, proxy: Proxy) -> None:
    host = f"[{address.host}]" if ":" in address.host else address.host
    there = f"{host}:{address.port}"
    line.send(_request("CONNECT", there, {"Host": there, **proxy.headers}, None))
    status, _ = _head(line)
    if not 200 <= status < 300:
        raise Broken(f"the proxy answered {status}")


def _request(method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if content is not None:
        lines.append(f"Content-Length: {len(content)}")
    if method != "CONNECT":
        lines.append("Connection: close")
    if any("\r" in each or "\n" in each for each in lines):
        raise Broken("a header cannot hold a line break")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
    return head + (content or b"")


def _answer(line: "_Line", method: str) -> tuple[int, dict[str, str], bytes]:
    status, headers = _head(line)
    while 100 <= status < 200:
        status, headers = _head(line)
    if method == "HEAD" or status in _NO_BODY:
        return status, headers, b""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return status, headers, _chunks(line)
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        return status, headers, line.exactly(int(length))
    return status, headers, line.rest()


def _head(line: "_Line") -> tuple[int, dict[str, str]]:
    first, *others = line.until(b"\r\n\r\n", _MOST_HEAD).decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not version.startswith("HTTP/1.") or not (status.isascii() and status.isdigit()):
        raise Broken("this is no HTTP answer")
    pairs = (each.partition(":") for each in others)
    return int(status), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _chunks(line: "_Line") -> bytes:
    body = bytearray()
    while True:
        size = line.until(b"\r\n", 1024).partition(b";")[0].strip()
        try:
            length = int(size, 16)
        except ValueError:
            raise Broken("a chunk has no length") from None
        if length <= 0:
            return bytes(body)
        if len(body) + length > _MOST_BODY:
            raise Broken("the answer is too large")
        body += line.exactly(length)
        line.exactly(2)


class _Line:
    """A connection that knows when its time is over."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._read = bytearray()

    def close(self) -> None:
        self._connection.close()

    def secure(self, context: "ssl.SSLContext", host: str) -> None:
        self._in_time()
        self._connection = context.wrap_socket(self._connection, server_hostname=host)

    def send(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            self._in_time()
            view = view[self._connection.send(view[:65536]) :]

    def until(self, end: bytes, most: int) -> bytes:
        while (at := self._read.find(end)) < 0:
            if len(self._read) > most or not self._more():
                raise Broken("the answer ended in the middle")
        if at > most:
            raise Broken("the answer is too large")
        found = bytes(self._read[:at])
        del self._read[: at + len(end)]
        return found

    def exactly(self, length: int) -> bytes:
        if length > _MOST_BODY:
            raise Broken("the answer is too large")
        while len(self._read) < length:
            if not self._more():
                raise Broken("the answer ended in the middle")
        found = bytes(self._read[:length])
        del self._read[:length]
        return found

    def rest(self) -> bytes:
        while len(self._read) <= _MOST_BODY and self._more():
            pass
        return bytes(self._read)

    def _more(self) -> bool:
        self._in_time()
        came = self._connection.recv(65536)
        self._read += came
        return bool(came)

    def _in_time(self) -> None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)

"""Servers that do everything but answer well, on loopback."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

Behave = Callable[[socket.socket], None]


def read_request(line: socket.socket) -> bytes:
    """Read one request with its body."""
    line.settimeout(5)
    raw = b""
    while b"\r\n\r\n" not in raw:
        came = line.recv(65536)
        if not came:
            return raw
        raw += came
    head, _, body = raw.partition(b"\r\n\r\n")
    length = next(
        (int(each.split(b":")[1]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length")),
        0,
    )  # fmt: skip
    while len(body) < length:
        body += line.recv(65536)
    return head + b"\r\n\r\n" + body


class Rough:
    """A listener that behaves as it is told, once for each connection."""

    def __init__(self, behave: Behave) -> None:
        self._behave = behave
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[bytes] = []
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            self.requests.append(read_request(line))
            self._behave(line)

    def close(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


def says(*parts: bytes, pause: float = 0.0) -> Behave:
    """Say these bytes, then close."""

    def behave(line: socket.socket) -> None:
        for part in parts:
            line.sendall(part)
            time.sleep(pause)

    return behave


def half(line: socket.socket) -> None:
    line.sendall(b'HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n{"results": [')


def reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def hang(line: socket.socket) -> None:
    time.sleep(30)


def trickle(line: socket.socket) -> None:
    """Send a byte now and then, for ever."""
    for byte in b"HTTP/1.1 202 Accepted\r\nX: " + b"x" * 10_000:
        line.sendall(bytes([byte]))
        time.sleep(0.05)


ROUGH: dict[str, Behave] = {
    "hanging": hang,
    "500": says(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
    "half": half,
    "reset": reset,
    "trickling": trickle,
    "garbage": says(b"SSH-2.0-OpenSSH_9.6\r\n" * 3),
    "silent": says(),
}


@contextlib.contextmanager
def rough(behave: Behave) -> Iterator[Rough]:
    server = Rough(behave)
    try:
        yield server
    finally:
        server.close()

"""A client that loads a server over HTTP with keep-alive: as much as goes, or at fixed times.

It runs as a program of its own, on another core than the server, and prints one JSON document.
Nothing but the standard library: what it spends on a request must be little beside the server.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

WORDS = 700  # characters of padding: a body has 1 KB together with the rest
HEAD = "POST {path} HTTP/1.1\r\nHost: baton\r\nContent-Type: application/json\r\n{auth}Content-Length: {n}\r\n\r\n"
KNOWN_SHARE = 5  # one event in so many is about a process that is known


class Events:
    """The requests of a load, each about a process of its own but for every fifth."""

    def __init__(self, path: str, tokens: list[str], tag: str) -> None:
        self._path = path
        self._tokens = tokens
        self._tag = tag
        self._numbers = count()
        self._pad = "x" * WORDS

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        number = next(self._numbers)
        source = number % max(len(self._tokens), 1)
        known = number >= 5 * max(len(self._tokens), 1) and number % KNOWN_SHARE == 0
        of = source if known else number
        body = json.dumps(
            {
                "id": f"{self._tag}-{number}",
                "process_id": f"build-{self._tag}-{of}",
                "name": f"Build {of}",
                "category": "build",
                "status": "in_progress" if known else "started",
                "message": f"{number} {self._pad}",
                "labels": {"team": "web", "tier": "1"},
                "metadata": {"runner": "linux-4", "number": number},
            }
        ).encode()
        auth = f"Authorization: Bearer {self._tokens[source]}\r\n" if self._tokens else ""
        head = HEAD.format(path=self._path, auth=auth, n=len(body))
        return head.encode() + body


class Line(asyncio.Protocol):
    """One connection: a request at a time, and the status and time of each answer."""

    def __init__(self, answered: Callable[["Line", int, float], None]) -> None:
        self._answered = answered
        self._buffer = b""
        self._began = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP's is one

    def send(self, request: bytes, began: float | None = None) -> None:
        assert self.transport is not None
        self._began = began if began is not None else time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, there, rest = self._buffer.partition(b"\r\n\r\n")
        if not there or len(rest) < length(head):
            return
        self._buffer = b""
        self._answered(self, int(head[9:12]), time.perf_counter() - self._began)

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None


def length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


class Tally:
    """What came back."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.statuses: dict[int, int] = {}

    def add(self, status: int, taken: float) -> None:
        self.times.append(taken)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def public(self, seconds: float) -> dict[str, Any]:
        ordered = sorted(self.times)
        most = len(ordered) - 1
        return {
            "seconds": seconds,
            "answers": len(ordered),
            "statuses": self.statuses,
            "p50_ms": ordered[int(0.5 * most)] * 1000 if ordered else 0.0,
            "p99_ms": ordered[int(0.99 * most)] * 1000 if ordered else 0.0,
            "max_ms": ordered[-1] * 1000 if ordered else 0.0,
        }


async def capacity(address: tuple[str, int], events: Events, lines: int, seconds: float) -> Any:
    """Keep *lines* connections busy for *seconds*; an answer is followed by the next request."""
    tally, loop = Tally(), asyncio.get_running_loop()
    began = time.perf_counter()
    until = began + seconds
    open_lines, done = lines, loop.create_future()

    def answered(line: Line, status: int, taken: float) -> None:
        nonlocal open_lines
        tally.add(status, taken)
        if time.perf_counter() < until:
            line.send(next(events))
            return
        open_lines -= 1
        if not open_lines and not done.done():
            done.set_result(time.perf_counter() - began)

    made = [
        (await loop.create_connection(lambda: Line(answered), *address))[1] for _ in range(lines)
    ]
    began = time.perf_counter()
    until = began + seconds
    for line in made:
        line.send(next(events))
    async with asyncio.timeout(seconds + 30):
        taken = await done
    for line in made:
        if line.transport is not None:
            line.transport.close()
    return tally.public(taken)


def resting(free: list[Line]) -> Line | None:
    """Take a connection that is free; the server ends those that rest for too long."""
    while free:
        if (line := free.pop()).transport is not None:
            return line
    return None


async def steady(address: tuple[str, int], events: Events, rate: float, seconds: float) -> Any:
    """Send at fixed times, whether the ones before were answered or not; late counts as slow."""
    tally, loop, total = Tally(), asyncio.get_running_loop(), int(rate * seconds)
    free: list[Line] = []
    all_came = asyncio.Event()

    def answered(line: Line, status: int, taken: float) -> None:
        tally.add(status, taken)
        free.append(line)
        if len(tally.times) == total:
            all_came.set()

    async def another() -> Line:
        return (await loop.create_connection(lambda: Line(answered), *address))[1]

    free.extend([await another() for _ in range(32)])
    began = time.perf_counter() + 0.1
    for number in range(total):
        due = began + number / rate
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        line = resting(free) or await another()
        line.send(next(events), due)
    async with asyncio.timeout(30):
        await all_came.wait()
    return tally.public(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["capacity", "steady"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/v1/notify")
    parser.add_argument("--tag", default="t")
    parser.add_argument("--tokens", default="", help="a file with one on each line")
    parser.add_argument("--amount", type=float, required=True, help="connections, or a second")
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    tokens = []
    if given.tokens:
        with open(given.tokens) as file:  # noqa: PTH123 - this program imports as little as it can
            tokens = file.read().split()
    events = Events(given.path, tokens, given.tag)
    work = capacity if given.kind == "capacity" else steady
    amount = int(given.amount) if given.kind == "capacity" else given.amount
    address = ("127.0.0.1", given.port)
    print(json.dumps(asyncio.run(work(address, events, amount, given.seconds))))  # type: ignore[operator]


if __name__ == "__main__":
    main()

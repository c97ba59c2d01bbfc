"""A kept connection: one write for an answer, one timer for its pauses, and nothing else is different."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from bot.connections import JOINED, Connection, Joining, OneTimer
from handlers.http.bodies import WHOLE

PAUSE = 5.0  # s


@dataclass
class Timer:
    at: float
    ring: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Loop:
    """The time of a loop, which goes on when a test says so."""

    now: float = 0.0
    timers: list[Timer] = field(default_factory=list)
    soon: list[Callable[[], object]] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, ring: Callable[[], object]) -> Timer:
        self.timers.append(Timer(at, ring))
        return self.timers[-1]

    def call_soon(self, call: Callable[[], object]) -> None:
        self.soon.append(call)

    def create_task(self, work: Any) -> None:
        raise AssertionError(work)

    def turn(self) -> None:
        due, self.soon = self.soon, []
        for call in due:
            call()

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        due = [each for each in self.timers if each.at <= self.now and not each.cancelled]
        self.timers = [each for each in self.timers if each not in due]
        for each in due:
            each.ring()


@dataclass
class Wire(asyncio.Transport):
    """Where the bytes go: each write by itself."""

    writes: list[bytes] = field(default_factory=list)
    closed: bool = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def rung() -> list[str]:
    return []


def timer(loop: Loop) -> OneTimer:
    return OneTimer(loop)  # type: ignore[arg-type]  # all of a loop that it asks


def test_a_pause_ends_once_after_its_delay(loop: Loop, rung: list[str]) -> None:
    timer(loop).call_later(PAUSE, lambda: rung.append("end"))

    loop.sleep(PAUSE - 1)
    assert rung == []
    loop.sleep(1)
    loop.sleep(PAUSE)
    assert rung == ["end"]


def test_a_pause_that_was_left_does_not_end(loop: Loop, rung: list[str]) -> None:
    timer(loop).call_later(PAUSE, lambda: rung.append("end")).cancel()

    loop.sleep(2 * PAUSE)

    assert (rung, loop.timers) == ([], [])


def test_many_pauses_take_one_timer_and_each_has_its_whole_delay(
    loop: Loop, rung: list[str]
) -> None:
    one = timer(loop)
    for number in range(100):
        one.call_later(PAUSE, partial(rung.append, str(number))).cancel()
        loop.sleep(0.04)
        assert len(loop.timers) == 1
    one.call_later(PAUSE, lambda: rung.append("last"))

    loop.sleep(PAUSE - 0.01)
    assert rung == []
    loop.sleep(0.02)
    assert (rung, loop.timers) == (["last"], [])
    one.call_later(PAUSE, lambda: rung.append("another"))
    loop.sleep(PAUSE)
    assert rung == ["last", "another"]


def test_a_connection_that_is_gone_leaves_no_timer(loop: Loop, rung: list[str]) -> None:
    one = timer(loop)
    one.call_later(PAUSE, lambda: rung.append("end"))

    one.end()
    loop.sleep(2 * PAUSE)

    assert rung == []


def joining(loop: Loop) -> tuple[Joining, Wire]:
    wire = Wire()
    return Joining(wire, loop), wire  # type: ignore[arg-type]  # all of a loop that it asks


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def test_head_and_body_are_one_write(loop: Loop) -> None:
    line, wire = joining(loop)

    line.write(HEAD)
    line.write(b"body")
    loop.turn()

    assert wire.writes == [HEAD + b"body"]


def test_a_head_whose_body_takes_time_goes_at_once(loop: Loop) -> None:
    line, wire = joining(loop)

    line.write(HEAD)
    loop.turn()
    assert wire.writes == [HEAD]
    line.write(b"event")

    assert wire.writes == [HEAD, b"event"]


def test_a_long_body_is_not_copied(loop: Loop) -> None:
    line, wire = joining(loop)

    line.write(HEAD)
    line.write(b"x" * (JOINED + 1))
    loop.turn()

    assert [len(each) for each in wire.writes] == [len(HEAD), JOINED + 1]


def test_what_is_held_is_written_before_the_end(loop: Loop) -> None:
    line, wire = joining(loop)

    line.write(HEAD)
    line.close()
    loop.turn()

    assert (wire.writes, wire.closed) == ([HEAD], True)


async def answers(*pieces: bytes) -> tuple[list[dict[str, Any]], Wire]:
    """Feed pieces of requests to a connection; return the scopes as they were when each began."""
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append({**scope})
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        said = json.dumps(len(body)).encode()
        length = (b"content-length", b"%d" % len(said))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": said})

    config = uvicorn.Config(app, log_config=None, lifespan="off")
    config.load()
    wire, line = Wire(), Connection(config, ServerState(), {})
    line.connection_made(wire)
    for piece in pieces:
        line.data_received(piece)
        for _ in range(3):
            await asyncio.sleep(0)
    line.connection_lost(None)
    return seen, wire


def request(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def test_it_says_which_bodies_are_here() -> None:
    first, rest = request(b"12345")[:-2], request(b"12345")[-2:]

    seen, wire = await answers(request(b"1"), first, rest, request(b"123"))

    assert [WHOLE in scope.get("extensions", ()) for scope in seen] == [True, False, True]
    assert [each[-1:] for each in wire.writes] == [b"1", b"5", b"3"]


async def test_requests_that_come_together_are_answered_in_their_order() -> None:
    seen, wire = await answers(request(b"1") + request(b"22") + request(b"333"), b"", b"")

    assert len(seen) == 3
    assert [each[-1:] for each in wire.writes] == [b"1", b"2", b"3"]

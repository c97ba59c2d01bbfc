"""Bytes on a real socket that are no proper request: refused, never an error of ours, and nothing stored."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bot.lifecycle import serving
from bot.world.listening import listen, port_of
from coordination.database import events, select
from tests.stories.box import BatonInABox

BODY = b'{"process_id": "b1", "status": "started"}'
PATIENCE = 30.0  # s, real ones: a machine may be busy


@dataclass
class Wire:
    """A Baton that listens, and a hand that writes bytes to it."""

    baton: BatonInABox
    port: int

    async def send(self, raw: bytes, *, hang_up: bool = False) -> list[int]:
        """Send bytes as they are; return the statuses of what came back, until the server is done."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(raw)
            await writer.drain()
            if hang_up:
                writer.write_eof()
            async with asyncio.timeout(PATIENCE):
                said = await reader.read()
        except ConnectionResetError:
            said = b""
        finally:
            writer.close()
        return statuses(said)

    async def stored(self) -> int:
        await self.baton.quiet()
        rows = await self.baton.life.door.read(
            lambda reader: reader.fetch_all(select(events.c.seq))
        )
        return len(rows)

    @property
    def token(self) -> bytes:
        return self.baton._token.encode()


def statuses(said: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3}) ", said)]


@pytest_asyncio.fixture(loop_scope="session")
async def wire(baton: BatonInABox) -> AsyncIterator[Wire]:
    taken = listen("127.0.0.1", 0)
    async with serving(baton.life.baton, taken, None):
        yield Wire(baton, port_of(taken))
    taken.close()


def request(
    token: bytes | None,
    *more: bytes,
    line: bytes = b"POST /v1/notify HTTP/1.1",
    host: bytes | None = b"baton.test",
    length: bytes | None = None,
    body: bytes = BODY,
) -> bytes:
    """Write a report as a proper client does, but for what a test changes."""
    said = length if length is not None else str(len(body)).encode()
    head = [
        line,
        *([b"Host: " + host] if host is not None else []),
        *([b"Authorization: Bearer " + token] if token is not None else []),
        b"Content-Type: application/json",
        b"Connection: close",
        *([b"Content-Length: " + said] if said else []),
        *more,
    ]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


async def test_a_proper_request_is_taken(wire: Wire) -> None:
    assert await wire.send(request(wire.token)) == [202]
    assert await wire.send(request(wire.token, line=b"POST /v1/notify HTTP/1.0", host=None)) == [
        202
    ]
    chunked = b"29\r\n" + BODY + b"\r\n0\r\n\r\n"
    coded = request(wire.token, b"Transfer-Encoding: chunked", length=b"", body=chunked)
    assert await wire.send(coded) == [202]
    assert await wire.stored() == 3


HEADS: dict[str, bytes] = {
    "a second token": b"Authorization: Bearer bt_x",
    "the same name in capitals": b"AUTHORIZATION: Bearer bt_x",
    "a zero": b"X-A: a\x00b",
    "a bare line feed": b"X-A: a\nX-B",
    "a folded line": b"X-A: a\r\n folded: b\r\n\x0bAuthorization: x",
    "a space before the colon": b"Content-Length : 3",
    "no name": b": x",
    "no colon": b"nothing",
    "a second length": b"Content-Length: 3",
    "two names of the host": b"Host: evil.example",
    "a coding nobody knows": b"Transfer-Encoding: gzip",
    "two codings": b"Transfer-Encoding: chunked, chunked",
    "a coding in disguise": b"Transfer-Encoding: xchunked",
    "a tab in a coding": b"Transfer-Encoding:\x0bchunked",
}


@pytest.mark.parametrize("name", HEADS)
async def test_a_head_that_is_none_is_refused(wire: Wire, name: str) -> None:
    answered = await wire.send(request(wire.token, HEADS[name]))

    assert answered in (
        [],
        [400],
        [401],
    )  # none: the server had done with it before it was all sent
    assert await wire.stored() == 0


LONG = [b"X-A: " + b"a" * 65_536, b"\r\n".join(b"X-%d: 1" % number for number in range(9_000))]


@pytest.mark.parametrize("head", LONG, ids=["64 KiB", "many"])
async def test_a_long_head_opens_no_door_and_breaks_none(wire: Wire, head: bytes) -> None:
    assert await wire.send(request(None, head)) in ([], [400], [401])
    assert await wire.send(request(wire.token, head)) in ([], [400], [202])
    assert await wire.send(request(wire.token)) == [202]


@pytest.mark.parametrize("piece", [b"a" * 1_000, b"X-A: b\r\n" * 100], ids=["header", "headers"])
async def test_a_head_without_an_end_is_cut_off(wire: Wire, piece: bytes) -> None:
    """Else anybody could fill the memory, since nobody is asked who they are before the head ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    writer.write(b"POST /v1/notify HTTP/1.1\r\nHost: baton.test\r\nX-B: ")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not reader.at_eof() and sent < 10_000_000:
            writer.write(piece)
            sent += len(piece)
            await writer.drain()
            await asyncio.sleep(0)
    writer.close()

    assert sent < 10_000_000
    assert await wire.send(request(wire.token)) == [202]


@pytest.mark.parametrize(
    "length", [b"-1", b"+41", b"0x29", b"4 1", b"41, 3", b"1e9", b"\xc2\xb2", b"9" * 19, b"9" * 400]
)
async def test_a_length_that_is_none_is_refused(wire: Wire, length: bytes) -> None:
    answered = await wire.send(request(wire.token, length=length))

    assert answered in ([400], [413])
    assert await wire.stored() == 0


CHUNKS = [b"zz\r\n", b"-1\r\nx\r\n", b"ffffffffffffffffffff\r\n", b"29", b"29\r\n" + BODY, b"29\r\n{}\r\n0\r\n\r\n"]  # fmt: skip


@pytest.mark.parametrize("chunks", CHUNKS, ids=range(len(CHUNKS)))
async def test_chunks_that_are_none_store_nothing(wire: Wire, chunks: bytes) -> None:
    raw = request(wire.token, b"Transfer-Encoding: chunked", length=b"", body=chunks)
    answered = await wire.send(raw, hang_up=True)

    assert answered in ([], [400])  # half a body has nobody who waits for an answer
    assert await wire.stored() == 0


@pytest.mark.parametrize("order", [0, 1])
async def test_a_body_has_one_length_and_not_two(wire: Wire, order: int) -> None:
    """A gate that believes the one, and a server that believes the other, make two requests of one."""
    inner = request(wire.token)
    body = b"0\r\n\r\n" + inner
    heads = [b"Transfer-Encoding: chunked", b"Content-Length: %d" % len(body)]
    raw = request(None, *heads[:: 1 - 2 * order], length=b"", body=body)
    answered = await wire.send(raw.replace(b"Connection: close\r\n", b""))

    assert answered == [400]
    assert await wire.stored() == 0


LINES = [
    b"",
    b"\r\n",
    b"GET",
    b"POST /v1/notify",
    b"POST  /v1/notify  HTTP/1.1",
    b"POST /v1/notify HTTP/9.9",
    b"PRI * HTTP/2.0",
    b"post /v1/notify HTTP/1.1",
    b"CONNECT evil.example:443 HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"POST http://evil.example/v1/notify HTTP/1.1",
    b"POST /v1/notify\x00 HTTP/1.1",
    b"POST /v1/\xff\xfe HTTP/1.1",
    b"POST /v1/%ff%fe%00 HTTP/1.1",
    b"POST /v1/notify%00 HTTP/1.1",
    b"POST /v1/notify?" + b"a=1&" * 20_000 + b" HTTP/1.1",
    b"POST /" + b"a/" * 40_000 + b" HTTP/1.1",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
async def test_a_first_line_that_is_none_leads_nowhere(wire: Wire, line: bytes) -> None:
    answered = await wire.send(request(wire.token, line=line), hang_up=True)

    assert set(answered) <= {400, 404, 405}
    assert await wire.stored() == 0


@pytest.mark.parametrize(
    "host", [None, b"", b"evil.example", b"127.0.0.1.evil.example", b"[", b"a b"]
)
async def test_without_our_name_browsers_see_nothing(wire: Wire, host: bytes | None) -> None:
    for version in (b"1.0", b"1.1"):
        raw = request(None, line=b"GET /r/R-1 HTTP/" + version, host=host, body=b"", length=b"0")
        assert set(await wire.send(raw)) <= {400, 401, 421}


@pytest.mark.parametrize(
    "more", [b"Upgrade: websocket", b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk"]
)
async def test_no_other_protocol_leads_past_the_door(wire: Wire, more: bytes) -> None:
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    line = b"GET /v1/stream HTTP/1.1"
    raw = request(None, more, key, line=line, body=b"", length=b"0")
    answered = await wire.send(raw.replace(b"Connection: close", b"Connection: Upgrade, close"))

    assert 101 not in answered
    assert set(answered) <= {400, 401, 403, 404, 426}


async def test_who_is_not_let_in_sends_no_body(wire: Wire) -> None:
    """The body is asked for after the credentials, so nobody has to take what a stranger sends."""
    raw = request(b"bt_x", b"Expect: 100-continue", body=b"")
    answered = await wire.send(raw.replace(b"Content-Length: 0", b"Content-Length: 1000000"))

    assert answered == [401]


async def test_requests_in_a_row_are_each_asked_who_they_are(wire: Wire) -> None:
    good = request(wire.token).replace(b"Connection: close\r\n", b"")
    bad = request(None)
    answered = await wire.send(good + bad)

    assert answered == [202, 401]
    assert await wire.stored() == 1

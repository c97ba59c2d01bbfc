"""A report that came whole is taken at once, and as uvicorn would have had it taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools
import pytest
import uvicorn
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from uvicorn.server import ServerState

from bot.connections import Connection
from bot.whole_reports import WholeReports
from coordination.database import events, raw_bodies
from handlers.http.shortcut import whole
from tests.bot.test_connections import Wire
from tests.handlers.http.house import House, open_house
from tests.handlers.http.test_short_ways import CASES, IDS, Case

TOKEN = "bt_aaaaaaaaaaaa_" + "0" * 43
BODY = b'{"process_id": "b1", "status": "started"}'
GOOD = Case(BODY)
STATUS = slice(9, 12)  # of the bytes of an answer


def written(case: Case, token: str) -> bytes:
    """Write a request as it goes over the wire."""
    query = b"?" + case.query if case.query else b""
    lines = [b"%s %s%s HTTP/1.1" % (case.method.encode(), case.path.encode(), query)]
    lines += [b"%s: %s" % pair for pair in case.head(token)]
    return b"\r\n".join([*lines, b"", case.body])


@dataclass
class Line:
    """A connection to a house, and what it said."""

    line: Connection
    wire: Wire

    async def ask(self, data: bytes, answers: int = 1) -> list[bytes]:
        """Send bytes, and return so many answers."""
        there = len(self.wire.writes)
        self.line.data_received(data)
        async with asyncio.timeout(30):
            while len(self.wire.writes) < there + answers:
                await asyncio.sleep(0)
        return self.wire.writes[there:]


def connected(house: House, kind: type[Connection] = WholeReports) -> Line:
    config = uvicorn.Config(house.app, log_config=None, access_log=False, lifespan="off")
    config.load()
    line = Line(kind(config, ServerState(), {}), Wire())
    line.line.connection_made(line.wire)
    return line


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as found:
        yield found


def sent_whole(case: Case) -> bool:
    """Say whether a case is a request that ends, and does not end its connection."""
    chunked = any(name == b"transfer-encoding" for name, _ in case.headers)
    own = [value for name, value in case.headers if name == b"content-length"]
    return not (case.leaves or chunked or own or b"content-length" in case.without)


async def test_every_report_is_answered_and_stored_as_by_uvicorn(tmp_path: Path) -> None:
    said: list[Any] = []
    async with AsyncExitStack() as stack:
        for kind in (Connection, WholeReports):
            (tmp_path / kind.__name__).mkdir()
            house = await stack.enter_async_context(open_house(tmp_path / kind.__name__))
            told = []
            for number, (name, case) in enumerate(CASES.items()):
                if not sent_whole(case):
                    continue
                token = await house.token(*case.scopes, source=f"s{number}")
                line = connected(house, kind)
                if case.change is not None:
                    case.change(house, f"s{number}")
                with capture_logs() as logs:
                    answers = [
                        b"".join(await line.ask(written(case, token)))
                        for _ in range(1 + case.twice)
                    ]
                house.edge.limits.places.taken = 0
                vars(house.edge.coordinator).pop("take", None)
                seen = [(each["event"], each["log_level"]) for each in logs]
                told.append((name, IDS.sub(r"\1", str(answers)), seen, line.wire.closed))
                assert tuple(int(each[STATUS]) for each in answers) == case.statuses, name
            rows = [await house.scene.rows(each) for each in (events, raw_bodies)]
            said.append((told, [IDS.sub(r"\1", str(row)) for found in rows for row in found]))

    assert len(said[0][0]) > 30
    for one, other in zip(said[0][0], said[1][0], strict=True):
        assert one == other
    assert said[0][1] == said[1][1]


async def test_a_good_report_is_no_request_and_a_bad_one_is(house: House) -> None:
    token = await house.token("notify")
    line = connected(house)

    (answer,) = await line.ask(written(GOOD, token))
    assert answer[STATUS] == b"202"
    assert not hasattr(line.line.cycle, "response_complete")
    (answer,) = await line.ask(written(CASES["bad JSON"], token))
    assert answer[STATUS] == b"400"
    assert line.line.cycle.response_complete
    (answer,) = await line.ask(written(GOOD, token))
    assert answer[STATUS] == b"202"
    assert len(await house.scene.rows(events)) == 2


async def test_what_comes_behind_a_report_is_answered_behind_it(house: House) -> None:
    token = await house.token("notify")
    line = connected(house)
    health = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:8765\r\n\r\n"

    line.line.data_received(written(GOOD, token))
    line.line.data_received(health[:9])
    line.line.data_received(health[9:] + written(GOOD, token))
    answers = await line.ask(health, 4)

    assert [each[STATUS] for each in answers] == [b"202", b"200", b"202", b"200"]
    assert len(await house.scene.rows(events)) == 2


async def test_a_report_within_another_request_is_part_of_it(house: House) -> None:
    token = await house.token("notify")
    line = connected(house)
    inner = written(GOOD, token)
    outer = b"POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(inner)

    line.line.data_received(outer)
    (answer,) = await line.ask(inner)

    assert answer[STATUS] == b"405"
    assert await house.scene.rows(events) == []


async def test_who_left_is_told_nothing_and_what_they_said_is_stored(house: House) -> None:
    token = await house.token("notify")
    line = connected(house)

    line.line.data_received(written(GOOD, token))
    line.line.connection_lost(None)
    while line.line.tasks:
        await asyncio.sleep(0)

    assert line.wire.writes == []
    assert len(await house.scene.rows(events)) == 1


async def test_at_a_stop_the_report_is_answered_and_nothing_after_it(house: House) -> None:
    token = await house.token("notify")
    line = connected(house)

    line.line.data_received(written(GOOD, token))
    line.line.data_received(written(GOOD, token))
    line.line.shutdown()
    assert not line.wire.closed
    (answer,) = await line.ask(b"")

    assert b"\r\nconnection: close\r\n" in answer
    assert line.wire.closed
    assert len(await house.scene.rows(events)) == 1


async def test_a_connection_without_a_report_ends_at_once_at_a_stop(house: House) -> None:
    line = connected(house)

    line.line.shutdown()

    assert line.wire.closed


class Read:
    """What the parser of uvicorn reads."""

    def __init__(self, data: bytes) -> None:
        self.url, self.body, self.complete = b"", b"", 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete += 1


ODD_BYTES = st.sampled_from(
    [
        b"\r\n ",
        b"\n",
        b"\r",
        b" :",
        b":",
        b"\x00",
        b"\x7f",
        b"\xff",
        b"\t",
        b"  ",
        b"\r\n\r\n",
        b"A: ",
    ]
)
NAMES = st.sampled_from([b"Host", b"connection", b"X-Y", b"Upgrade", b"expect", b"content-length"])
VALUES = st.sampled_from(
    [b"x", b"keep-alive", b"close", b"a b", b"", b"5", b"100-continue", b"h2c"]
)


@st.composite
def nearly_plain(draw: st.DrawFn) -> bytes:
    """Draw a request that is plain but for a few bytes."""
    body = draw(st.sampled_from([BODY, b"", b"GET / HTTP/1.1\r\n\r\n"]))
    case = Case(body, headers=tuple(draw(st.lists(st.tuples(NAMES, VALUES), max_size=2))))
    data = written(case, TOKEN)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(ODD_BYTES) + data[at:]
    return data


@example(written(GOOD, TOKEN))
@given(nearly_plain())
def test_what_is_taken_whole_says_to_the_parser_the_same(data: bytes) -> None:
    found = whole(data)
    if found is None:
        return
    head, body = found
    read = Read(data)
    assert (read.url, read.parser.get_method(), read.complete) == (b"/v1/notify", b"POST", 1)
    assert [(name.decode(), value.decode()) for name, value in read.headers] == [*head.items()]
    assert read.body == body
    assert read.parser.should_keep_alive()
    assert not read.parser.should_upgrade()


def changed(change: Callable[[bytes], bytes]) -> Any:
    return whole(change(written(GOOD, TOKEN)))


def test_only_a_whole_and_plain_report_is_taken() -> None:
    assert changed(lambda data: data) is not None
    assert (
        changed(lambda data: data.replace(b"host: ", b"Connection: Keep-Alive\r\nhost: "))
        is not None
    )
    assert changed(lambda data: data[:-1]) is None
    assert changed(lambda data: data + b" ") is None
    assert changed(lambda data: data.replace(b"\r\n", b"\n")) is None
    assert changed(lambda data: data.replace(b"HTTP/1.1", b"HTTP/1.0")) is None
    assert changed(lambda data: data.replace(b"notify ", b"notify?strict=1 ")) is None
    assert changed(lambda data: data.replace(b"host: ", b"connection: close\r\nhost: ")) is None
    assert changed(lambda data: data.replace(b"host: ", b"expect: 100-continue\r\nhost: ")) is None
    assert changed(lambda data: data.replace(b"host: ", b"host: a\r\n b\r\nx: ")) is None
    assert changed(lambda data: data.replace(b"host: ", b"host : ")) is None
    assert changed(lambda data: data.replace(b"host: ", b"host: \xc3\xa9")) is None

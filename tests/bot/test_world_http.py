"""The way out: where it may lead, what it keeps, and what is known when it fails."""

import asyncio
import gc
import gzip
import ipaddress
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from baton.connector import HttpResponse, NotStarted, Unknown
from bot.world.addresses import is_public
from bot.world.http import BODY_LIMIT, PinnedHttp

SOON = timedelta(seconds=5)
Answering = Callable[[str], bytes | Awaitable[bytes]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Site:
    """A server on this machine that says what it is told to, and remembers what it was asked."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.port = 0
        self.greeted = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        self.greeted.set()
        try:
            self.asked.append((first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        except asyncio.IncompleteReadError:
            self.asked.append("")
        if self.answer is None:
            await asyncio.sleep(60)
        writer.write(self.answer or b"")
        await writer.drain()
        writer.close()

    @property
    def pair(self) -> str:
        return f"localhost:{self.port}"

    def url(self, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://{self.pair}{path}"


@asynccontextmanager
async def site(answer: bytes | None) -> AsyncIterator[Site]:
    opened = Site(answer)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.CancelledError):
                await opened.serve(reader, writer)
        finally:  # closed before the loop is, whoever hung up first
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    opened.port = server.sockets[0].getsockname()[1]
    try:
        yield opened
    finally:
        for _ in range(5):  # who has just knocked is let in and served, and then hung up on
            await asyncio.sleep(0)
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def get(url: str, *allow: str, timeout: timedelta = SOON, **more: object) -> HttpResponse:
    http = PinnedHttp(allow=frozenset(allow))
    try:
        return await http.request("GET", url, timeout=timeout, **more)  # type: ignore[arg-type]
    finally:
        await http.close()


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.1"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808"),
        *("64:ff9b:1::1", "2002:7f00:1::1", "2002:808:808::1", "2001:0:1::1", "::127.0.0.1"),
    ],
)
def test_an_address_that_is_not_of_the_open_internet_is_known(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1"])
def test_an_address_of_the_open_internet_is_known(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1/", "not_allowed"),
        ("https://127.0.0.1/", "not_allowed"),
        ("https://localhost/", "not_allowed"),
        ("https://[::1]/", "not_allowed"),
        ("https://[::ffff:169.254.169.254]/", "not_allowed"),
        ("https://127.1/", "not_allowed"),
        ("https://2130706433/", "not_allowed"),
        ("https://0x7f000001/", "not_allowed"),
        ("http://8.8.8.8/", "not_allowed"),
        ("https://8.8.8.8:8443/", "not_allowed"),
        ("ftp://8.8.8.8/", "address"),
        ("file:///etc/passwd", "address"),
        ("//8.8.8.8/", "address"),
        ("https:///path", "address"),
        ("nonsense", "address"),
        ("https://a b/", "resolve"),
        ("https://" + "a" * 70 + ".invalid/", "resolve"),
    ],
)
async def test_nothing_is_sent_where_nobody_allowed_it(url: str, kind: str) -> None:
    with pytest.raises(NotStarted) as refused:
        await get(url)

    assert refused.value.type == kind


async def test_the_sentence_names_the_setting() -> None:
    async with site(OK) as here:
        with pytest.raises(NotStarted, match=f"{here.pair} is not https.*BATON_HTTP_ALLOW"):
            await get(here.url())
        assert here.asked == []


async def test_what_was_named_is_reached_under_its_own_name() -> None:
    async with site(OK) as here:
        answer = await get(
            here.url("/a?b=c"), here.pair.upper(), headers={"host": "evil", "X-A": "1"}
        )

    assert (answer.status, answer.body, answer.url) == (200, b"ok", here.url("/a?b=c"))
    (asked,) = here.asked
    assert asked.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert f"\r\nHost: {here.pair}\r\n" in asked
    assert asked.lower().count("\r\nhost:") == 1
    assert "evil" not in asked


async def test_a_step_may_be_allowed_more_than_all() -> None:
    async with site(OK) as here:
        assert (await get(here.url(), allow=[here.pair])).status == 200
        with pytest.raises(NotStarted):
            await get(here.url(), f"127.0.0.1:{here.port}")  # another name, another permission


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with site(head) as here:
        answer = await get(here.url(), here.pair)

    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/")
    assert len(here.asked) == 1


async def test_an_error_is_an_answer_too() -> None:
    async with site(b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nno") as here:
        answer = await get(here.url(), here.pair)

    assert (answer.status, answer.body, answer.headers["x-y"]) == (500, b"no", "z")


async def test_no_cookie_and_no_connection_is_kept() -> None:
    http = PinnedHttp(allow=frozenset())
    head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with site(head) as here:
        for _ in range(2):
            await http.request("GET", here.url(), timeout=SOON, allow=[here.pair])
        await http.close()

    assert len(here.asked) == 2
    assert "cookie" not in here.asked[1].lower()


async def test_the_environment_sends_nobody_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with site(OK) as here, site(OK) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        await get(here.url(), here.pair)

    assert (len(here.asked), proxy.asked) == (1, [])


@pytest.mark.parametrize("form", ["plain", "zipped"])
async def test_a_long_answer_is_cut_off(form: str) -> None:
    body = b"x" * (BODY_LIMIT + 1)
    coding = b""
    if form == "zipped":
        body, coding = gzip.compress(body), b"Content-Encoding: gzip\r\n"
    head = b"HTTP/1.1 200 OK\r\n" + coding + b"Content-Length: %d\r\n\r\n" % len(body)
    async with site(head + body) as here:
        with pytest.raises(Unknown) as lost:
            await get(here.url(), here.pair, timeout=timedelta(seconds=20))

    assert lost.value.type == "limit"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno",
        None,
    ],
)
async def test_what_was_sent_and_not_answered_may_have_happened(answer: bytes | None) -> None:
    async with site(answer) as here:
        with pytest.raises(Unknown):
            await get(
                here.url(), here.pair, timeout=timedelta(seconds=1) if answer is None else SOON
            )
        assert len(here.asked) == 1


async def test_where_nobody_listens_nothing_happened() -> None:
    async with site(OK) as here:
        pass

    with pytest.raises(NotStarted) as refused:
        await get(here.url(), here.pair)
    assert refused.value.type == "connect"


async def test_a_greeting_that_is_cut_off_leaves_no_connection_open() -> None:
    """The limit over all runs out in the middle of the greeting, before the library's own does."""
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        async with site(None) as here:
            http = PinnedHttp(allow=frozenset({here.pair}))
            url = here.url(scheme="https")
            asking = asyncio.create_task(http.request("GET", url, timeout=SOON))
            await here.greeted.wait()
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            async with asyncio.timeout(5):
                while here.asked != [""]:  # the other side saw the end of it
                    await asyncio.sleep(0)
            await http.close()
        gc.collect()
    assert [str(each.message) for each in left_open] == []


async def test_before_the_first_byte_nothing_happened() -> None:
    """The other side takes the connection and then says nothing to the greeting of TLS."""
    async with site(None) as here:
        with pytest.raises(NotStarted, match="no answer in time"):
            await get(here.url(scheme="https"), here.pair, timeout=timedelta(seconds=1))


async def test_a_header_that_is_none_is_never_sent() -> None:
    async with site(OK) as here:
        with pytest.raises(NotStarted):
            await get(here.url(), here.pair, headers={"X-A": "1\r\nX-B: 2"})
        assert "X-B" not in "".join(here.asked)

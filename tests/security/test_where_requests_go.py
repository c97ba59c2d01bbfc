"""T-31: no way to write an address leads to where nobody allowed it, and a name is looked up once."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.connector import NotStarted
from bot.world.http import PinnedHttp

ADDRESSES = [
    line
    for line in (Path(__file__).parent / "corpus/addresses.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
]
PUBLIC, PRIVATE, METADATA = "8.8.8.8", "127.0.0.1", "169.254.169.254"


@pytest.fixture
async def http() -> AsyncIterator[PinnedHttp]:
    opened = PinnedHttp(allow=frozenset())
    yield opened
    await opened.close()


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Note whom the loop connects to; nobody is reached."""
    found: list[Any] = []

    async def refuse(loop: Any, sock: Any, address: Any) -> None:
        found.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", refuse)
    return found


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names looked up as *answers* say, one after the other; return what was asked."""
    asked: list[str] = []
    left = list(answers)

    async def look(loop: Any, host: str, port: int, **more: Any) -> Any:
        asked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look)
    return asked


async def get(http: PinnedHttp, url: str) -> Any:
    return await http.request("GET", url, timeout=timedelta(seconds=5))


def test_there_are_enough_spellings() -> None:
    assert len(ADDRESSES) >= 60
    assert len(set(ADDRESSES)) == len(ADDRESSES)


@pytest.mark.parametrize("url", ADDRESSES)
async def test_no_spelling_leads_where_nobody_allowed_it(
    http: PinnedHttp, connected: list[Any], url: str
) -> None:
    with pytest.raises(NotStarted):
        await get(http, url)

    assert connected == []


async def test_a_name_that_changes_is_looked_up_once(
    http: PinnedHttp, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, [PUBLIC], [PRIVATE])
    with pytest.raises(NotStarted, match="nothing was sent"):
        await get(http, "https://rebinding.example/")

    assert asked.count("rebinding.example") == 1
    assert {address[0] for address in connected} == {PUBLIC}


@pytest.mark.parametrize("hidden", [PRIVATE, METADATA, "10.0.0.1"])
async def test_one_address_among_others_is_enough_to_refuse_a_name(
    http: PinnedHttp, connected: list[Any], monkeypatch: pytest.MonkeyPatch, hidden: str
) -> None:
    answering(monkeypatch, [PUBLIC, hidden, PUBLIC])
    with pytest.raises(NotStarted, match="not a public address"):
        await get(http, "https://several.example/")

    assert connected == []


@pytest.mark.parametrize(
    "name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"]
)
async def test_no_proxy_of_the_environment_is_asked(
    http: PinnedHttp, connected: list[Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    answering(monkeypatch, [PUBLIC])
    with pytest.raises(NotStarted):
        await get(http, "https://plain.example/")

    assert {address[0] for address in connected} == {PUBLIC}

"""`GET /v1/stream`: what changed, from where one was, and no longer than the server lives."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from coordination.changes import KEPT, Change
from handlers.http.holding import STREAMS
from handlers.http.stream import Wanted, tail
from tests.handlers.http.house import RUN, House, problem

Piece = dict[str, Any]
EVERYTHING = Wanted()


def read(text: str) -> list[Piece]:
    """Read server-sent events as a browser does; comments are passed over."""
    found: list[Piece] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.partition(": ") for line in block.splitlines() if not line.startswith(":")]
        piece = {name: said for name, _, said in lines}
        if piece:
            found.append(piece | {"data": json.loads(piece.get("data", "null"))})
    return found


@asynccontextmanager
async def streaming(house: House, cursor: str, wanted: Wanted = EVERYTHING) -> AsyncIterator[Any]:
    """Open a stream below the protocol, and close it."""
    pieces = tail(house.edge, cursor, wanted)
    try:
        yield pieces
    finally:
        await pieces.aclose()  # type: ignore[attr-defined]


async def following(pieces: Any) -> Piece:
    piece = await asyncio.wait_for(anext(pieces), 2)
    (read_piece,) = read(piece.encode().decode())
    return read_piece


def publish(house: House, *changes: Change) -> None:
    house.changes.publish(changes)


def numbered(ids: Iterable[int]) -> list[Change]:
    return [Change("run", f"run_{n}", "th_1") for n in ids]


async def test_the_first_piece_says_where_one_stands(house: House) -> None:
    async with streaming(house, house.changes.cursor) as pieces:
        first = await following(pieces)

    assert first["id"] == house.changes.cursor
    assert "event" not in first


async def test_what_changes_comes_as_it_changes(house: House) -> None:
    async with streaming(house, house.changes.cursor) as pieces:
        await following(pieces)
        waiting = asyncio.ensure_future(following(pieces))
        await asyncio.sleep(0)
        publish(house, Change("outbox", "nt_1", "th_1"), Change("run", RUN, "th_1"))
        piece = await waiting

    assert (piece["event"], piece["id"]) == ("run", house.changes.cursor)
    assert piece["data"] == {"kind": "run", "id": RUN, "thread_id": "th_1"}


async def test_whoever_comes_back_gets_what_was_missed(house: House) -> None:
    cursor = house.changes.cursor
    publish(house, *numbered(range(3)))

    async with streaming(house, cursor) as pieces:
        await following(pieces)
        found = [await following(pieces) for _ in range(3)]
    async with streaming(house, found[1]["id"]) as pieces:
        await following(pieces)
        rest = await following(pieces)

    assert [piece["data"]["id"] for piece in found] == ["run_0", "run_1", "run_2"]
    assert rest == found[2]


@pytest.mark.parametrize("cursor", ["", "x", "boot_other-3", "test-999999", "test--1", "test-²"])
async def test_from_an_unknown_place_one_begins_anew(house: House, cursor: str) -> None:
    async with streaming(house, cursor) as pieces:
        first = await following(pieces)
        publish(house, Change("approval", "ap_1"))
        second = await following(pieces)

    assert (first["event"], first["data"]) == ("reset", {})
    assert second["data"]["id"] == "ap_1"


async def test_whoever_is_too_slow_begins_anew(house: House) -> None:
    cursor = house.changes.cursor
    async with streaming(house, cursor) as pieces:
        await following(pieces)
        publish(house, *numbered(range(KEPT + 1)))
        late = await following(pieces)
        publish(house, Change("run", "run_x"))
        then = await following(pieces)

    assert late["event"] == "reset"
    assert then["data"]["id"] == "run_x"


async def test_a_stream_about_one_run_tells_of_it_and_of_its_thread(house: House) -> None:
    cursor = house.changes.cursor
    publish(
        house,
        Change("run", "run_other", "th_2"),
        Change("process", "ci:b1", "th_1"),
        Change("thread", "th_1"),
        Change("event", "ev_2", "th_2"),
        Change("approval", "ap_3"),
        Change("run", RUN, None),
        Change("event", "ev_last", "th_1"),
    )

    async with streaming(house, cursor, Wanted(RUN, "th_1")) as pieces:
        await following(pieces)
        found = [(await following(pieces))["data"]["id"] for _ in range(4)]

    assert found == ["ci:b1", "th_1", RUN, "ev_last"]


async def test_a_stream_of_a_namespace_tells_of_its_events_and_processes(house: House) -> None:
    token = await house.token("notify")
    other = await house.token("notify", source="other")
    cursor = house.changes.cursor
    await house.report(other, process_id="x", status="started")
    told = await house.report(token, process_id="b1", status="started")

    async with streaming(house, cursor, Wanted(namespace="ci")) as pieces:
        await following(pieces)
        found = [await following(pieces) for _ in range(2)]

    assert {(piece["event"], piece["data"]["id"]) for piece in found} == {
        ("event", told["event_id"]),
        ("process", "ci:b1"),
    }


async def test_a_stream_of_some_types_tells_of_no_others(house: House) -> None:
    cursor = house.changes.cursor
    publish(house, Change("process", "ci:b1"), Change("run", RUN), Change("approval", "ap_1"))

    async with streaming(house, cursor, Wanted(types=frozenset({"approval"}))) as pieces:
        await following(pieces)
        piece = await following(pieces)

    assert piece["data"]["id"] == "ap_1"
    refused = await house.get("/v1/stream?types=run,outbox", await house.token("read"))
    assert (refused.status_code, "outbox" in problem(refused)["detail"]) == (422, True)


async def test_a_source_has_twenty_streams_and_no_more(house: House) -> None:
    token = await house.token("read")
    other = await house.token("read", source="other")
    open_ = [asyncio.ensure_future(house.get("/v1/stream", token)) for _ in range(STREAMS)]
    while house.edge.holding.held < STREAMS:
        await asyncio.sleep(0)

    refused = await house.get("/v1/stream", token)
    theirs = asyncio.ensure_future(house.get("/v1/stream", other))
    while house.edge.holding.held <= STREAMS:
        await asyncio.sleep(0)
    house.edge.holding.close()
    answers = await asyncio.wait_for(asyncio.gather(*open_, theirs), 5)

    assert (refused.status_code, problem(refused)["code"]) == (429, "rate-limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert {answer.status_code for answer in answers} == {200}
    assert house.edge.holding.take_stream("source:ci")  # every place was given back


async def test_a_stop_ends_a_stream_at_once(house: House) -> None:
    async with streaming(house, house.changes.cursor) as pieces:
        await following(pieces)
        waiting = asyncio.ensure_future(anext(pieces))
        while not house.edge.holding.held:
            await asyncio.sleep(0)
        house.edge.holding.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 2)


async def test_a_stream_that_is_left_leaves_no_watcher(house: House) -> None:
    async with streaming(house, house.changes.cursor) as pieces:
        await following(pieces)
        publish(house, Change("run", RUN))
        await following(pieces)
        assert len(house.changes._watchers) == 1

    assert len(house.changes._watchers) == 0


async def test_over_http_it_is_a_stream_of_events(house: House) -> None:
    token = await house.token("read")
    cursor = house.changes.cursor
    publish(house, Change("run", "run_other", "th_2"), Change("run", RUN, "th_1"))
    asking = asyncio.ensure_future(
        house.get("/v1/stream?run=R-3", token, headers={"Last-Event-ID": cursor})
    )
    while not house.edge.holding.held:
        await asyncio.sleep(0)
    house.edge.holding.close()

    answer = await asyncio.wait_for(asking, 5)

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert [piece["data"] and piece["data"]["id"] for piece in read(answer.text)] == [None, RUN]


async def test_a_stream_about_a_run_that_is_not_there_is_refused(house: House) -> None:
    answer = await house.get("/v1/stream?run=R-99", await house.token("read"))

    assert problem(answer)["code"] == "not-found"


async def test_a_login_opens_a_stream_and_a_guest_none(house: House) -> None:
    house.log_in("ada")
    assert (await house.ask("HEAD", "/v1/stream")).status_code == 200

    house.log_in("guest")
    assert (await house.get("/v1/stream")).status_code == 403

"""One event a line: good lines are kept, each line is answered, and no body is held as a whole."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.database import events as events_table
from handlers.http.bodies import LINES_LIMIT
from handlers.http.ndjson import LINE, MOST, PORTION, Cutter, Line, portions
from handlers.http.problems import Problem
from tests.handlers.http.house import House, problem

NOTIFY = "/v1/notify"
KIND = {"content-type": "application/x-ndjson"}


def line(number: int, **more: Any) -> bytes:
    body = {"id": f"e{number}", "process_id": f"b{number}", "status": "started", **more}
    return json.dumps(body).encode()


def cut(chunks: Iterable[bytes]) -> list[Line]:
    cutter = Cutter()
    found = [each for chunk in chunks for each in cutter.feed(chunk)]
    return found + cutter.close()


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("notify")


async def send(house: House, token: str, content: Any, query: str = "", **headers: str) -> Any:
    return await house.post(NOTIFY + query, token, content=content, headers={**KIND, **headers})


async def count(house: House) -> int:
    return len(await house.scene.rows(events_table))


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=utf-8"])
async def test_each_line_is_answered_in_its_place(house: House, token: str, kind: str) -> None:
    lines = [line(0), b"", b"{broken", b'{"status": "started"}', line(4) + b"\r", b'"x"', line(6)]

    answer = await house.post(
        NOTIFY, token, content=b"\n".join(lines), headers={"content-type": kind}
    )

    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [each.get("process_id") or each["index"] for each in results] == [
        *("b0", 2, 3, "b4", 5, "b6")
    ]
    assert [each["problem"]["code"] for each in results if "problem" in each] == [
        *("malformed-body", "invalid-event", "invalid-event")
    ]
    assert await count(house) == 3


async def test_good_lines_alone_are_202_and_bad_ones_alone_422(house: House, token: str) -> None:
    good = await send(house, token, b"\n".join(line(n) for n in range(3)) + b"\n")
    bad = await send(house, token, b"{}\n[]\n")
    empty = await send(house, token, b"\n\n")

    assert (good.status_code, bad.status_code, empty.status_code) == (202, 422, 202)
    assert [each["index"] for each in bad.json()["results"]] == [0, 1]
    assert empty.json() == {"results": []}
    assert await count(house) == 3


async def test_a_repeat_of_all_lines_is_a_replay(house: House, token: str) -> None:
    body = line(0) + b"\n" + line(1)
    await send(house, token, body)
    again = await send(house, token, body)
    more = await send(house, token, body + b"\n" + line(2))

    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in more.headers
    assert await count(house) == 3


async def test_a_key_tells_the_lines_apart(house: House, token: str) -> None:
    body = b'{"process_id": "b1", "status": "started"}\n{"process_id": "b2", "status": "started"}'

    await send(house, token, body, **{"idempotency-key": "k"})
    again = await send(house, token, body, **{"idempotency-key": "k"})

    assert [each["duplicate"] for each in again.json()["results"]] == [True, True]
    assert await count(house) == 2


async def test_a_rehearsal_stores_nothing(house: House, token: str) -> None:
    answer = await send(house, token, line(0) + b"\n{}", "?dry_run=1")

    assert answer.status_code == 200
    assert [each["process_id"] for each in answer.json()["events"]] == ["b0"]
    assert [each["index"] for each in answer.json()["problems"]] == [1]
    assert await count(house) == 0


async def test_strict_refuses_the_line_and_not_the_others(house: House, token: str) -> None:
    answer = await send(house, token, line(0, staus="x") + b"\n" + line(1), "?strict=1")

    bad, good = answer.json()["results"]
    assert 'did you mean "status"?' in bad["problem"]["errors"][0]["detail"]
    assert good["process_id"] == "b1"
    assert await count(house) == 1


async def test_a_line_that_is_too_long_does_not_take_the_others_along(
    house: House, token: str
) -> None:
    long = line(1, message="m" * LINE)

    answer = await send(house, token, b"\n".join([line(0), long, line(2)]))

    results = answer.json()["results"]
    assert results[1]["problem"]["status"] == 413
    assert [results[0]["process_id"], results[2]["process_id"]] == ["b0", "b2"]
    assert await count(house) == 2


async def test_lines_have_an_end_and_those_before_it_are_kept(house: House, token: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"{}\n" * 100

    answer = await send(house, token, endless())

    results = answer.json()["results"]
    assert len(results) == MOST + 1
    assert results[-1]["index"] == MOST
    assert results[-1]["problem"]["code"] == "too-large"
    assert sent < MOST / 100 + 3


async def test_a_body_that_announces_itself_as_too_long_is_refused_first(house: House) -> None:
    fine = {**KIND, "Content-Length": str(LINES_LIMIT)}
    answer = await house.post(NOTIFY, headers=fine)
    assert answer.status_code == 401

    answer = await house.post(NOTIFY, headers={**KIND, "Content-Length": str(LINES_LIMIT + 1)})
    assert problem(answer)["code"] == "too-large"
    elsewhere = {**KIND, "Content-Length": str(LINES_LIMIT)}
    answer = await house.post("/v1/approvals", headers=elsewhere)
    assert problem(answer)["code"] == "too-large"


async def test_who_leaves_in_the_middle_has_stored_whole_portions(house: House, token: str) -> None:
    first = b"\n".join(line(n) for n in range(PORTION)) + b"\n" + line(PORTION)[:10]
    sent = await house.raw(
        "POST",
        NOTIFY,
        token,
        [
            {"type": "http.request", "body": first, "more_body": True},
            {"type": "http.disconnect"},
        ],
        kind=b"application/x-ndjson",
    )

    assert sent == []
    assert await count(house) == PORTION


async def test_a_compressed_body_is_refused(house: House, token: str) -> None:
    answer = await send(house, token, b"x", **{"content-encoding": "gzip"})

    assert answer.status_code == 415


def test_bytes_have_an_end_too() -> None:
    cutter = Cutter()
    padding = b" " * (LINE - 1) + b"\n"
    most = LINES_LIMIT // len(padding)
    for _ in range(most):
        assert cutter.feed(padding) == []

    (end,) = cutter.feed(padding)

    assert end.problem is not None
    assert (end.problem.status, end.place) == (413, most)
    assert cutter.full
    assert cutter.close() == []


@given(
    st.lists(st.binary(max_size=12).filter(lambda each: b"\n" not in each), max_size=12),
    st.lists(st.integers(0, 150), max_size=8),
)
def test_how_a_body_is_cut_on_the_way_does_not_matter(lines: list[bytes], cuts: list[int]) -> None:
    body = b"\n".join(lines)
    places = [0, *sorted(place for place in cuts if place < len(body)), len(body)]
    chunks = [body[start:end] for start, end in pairwise(places)]

    assert cut(chunks) == cut([body])
    assert [each.text for each in cut(chunks)] == [
        text for each in lines if (text := each.strip(b" \t\r"))
    ]


def test_a_long_line_is_passed_over_wherever_it_is_cut() -> None:
    long = b"x" * (LINE + 1)
    for chunks in ([long, b"\nok"], [b"a\n" + long + b"\nok"], [long, long, b"\n", b"ok"], [long]):
        found = cut(chunks)
        assert [each.text for each in found if each.problem is None] in (
            [b"ok"],
            [b"a", b"ok"],
            [],
        )
        (bad,) = [each for each in found if each.problem is not None]
        assert bad.text == b""


async def test_a_client_that_stops_sending_is_not_waited_for() -> None:
    async def stuck(*first: bytes) -> AsyncIterator[bytes]:
        for each in first:
            yield each
        raise TimeoutError

    begun = [found async for found in portions(stuck(b"{}\n{"), within=timedelta(seconds=1))]
    assert [each.problem and each.problem.status for each in begun[0]] == [None, 400]
    with pytest.raises(Problem, match="did not arrive"):
        _ = [found async for found in portions(stuck(), within=timedelta(seconds=1))]

"""`POST /v1/notify`: what is taken, what is refused and where, and what a repeat is answered."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from fastapi import Request

from coordination.database import Unavailable
from coordination.database import approvals as approvals_table
from coordination.database import events as events_table
from coordination.database import identities as identities_table
from coordination.database import processes as processes_table
from coordination.database import threads as threads_table
from handlers.http.bodies import raw_body
from handlers.http.problems import Problem
from tests.handlers.http.house import House, problem

STARTED = {"process_id": "b1", "name": "Build", "status": "started"}
NOTIFY = "/v1/notify"
JSON = "application/json"


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("notify")


async def send(house: House, token: str, content: Any, kind: str = JSON, **more: Any) -> Any:
    headers = {"Content-Type": kind, **more.pop("headers", {})}
    return await house.post(NOTIFY, token, content=content, headers=headers, **more)


async def count(house: House, table: Any = events_table) -> int:
    return len(await house.scene.rows(table))


async def test_a_report_is_answered_with_what_became_of_it(house: House, token: str) -> None:
    answer = await house.post(NOTIFY, token, json=STARTED)

    (result,) = answer.json()["results"]
    assert answer.status_code == 202
    assert "idempotent-replayed" not in answer.headers
    assert result == {
        "event_id": result["event_id"],
        "id": result["id"],
        "namespace": "ci",
        "process_id": "b1",
        "attempt": 1,
        "thread_id": result["thread_id"],
        "run_id": None,
        "status": "started",
        "effect": "created",
        "duplicate": False,
        "approval_id": None,
        "thread_url": None,
        "warnings": [],
    }
    assert await count(house) == 1


async def test_curl_needs_no_quoting(house: House, token: str) -> None:
    fields = {"process_id": "77", "status": "started", "labels.team": "web", "subject.pr": "7"}

    answer = await house.post(NOTIFY, token, data=fields)

    assert answer.status_code == 202
    (event,) = await house.scene.rows(events_table)
    assert event.body["labels"] == {"team": "web"}
    assert event.body["subject"]["pr"] == 7


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.ci+json"]
)
async def test_json_by_any_of_its_names(house: House, token: str, kind: str) -> None:
    assert (await send(house, token, json.dumps(STARTED), kind)).status_code == 202


async def test_a_byte_order_mark_is_borne(house: House, token: str) -> None:
    assert (
        await send(house, token, b"\xef\xbb\xbf" + json.dumps(STARTED).encode())
    ).status_code == 202


BROKEN = [
    b"",
    b"{",
    b"\xff\xfe{}",
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": 1e999}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": 1, "a": 2}',
    b'{"a": "\\ud800"}',
    b"[" * 40 + b"]" * 40,
    b"[" * 100_000,
    b'{"a":' * 200_000,
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
async def test_a_body_that_is_no_json_is_refused_with_its_place(
    house: House, token: str, body: bytes
) -> None:
    answer = await send(house, token, body)

    assert problem(answer)["code"] == "malformed-body"
    assert problem(answer)["detail"].endswith(".")
    assert await count(house) == 0


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("", "without Content-Type"),
        ("text/plain", "text/plain"),
        ("multipart/form-data; boundary=x", "multipart/form-data"),
        ("application/cloudevents+xml", "cloudevents"),
        ("application/cloudevents-batch+avro", "cloudevents"),
        ("application/cloudevents", "cloudevents"),
        ("text/html", "text/html"),
        ("application/json; charset=iso-8859-1", "UTF-8"),
        ("application/json;charset=utf-16", "UTF-8"),
        ("x" * 500, "x" * 60),
    ],
)
async def test_other_media_types_are_refused_with_the_good_ones(
    house: House, token: str, kind: str, says: str
) -> None:
    answer = await send(house, token, json.dumps(STARTED), kind)

    assert problem(answer)["code"] == "unsupported-media-type"
    assert says in problem(answer)["detail"]
    assert "x" * 101 not in answer.text
    assert await count(house) == 0


async def test_a_coded_body_is_refused(house: House, token: str) -> None:
    answer = await send(house, token, b"x", headers={"Content-Encoding": "gzip"})

    assert (answer.status_code, problem(answer)["code"]) == (415, "unsupported-media-type")


async def test_a_long_body_without_a_length_is_cut_off(house: House, token: str) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 65_536

    answer = await send(house, token, endless())

    assert problem(answer)["code"] == "too-large"
    assert sent < 20


async def test_a_slow_body_is_not_waited_for() -> None:
    async def receive() -> Any:
        await asyncio.sleep(5)

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)

    with pytest.raises(Problem, match="did not arrive within") as refused:
        await raw_body(request, within=timedelta(seconds=0.01))
    assert refused.value.status == 400


async def test_a_long_form_is_refused(house: House, token: str) -> None:
    answer = await house.post(NOTIFY, token, data={"process_id": "x", "message": "m" * 70_000})

    assert problem(answer)["code"] == "too-large"


async def test_who_leaves_in_the_middle_leaves_nothing(house: House, token: str) -> None:
    half = {"type": "http.request", "body": b'{"process_id":', "more_body": True}

    said = await house.raw("POST", NOTIFY, token, [half, {"type": "http.disconnect"}])

    assert said == []
    assert await count(house) == 0


@pytest.mark.parametrize("body", [None, 1, "x", True, [1], [[]], {"status": "started"}, {}])
async def test_what_is_no_event_is_said_with_a_pointer(house: House, token: str, body: Any) -> None:
    answer = await send(house, token, json.dumps(body))

    assert answer.status_code == 422
    assert await count(house) == 0


async def test_every_mistake_is_named_at_once(house: House, token: str) -> None:
    answer = await house.post(NOTIFY, token, json={"status": "almost", "attempt": 0})

    found = problem(answer)
    assert found["code"] == "invalid-event"
    assert {one["pointer"] for one in found["errors"]} == {"/status", "/attempt", "/process_id"}


async def test_warnings_are_mistakes_where_the_client_wants_it(house: House, token: str) -> None:
    body = {**STARTED, "staus": "x"}

    strict = await house.post(f"{NOTIFY}?strict=1", token, json=body)
    assert problem(strict)["errors"][0]["detail"] == 'unknown field "staus", did you mean "status"?'
    assert await count(house) == 0

    lenient = await house.post(NOTIFY, token, json=body)
    assert lenient.json()["results"][0]["warnings"] == [
        'unknown field "staus", did you mean "status"?'
    ]


async def test_no_event_decides_anything(house: House, token: str) -> None:
    answer = await house.post(NOTIFY, token, json={"process_id": "b1", "status": "approved"})

    assert answer.status_code == 403
    assert "/v1/approvals/{id}/decision" in problem(answer)["detail"]
    assert await count(house) == 0


async def test_a_bad_item_does_not_take_the_good_ones_along(house: House, token: str) -> None:
    bad, verdict = {"status": "started"}, {"process_id": "b3", "status": "rejected"}

    answer = await house.post(
        NOTIFY, token, json=[STARTED, bad, verdict, {**STARTED, "process_id": "b2"}]
    )

    first, second, third, fourth = answer.json()["results"]
    assert answer.status_code == 200
    assert (first["process_id"], fourth["process_id"]) == ("b1", "b2")
    assert (second["index"], second["problem"]["code"]) == (1, "invalid-event")
    assert second["problem"]["errors"] == [{"pointer": "/process_id", "detail": "is required"}]
    assert (third["index"], third["problem"]["status"]) == (2, 403)
    assert await count(house) == 2


async def test_only_bad_items_are_refused_as_a_whole(house: House, token: str) -> None:
    answer = await house.post(NOTIFY, token, json=[{}, 1])

    assert answer.status_code == 422
    assert [one["index"] for one in answer.json()["results"]] == [0, 1]


async def test_strict_holds_for_each_item(house: House, token: str) -> None:
    answer = await house.post(f"{NOTIFY}?strict=1", token, json=[STARTED, {**STARTED, "x": 1}])

    assert answer.status_code == 200
    assert answer.json()["results"][1]["problem"]["status"] == 422
    assert await count(house) == 1


async def test_nothing_is_a_good_list(house: House, token: str) -> None:
    answer = await house.post(NOTIFY, token, json=[])

    assert (answer.status_code, answer.json()) == (202, {"results": []})


async def test_a_list_has_an_end(house: House, token: str) -> None:
    answer = await house.post(NOTIFY, token, json=[{}] * 501)

    assert problem(answer)["code"] == "too-large"
    assert "501 events" in problem(answer)["detail"]


async def test_a_repeat_is_answered_as_the_first_time(house: House, token: str) -> None:
    body = {**STARTED, "id": "build-1-started"}
    (first,) = (await house.post(NOTIFY, token, json=body)).json()["results"]

    again = await house.post(NOTIFY, token, json=body)

    (second,) = again.json()["results"]
    assert again.headers["idempotent-replayed"] == "true"
    assert second == {**first, "effect": "duplicate", "duplicate": True}
    assert await count(house) == 1


async def test_a_list_of_old_and_new_is_no_replay(house: House, token: str) -> None:
    old, new = {**STARTED, "id": "one"}, {**STARTED, "id": "two", "status": "completed"}
    await house.post(NOTIFY, token, json=old)

    answer = await house.post(NOTIFY, token, json=[old, new])

    assert [one["duplicate"] for one in answer.json()["results"]] == [True, False]
    assert "idempotent-replayed" not in answer.headers
    assert await count(house) == 2


@pytest.mark.parametrize("key", ["k1", '"k1"'])
async def test_a_key_makes_a_repeat_of_the_same_request(house: House, token: str, key: str) -> None:
    await house.post(NOTIFY, token, json=STARTED, headers={"Idempotency-Key": "k1"})

    again = await house.post(NOTIFY, token, json=STARTED, headers={"Idempotency-Key": key})
    other = await house.post(
        NOTIFY, token, json={**STARTED, "message": "more"}, headers={"Idempotency-Key": key}
    )

    assert again.headers["idempotent-replayed"] == "true"
    assert problem(other)["code"] == "idempotency-mismatch"
    assert await count(house) == 1


async def test_a_key_is_of_one_source(house: House, token: str) -> None:
    other = await house.token("notify", source="other")
    headers = {"Idempotency-Key": "k1"}
    await house.post(NOTIFY, token, json=STARTED, headers=headers)

    answer = await house.post(NOTIFY, other, json={**STARTED, "name": "x"}, headers=headers)

    assert answer.status_code == 202
    assert not answer.json()["results"][0]["duplicate"]


@pytest.mark.parametrize("key", ["", '""', "k" * 257, "a\tb"])
async def test_a_key_that_is_none_is_refused(house: House, token: str, key: str) -> None:
    answer = await house.post(NOTIFY, token, json=STARTED, headers={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert await count(house) == 0


async def test_a_rehearsal_shows_everything_and_stores_nothing(house: House, token: str) -> None:
    body = {**STARTED, "id": "one", "correlation_id": "release-7", "chanel": "#x"}
    asks = {"process_id": "b2", "status": "pending_approval", "approval": {"prompt": "Go?"}}

    answer = await house.post(f"{NOTIFY}?dry_run=1", token, json=[body, asks, {}])

    shown = answer.json()
    assert answer.status_code == 200
    assert [one["process_id"] for one in shown["events"]] == ["b1", "b2"]
    assert shown["ignored"] is None
    assert shown["keys"] == ["corr:ci:release-7"]
    assert shown["warnings"] == ['unknown field "chanel", did you mean "channel"?']
    assert [one["index"] for one in shown["problems"]] == [2]
    assert [one["process"] for one in shown["explain"]] == ["ci:b1", "ci:b2"]
    assert [one["effect"] for one in shown["explain"]] == ["created", "created"]
    assert {"evidence": "process", "value": "b1", "outcome": "no match"} in shown["explain"][0][
        "correlation"
    ]
    assert [one["key"] for one in shown["explain"][0]["keys"]] == ["corr:ci:release-7"]
    assert shown["explain"][0]["rule"]["name"] == "new"
    for table in (events_table, processes_table, approvals_table, identities_table):
        assert await count(house, table) == 0
    assert await count(house, threads_table) == 1  # that of the scene


async def test_a_rehearsal_is_no_first_time_and_no_repeat(house: House, token: str) -> None:
    body = {**STARTED, "id": "one"}

    await house.post(f"{NOTIFY}?dry_run=1", token, json=body)
    real = await house.post(NOTIFY, token, json=body)
    after = await house.post(f"{NOTIFY}?dry_run=1", token, json={**body, "message": "other"})

    assert not real.json()["results"][0]["duplicate"]
    assert after.status_code == 200
    assert after.json()["events"][0]["message"] == "other"


async def test_a_rehearsal_needs_the_same_rights(house: House) -> None:
    reader = await house.token("read")

    assert (await house.post(f"{NOTIFY}?dry_run=1", json=STARTED)).status_code == 401
    assert (await house.post(f"{NOTIFY}?dry_run=1", reader, json=STARTED)).status_code == 403


async def test_a_trace_is_taken_from_the_header_unless_it_comes_twice(
    house: House, token: str
) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    authorization = ("Authorization", f"Bearer {token}")

    await house.http.post(NOTIFY, json=STARTED, headers=[authorization, ("traceparent", trace)])
    twice = [authorization, ("traceparent", trace), ("traceparent", trace)]
    answer = await house.http.post(NOTIFY, json={**STARTED, "process_id": "b2"}, headers=twice)

    assert answer.status_code == 202
    first, second = await house.scene.rows(events_table)
    assert first.body["trace_id"] == "a" * 32
    assert "trace_id" not in second.body


async def test_a_store_that_cannot_write_says_when_to_come_back(house: House, token: str) -> None:
    async def full(_: Any) -> NoReturn:
        raise Unavailable("The disk is full. Nothing of this was stored.")

    house.scene.door.write = full  # type: ignore[method-assign, assignment]

    answer = await house.post(NOTIFY, token, json=STARTED)

    assert answer.status_code == 503
    assert problem(answer)["code"] == "unavailable"
    assert int(answer.headers["retry-after"]) >= 1

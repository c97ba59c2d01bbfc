"""What a body says it is decides how it is read, on every address; and no trick is an error of ours."""

import json
from typing import Any

import pytest

from coordination.database import events as events_table
from handlers.http.access import ACCESS
from tests.handlers.http.house import House, problem
from tests.handlers.http.test_doors import GUARDED, filled

STARTED = json.dumps({"process_id": "b1", "status": "started"}).encode()
POSTS = sorted(row for row in GUARDED if row.startswith("POST") and "replay" not in row)
JSON = ("content-type", "application/json")
WRONG: list[list[tuple[str, str]]] = [
    [],
    [("content-type", "")],
    [("content-type", "text/plain")],
    [("content-type", "multipart/form-data; boundary=x")],
    [("content-type", "application/xml")],
    [("content-type", "json")],
    [("content-type", "application/json; charset=utf-16")],
    [("content-type", "application/json; charset=utf-8; charset=latin-1")],
    [("content-type", "application/json, text/plain")],
    [JSON, JSON],
    [JSON, ("content-type", "text/plain")],
    [JSON, ("content-encoding", "gzip")],
    [JSON, ("content-encoding", "identity"), ("content-encoding", "br")],
    [("content-type", "application/cloudevents+protobuf")],
]


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("admin", "approve", "read", "run", "notify", "publish")


async def send(house: House, path: str, token: str, headers: list[tuple[str, str]]) -> Any:
    said = [("authorization", f"Bearer {token}"), *headers]
    return await house.http.post(path, content=STARTED, headers=said)


@pytest.mark.parametrize("headers", WRONG, ids=range(len(WRONG)))
async def test_what_is_not_said_to_be_json_is_not_read_as_json(
    house: House, token: str, headers: list[tuple[str, str]]
) -> None:
    answer = await send(house, "/v1/notify", token, headers)

    assert problem(answer)["code"] == "unsupported-media-type"
    assert await house.scene.rows(events_table) == []


@pytest.mark.parametrize("row", POSTS)
async def test_on_no_address_is_a_wrong_type_taken_or_an_error_of_ours(
    house: House, token: str, row: str
) -> None:
    for headers in WRONG:
        answer = await send(house, filled(row)[1], token, headers)
        untyped = headers in ([], [("content-type", "")])
        plain = untyped or headers == [("content-type", "text/plain")]
        if plain and row == "POST /v1/workflows/validate":  # a text, of which it says what is wrong
            assert (answer.status_code, answer.json()["valid"]) == (200, False)
        elif untyped and row != "POST /v1/notify":
            assert 400 <= answer.status_code < 500, (row, headers)  # taken for JSON, which it is
        else:
            assert answer.status_code == 415, (row, headers, answer.text)


async def test_the_types_that_are_taken_are_named(house: House, token: str) -> None:
    answer = await send(house, "/v1/notify", token, [("content-type", "text/plain")])

    for kind in ("application/json", "application/x-ndjson", "application/cloudevents-batch+json"):
        assert kind in answer.headers["accept"]
        assert kind in problem(answer)["detail"]


DEFENCES = [
    "/v1/notify/",
    "/v1//notify",
    "//v1/notify",
    "/v1/notify.json",
    "/v1/notify;x=1",
    "/v1/notify%2f",
    "/v1%2fnotify",
    "/V1/Notify",
    "/v1/notify.",
    "/v1/./notify",
    "/v1/x/../notify",
    "/healthz/../v1/notify",
]


@pytest.mark.parametrize("path", DEFENCES)
async def test_no_other_way_of_writing_the_address_leads_in(house: House, path: str) -> None:
    sent = await house.raw(
        "POST", path, None, [{"type": "http.request", "body": STARTED, "more_body": False}]
    )

    assert sent[0]["status"] in (401, 404, 405)
    assert await house.scene.rows(events_table) == []


@pytest.mark.parametrize(
    "name", ["x-http-method-override", "x-original-url", "x-rewrite-url", "x-forwarded-prefix"]
)
async def test_headers_do_not_change_what_is_asked(house: House, name: str) -> None:
    for value in ("GET", "/healthz", "/openapi.json"):
        answer = await house.post(
            "/v1/notify", content=STARTED, headers=dict([JSON, (name, value)])
        )
        assert answer.status_code == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "FOO"])
async def test_other_methods_are_refused_with_those_that_are_taken(
    house: House, token: str, method: str
) -> None:
    answer = await house.ask(method, "/v1/notify", token)

    assert answer.status_code == 405
    assert answer.headers["allow"] in ("OPTIONS, POST", "POST, OPTIONS", "POST")


async def test_the_short_way_and_the_long_way_are_one(house: House, token: str) -> None:
    """Reports do not pass through the framework; what stands there does the same nevertheless."""
    route = next(
        route
        for router in house.app.routes
        for route in getattr(getattr(router, "original_router", None), "routes", ())
        if route.path == "/v1/notify" and "POST" in route.methods
    )
    assert route.endpoint.__name__ == "notify"
    assert ACCESS["POST /v1/notify"] == "notify"
    weak = await house.token("read")

    assert (await house.post("/v1/notify", weak, json={})).status_code == 403
    assert (await house.post("/v1/notify", json={})).status_code == 401


async def test_who_tries_again_under_another_span_repeats_itself(house: House, token: str) -> None:
    for span in ("b", "c"):
        trace = ("traceparent", f"00-{'a' * 32}-{span * 16}-01")
        key = ("idempotency-key", '"k 1"')
        answer = await send(house, "/v1/notify", token, [JSON, key, trace])
        assert answer.status_code == 202, answer.text

    assert answer.json()["results"][0]["duplicate"] is True
    (event,) = await house.scene.rows(events_table)
    assert event.body["span_id"] == "b" * 16

"""CloudEvents at the door: what an SDK of theirs writes, ours reads; and what ours writes, theirs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import (
    HTTPMessage,
    from_structured_event,
    to_binary_event,
    to_structured_event,
)
from cloudevents.core.v1.event import CloudEvent

from coordination.database import events as events_table
from tests.handlers.http.house import House, problem

NOTIFY = "/v1/notify"
BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
AT = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
PUSHED = {"specversion": "1.0", "id": "p1", "source": "/acme", "type": "com.acme.pushed"}


def made(**more: Any) -> CloudEvent:
    attributes = {
        "id": "a-1",
        "source": "/acme/builds",
        "type": "dev.baton.process.completed",
        "subject": "Büro 7 %",
        "time": AT,
        "datacontenttype": "application/json",
        "correlationid": "release-9",
        "severity": "low",
    }
    return CloudEvent({**attributes, **more}, {"coverage": 98.6, "who": "Zoë"})


def in_batch(event: CloudEvent) -> HTTPMessage:
    body = to_structured_event(event).body
    return HTTPMessage({"content-type": BATCH}, b"[" + body + b"]")


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("notify", "read")


async def send(house: House, token: str, message: HTTPMessage) -> Any:
    return await house.post(NOTIFY, token, content=message.body, headers=message.headers)


async def stored(house: House) -> list[Any]:
    return [row.body for row in await house.scene.rows(events_table)]


@pytest.mark.parametrize("write", [to_structured_event, to_binary_event, in_batch])
async def test_all_three_modes_say_the_same(
    house: House, token: str, write: Callable[[CloudEvent], HTTPMessage]
) -> None:
    answer = await send(house, token, write(made()))

    assert answer.status_code == 202, answer.text
    (result,) = answer.json()["results"]
    assert (result["id"], result["process_id"], result["warnings"]) == ("a-1", "Büro 7 %", [])
    (event,) = await stored(house)
    assert event["status"] == "completed"
    assert event["occurred_at"] == "2026-03-01T11:59:00Z"
    assert event["result"] == {"coverage": 98.6, "who": "Zoë"}
    assert event["correlation_id"] == "release-9"
    assert event["source_detail"] == "/acme/builds"
    assert event["metadata"] == {"ce": {"severity": "low"}}


async def test_a_repeat_in_another_mode_is_a_repeat(house: House, token: str) -> None:
    for place, write in enumerate((to_structured_event, to_binary_event, in_batch)):
        answer = await send(house, token, write(made()))
        assert answer.json()["results"][0]["duplicate"] is (place > 0)
        assert ("idempotent-replayed" in answer.headers) is (place > 0)

    assert len(await stored(house)) == 1


async def test_the_same_id_from_elsewhere_is_another_event(house: House, token: str) -> None:
    await send(house, token, to_binary_event(made()))
    answer = await send(house, token, to_binary_event(made(source="/other")))

    assert answer.json()["results"][0]["duplicate"] is False
    assert len(await stored(house)) == 2


async def test_an_empty_batch_is_a_good_one(house: House, token: str) -> None:
    answer = await send(house, token, HTTPMessage({"content-type": BATCH}, b"[]"))

    assert (answer.status_code, answer.json()) == (202, {"results": []})


async def test_a_bad_item_of_a_batch_stands_in_its_place(house: House, token: str) -> None:
    body = json.dumps([PUSHED, {**PUSHED, "id": None}]).encode()

    answer = await send(house, token, HTTPMessage({"content-type": BATCH}, body))

    assert answer.status_code == 200
    good, bad = answer.json()["results"]
    assert good["id"] == "p1"
    assert bad["index"] == 1
    assert bad["problem"]["errors"][0]["pointer"] == "/id"


@pytest.mark.parametrize(
    ("kind", "body"), [(BATCH, b"{}"), (STRUCTURED, b"[]"), (STRUCTURED, b"1")]
)
async def test_a_form_that_its_type_does_not_promise_is_refused(
    house: House, token: str, kind: str, body: bytes
) -> None:
    answer = await send(house, token, HTTPMessage({"content-type": kind}, body))

    assert problem(answer)["code"] == "invalid-event"
    assert await stored(house) == []


@pytest.mark.parametrize(
    ("kind", "body", "kept"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/json", b"[1]", {"value": [1]}),
        ("text/plain", "ü".encode(), {"value": "ü"}),
        ("application/x-www-form-urlencoded", b"a=1", {"value": "a=1"}),
        ("application/x-ndjson", b"{}\n{}", {"value": "{}\n{}"}),
        ("application/octet-stream", b"\xff", {"data_base64": "/w=="}),
        (None, b"", None),
        (None, b'{"a": 1}', {"a": 1}),
    ],
)
async def test_data_of_any_type_comes_with_attributes_in_headers(
    house: House, token: str, kind: str | None, body: bytes, kept: Any
) -> None:
    headers = {f"ce-{name}": value for name, value in PUSHED.items()}
    headers |= {"content-type": kind} if kind else {}

    answer = await send(house, token, HTTPMessage(headers, body))

    assert answer.status_code == 202, answer.text
    (event,) = await stored(house)
    assert event.get("data") == kept


async def test_a_header_that_comes_twice_or_is_not_utf_8_is_named(house: House, token: str) -> None:
    headers = [(f"ce-{name}", value) for name, value in PUSHED.items()]
    headers += [("ce-subject", "%ff"), ("ce-id", "again"), ("ce-data", "{}")]
    headers += [("authorization", f"Bearer {token}"), ("content-type", "application/json")]

    answer = await house.http.post(NOTIFY, headers=headers)

    pointers = {each["pointer"] for each in problem(answer)["errors"]}
    assert pointers == {"/subject", "/id", "/data"}


async def test_strict_is_strict_with_cloud_events_too(house: House, token: str) -> None:
    good = to_structured_event(made())
    bad = {**PUSHED, "my_ext": 1}

    fine = await house.post(f"{NOTIFY}?strict=1", token, content=good.body, headers=good.headers)
    answer = await house.post(
        f"{NOTIFY}?strict=1", token, json=bad, headers={"content-type": STRUCTURED}
    )

    assert fine.status_code == 202
    assert problem(answer)["errors"][0]["pointer"] == "/my_ext"


async def test_a_rehearsal_of_a_batch_stores_nothing(house: House, token: str) -> None:
    body = to_structured_event(made()).body
    answer = await house.post(
        f"{NOTIFY}?dry_run=1",
        token,
        content=b"[" + body + b"]",
        headers={"content-type": BATCH},
    )

    assert answer.status_code == 200
    assert answer.json()["events"][0]["process_id"] == "Büro 7 %"
    assert await stored(house) == []


async def test_an_expired_event_is_stored_and_late(house: House, token: str) -> None:
    body = {**PUSHED, "expirytime": "2026-02-01T00:00:00Z"}

    answer = await house.post(NOTIFY, token, json=body, headers={"content-type": STRUCTURED})

    (result,) = answer.json()["results"]
    assert result["effect"] == "late"
    (row,) = await house.scene.rows(events_table)
    assert (row.applied, row.effect) == (False, "late")


async def test_an_event_goes_out_as_their_sdk_reads_it(house: House, token: str) -> None:
    told = await house.report(
        token, process_id="b1", status="started", sequence=4, correlation_id="r-9"
    )
    answer = await house.get(
        f"/v1/events/{told['event_id']}", token, headers={"accept": STRUCTURED}
    )

    assert answer.headers["content-type"] == STRUCTURED
    event = from_structured_event(HTTPMessage(dict(answer.headers), answer.content))
    assert event.get_attributes() == {
        "specversion": "1.0",
        "id": told["event_id"],
        "source": "/baton/127.0.0.1%3A8765/ci",
        "type": "dev.baton.process.started",
        "subject": "ci:b1",
        "time": house.world.clock.now(),
        "datacontenttype": "application/json",
        "correlationid": "r-9",
        "sequence": "4",
        "batonrun": told["thread_id"],
    }
    data: Any = event.get_data()
    assert (data["process_id"], data["status"]) == ("b1", "started")


async def test_a_list_goes_out_as_a_batch_with_a_cursor_beside_it(house: House, token: str) -> None:
    for name in ("b1", "b2", "b3"):
        await house.report(token, process_id=name, status="started")

    first = await house.get("/v1/events?limit=2", token, headers={"accept": BATCH})
    rest = await house.get(first.links["next"]["url"], token, headers={"accept": BATCH})

    assert first.headers["content-type"] == BATCH
    assert [each["subject"] for each in first.json()] == ["ci:b1", "ci:b2"]
    assert [each["subject"] for each in rest.json()] == ["ci:b3"]


async def test_what_goes_out_can_come_in_elsewhere(house: House, token: str) -> None:
    told = await house.report(token, process_id="b1", status="failed", message="no space")
    out = await house.get(f"/v1/events/{told['event_id']}", token, headers={"accept": STRUCTURED})
    mirror = await house.token("notify", source="mirror")

    answer = await house.post(
        NOTIFY, mirror, content=out.content, headers={"content-type": STRUCTURED}
    )

    (result,) = answer.json()["results"]
    assert (result["namespace"], result["process_id"]) == ("mirror", "b1")
    _, copy = await stored(house)
    assert (copy["status"], copy["message"]) == ("failed", "no space")


async def test_the_handshake_says_who_may_send_and_how_much(house: House) -> None:
    answer = await house.ask(
        "OPTIONS", NOTIFY, headers={"WebHook-Request-Origin": "events.example"}
    )
    plain = await house.ask("OPTIONS", NOTIFY)

    assert answer.status_code == 204
    assert answer.headers["webhook-allowed-origin"] == "events.example"
    assert answer.headers["webhook-allowed-rate"] == "3000"
    assert answer.headers["allow"] == plain.headers["allow"] == "OPTIONS, POST"
    assert "webhook-allowed-origin" not in plain.headers

"""Reports that are broken, forged, too many or too much: an honest answer, and nothing in Slack."""

import json
from dataclasses import replace
from typing import Any

import pytest

from coordination.database import events, identities, select
from coordination.database.door import Reader
from coordination.rates import Rate
from tests.stories.box import BatonInABox

NOTIFY = "/v1/notify"
STARTED = {"process_id": "b1", "status": "started"}
JSON = "application/json"
CLOUD = "application/cloudevents+json"
LINES = "application/x-ndjson"
FORM = "application/x-www-form-urlencoded"

# status, code, media type, body
REFUSED: list[tuple[int, str, str, bytes]] = [
    (400, "malformed-body", JSON, b"{"),
    (400, "malformed-body", JSON, b""),
    (400, "malformed-body", JSON, b'{"process_id": "a", "process_id": "b"}'),
    (400, "malformed-body", JSON, b'{"progress": NaN}'),
    (400, "malformed-body", JSON, b"[" * 33 + b"]" * 33),
    (400, "malformed-body", JSON, b"[" * 200_000),
    (400, "malformed-body", JSON, json.dumps(STARTED).encode("utf-16")),
    (400, "malformed-body", FORM, b"status=started&status=failed"),
    (400, "malformed-body", CLOUD, b"{"),
    (413, "too-large", JSON, b'{"message": "' + b"m" * (1024 * 1024) + b'"}'),
    (413, "too-large", FORM, b"message=" + b"m" * (64 * 1024)),
    (413, "too-large", JSON, json.dumps([STARTED] * 501).encode()),
    (415, "unsupported-media-type", "text/plain", b"{}"),
    (415, "unsupported-media-type", "multipart/form-data; boundary=b", b"--b--"),
    (415, "unsupported-media-type", "application/json; charset=utf-16", b"{}"),
    (415, "unsupported-media-type", "application/cloudevents+xml", b"<event/>"),
    (422, "invalid-event", JSON, b"null"),
    (422, "invalid-event", JSON, b'{"process_id": "x", "status": "almost"}'),
    (422, "invalid-event", JSON, json.dumps({**STARTED, "process_id": "p" * 201}).encode()),
    (422, "invalid-event", JSON, json.dumps({**STARTED, "result": {"a": "x" * 70_000}}).encode()),
    (422, "invalid-event", JSON, json.dumps({**STARTED, "occurred_at": "noon"}).encode()),
    (422, "invalid-event", CLOUD, b'{"specversion": "1.0", "id": "", "source": "/", "type": "t"}'),
    (403, "forbidden-scope", JSON, b'{"process_id": "b1", "status": "approved"}'),
]


async def ask(baton: BatonInABox, kind: str, content: bytes, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await baton.ask(
        "POST", NOTIFY, content=content, headers={"content-type": kind, **named}
    )
    await baton.quiet()
    return answer


async def nothing_came(baton: BatonInABox) -> bool:
    """Say whether no row and no message came of all this."""

    async def rows(reader: Reader) -> int:
        found = [await reader.fetch_all(select(table)) for table in (events, identities)]
        return sum(map(len, found))

    return await baton.life.door.read(rows) == 0 and baton.called() == 0


@pytest.mark.parametrize(("status", "code", "kind", "body"), REFUSED, ids=range(len(REFUSED)))
async def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    baton: BatonInABox, status: int, code: str, kind: str, body: bytes
) -> None:
    answer = await ask(baton, kind, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(answer.json()["detail"]) < 1000
    assert await nothing_came(baton)


async def test_headers_do_not_talk_anybody_into_anything(baton: BatonInABox) -> None:
    good = json.dumps(STARTED).encode()
    for headers, status in (
        ({"content_encoding": "gzip"}, 415),
        ({"idempotency_key": "k" * 257}, 422),
        ({"authorization": "Bearer bt_aaaaaaaaaaaa_" + "0" * 43}, 401),
        ({"authorization": "Basic ============"}, 401),
        ({"authorization": "Bearer " + "x" * 50_000}, 401),
    ):
        answer = await ask(baton, JSON, good, **headers)
        assert answer.status_code == status, headers
    assert await nothing_came(baton)


async def test_everybody_who_is_nobody_hears_the_same(baton: BatonInABox) -> None:
    heard = set()
    for headers in (
        {},
        {"authorization": "Bearer bt_x"},
        {"authorization": "Bearer bt_aaaaaaaaaaaa_" + "0" * 43},
        {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,x"},
        {"webhook-signature": "v1," + "A" * 10_000, "webhook-timestamp": "9" * 5_000},
    ):
        for query in ("", "?source=ci", "?source=nobody", "?dry_run=1"):
            said = {"content-type": "text/x", **headers}
            answer = await baton.life.ask("POST", NOTIFY + query, content=b"{", headers=said)
            body = {**answer.json(), "instance": ""}
            kept = (answer.headers["www-authenticate"], answer.headers["content-type"])
            heard.add((answer.status_code, json.dumps(body), kept))

    assert [status for status, _, _ in heard] == [401]
    assert await nothing_came(baton)


async def test_the_good_ones_of_a_list_are_told_and_the_bad_ones_are_named(
    baton: BatonInABox,
) -> None:
    body = [STARTED, {"status": "started"}, "x", {**STARTED, "process_id": "b2", "status": "done"}]

    answer = await ask(baton, JSON, json.dumps(body).encode())

    assert answer.status_code == 200
    assert [each.get("index") for each in answer.json()["results"]] == [None, 1, 2, None]
    states = {card.lines[0]: card.state for card in baton.slack.roots()}
    assert states == {"b1": "Running", "b2": "Succeeded"}


async def test_a_flood_is_held_back_and_says_when_to_come_again(baton: BatonInABox) -> None:
    coordinator = baton.life.baton.coordinator
    coordinator.rules = replace(coordinator.rules, rates={"ci": Rate(1, 3)})
    answers = [await ask(baton, JSON, json.dumps(STARTED).encode()) for _ in range(6)]

    held = [each for each in answers if each.status_code == 429]
    assert [each.status_code for each in answers[:3]] == [202, 202, 202]
    assert len(held) >= 2
    assert all(int(each.headers["retry-after"]) >= 1 for each in held)
    await baton.advance(seconds=10)
    assert (await ask(baton, JSON, json.dumps(STARTED).encode())).status_code == 202
    assert len(baton.slack.roots()) == 1


async def test_a_flood_of_lines_shows_one_card_for_each_process(baton: BatonInABox) -> None:
    lines = [
        json.dumps({"process_id": "import", "status": "in_progress", "progress": number % 100})
        for number in range(300)
    ]

    answer = await ask(baton, LINES, "\n".join(lines).encode())

    assert answer.status_code == 202
    assert len(answer.json()["results"]) == 300
    (card,) = baton.slack.roots()
    assert card.state == "Running"
    assert baton.called() <= 3


async def test_a_key_with_another_body_is_refused_and_changes_no_card(baton: BatonInABox) -> None:
    await ask(baton, JSON, json.dumps(STARTED).encode(), idempotency_key='"k1"')
    failed = json.dumps({**STARTED, "status": "failed"}).encode()

    answer = await ask(baton, JSON, failed, idempotency_key="k1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-mismatch")
    (card,) = baton.slack.roots()
    assert card.state == "Running"

"""A workflow's own webhook: signed, counted once, and silent to everybody else."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from coordination.database import events as events_table
from coordination.database import trigger_secrets
from coordination.policy import Principal
from coordination.ports import ReadDefinition
from coordination.revisions import Writing
from tests.handlers.http.house import SHARED, URL, House, problem
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.reading import DefinitionReader

HOOKED = """name: hooked
triggers:
  - {webhook: generic, id: order, inputs: {}}
  - {webhook: generic, id: shared, secret: SHARED}
  - {webhook: generic, id: paid, on: [invoice.paid]}
steps:
  - {id: say, action: baton.log, params: {message: "{{ trigger.body }}"}}
"""


@pytest.fixture
async def author(house: House) -> str:
    return await house.token("admin", "publish", "read", source="authors")


@pytest.fixture
async def secrets(house: House, author: str) -> dict[str, str]:
    answer = await house.ask("PUT", "/v1/workflows/hooked", author, content=HOOKED)
    assert answer.status_code == 201, answer.text
    return {each["trigger"]: each["secret"] for each in answer.json()["published"]["secrets"]}


def key_of(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()


async def call(  # a call has so many parts that can be wrong
    house: House,
    secret: str,
    body: Any = None,
    *,
    trigger: str = "order",
    delivery: str = "msg_1",
    name: str = "hooked",
    kind: str = "application/json",
    age: int = 0,
) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(house.world.clock.now().timestamp()) - age)
    signed = f"{delivery}.{stamp}.".encode() + raw
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    headers = {
        "content-type": kind,
        "webhook-id": delivery,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        "authorization": "Bearer stays-outside",
        "x-event-type": "created",
    }
    answer: httpx.Response = await house.ask(
        "POST", f"/v1/hooks/workflow/{name}/{trigger}", content=raw, headers=headers
    )
    return answer


async def told(house: House) -> list[Any]:
    rows = await house.scene.rows(events_table)
    return [row.body["data"] for row in rows if row.body["type"] == "baton.webhook"]


async def test_publishing_shows_the_secrets_once_and_stores_them_closed(
    house: House, author: str, secrets: dict[str, str]
) -> None:
    again = await house.ask("PUT", "/v1/workflows/hooked", author, content=HOOKED + "title: X\n")
    shown = (await house.get("/v1/workflows/hooked", author)).json()

    assert sorted(secrets) == ["order", "paid"]
    assert all(each.startswith("whsec_") for each in secrets.values())
    assert again.json()["published"]["secrets"] == []
    assert [(each["trigger"], each["secret"]) for each in shown["hooks"]] == [
        ("order", "made"),
        ("shared", "store:SHARED"),
        ("paid", "made"),
    ]
    assert shown["hooks"][0]["url"] == f"{URL}/v1/hooks/workflow/hooked/order"
    held = [row.secret for row in await house.scene.rows(trigger_secrets)]
    assert len(held) == 2
    assert not any(secret in each for secret in secrets.values() for each in held)


async def test_a_signed_call_is_stored_for_its_trigger(
    house: House, secrets: dict[str, str]
) -> None:
    answer = await call(house, secrets["order"], {"id": 7, "password": "hunter2-hunter2"})

    assert answer.status_code == 202
    assert answer.json()["effect"] == "created"
    (data,) = await told(house)
    assert data["for"] == ["hooked", "order"]
    assert data["body"]["id"] == 7
    assert data["headers"] == {
        "content-type": "application/json",
        "user-agent": data["headers"]["user-agent"],
        "webhook-id": "msg_1",
        "webhook-timestamp": data["headers"]["webhook-timestamp"],
        "x-event-type": "created",
    }
    assert "hunter2" not in str(data)


async def test_the_same_delivery_counts_once(house: House, secrets: dict[str, str]) -> None:
    first = await call(house, secrets["order"], {"id": 7})
    again = await call(house, secrets["order"], {"id": 7})
    other = await call(house, secrets["order"], {"id": 7}, delivery="msg_2")

    assert [each.json()["effect"] for each in (first, again, other)] == [
        "created",
        "duplicate",
        "created",
    ]
    assert again.json()["event_id"] == first.json()["event_id"]
    assert len(await told(house)) == 2


async def test_who_is_not_right_learns_nothing(house: House, secrets: dict[str, str]) -> None:
    wrong = "whsec_" + base64.b64encode(b"w" * 32).decode()
    refused = [
        await call(house, wrong, {}),
        await call(house, secrets["order"], {}, trigger="nowhere"),
        await call(house, secrets["order"], {}, name="nothing"),
        await call(house, secrets["order"], {}, trigger="paid"),
        await call(house, "", {}, trigger="shared"),
        await house.post("/v1/hooks/workflow/hooked/order", json={}),
        await house.post("/v1/hooks/workflow/hooked/order", content=b"{", headers={"a": "b"}),
    ]

    assert {each.status_code for each in refused} == {401}
    assert len({problem(each)["detail"] for each in refused}) == 1
    assert await told(house) == []


@pytest.mark.parametrize("age", [-301, 301])
async def test_a_call_out_of_its_time_is_refused(
    house: House, secrets: dict[str, str], age: int
) -> None:
    assert (await call(house, secrets["order"], {}, age=age)).status_code == 401


async def test_a_secret_of_the_store_counts_where_the_trigger_names_one(
    house: House, author: str, secrets: dict[str, str]
) -> None:
    answer = await call(house, SHARED, {}, trigger="shared")
    rotated = await house.post("/v1/workflows/hooked/triggers/shared/rotate", author, json={})

    assert answer.status_code == 202
    assert rotated.status_code == 409
    assert "SHARED" in problem(rotated)["detail"]


async def test_only_the_events_that_a_trigger_names_count(
    house: House, secrets: dict[str, str]
) -> None:
    other = await call(house, secrets["paid"], {"type": "invoice.sent"}, trigger="paid")
    right = await call(house, secrets["paid"], {"type": "invoice.paid"}, trigger="paid")

    assert (other.status_code, other.json()["effect"]) == (202, "ignored")
    assert "invoice.paid" in other.json()["reason"]
    assert right.json()["effect"] == "created"
    assert len(await told(house)) == 1


async def test_a_rotated_secret_counts_beside_the_one_before_for_a_while(
    house: House, author: str, secrets: dict[str, str]
) -> None:
    path = "/v1/workflows/hooked/triggers/order/rotate"
    made = (await house.post(path, author, json={"overlap_hours": 1})).json()["secret"]
    both = [
        await call(house, secrets["order"], 1, delivery="a"),
        await call(house, made, 1, delivery="b"),
    ]
    house.later(hours=2)
    after = [
        await call(house, secrets["order"], 1, delivery="c"),
        await call(house, made, 1, delivery="d"),
    ]

    assert [each.status_code for each in both] == [202, 202]
    assert [each.status_code for each in after] == [401, 202]


async def test_without_an_overlap_the_old_secret_ends_at_once(
    house: House, author: str, secrets: dict[str, str]
) -> None:
    path = "/v1/workflows/hooked/triggers/order/rotate"
    await house.post(path, author, json={"overlap_hours": 0})

    assert (await call(house, secrets["order"], 1)).status_code == 401


@pytest.mark.parametrize("name", ["nothing", "missing"])
async def test_what_is_no_webhook_has_no_secret_to_rotate(
    house: House, author: str, secrets: dict[str, str], name: str
) -> None:
    answer = await house.post(f"/v1/workflows/hooked/triggers/{name}/rotate", author, json={})

    assert answer.status_code == 404


async def test_a_paused_workflow_says_so_to_who_may_call(
    house: House, author: str, secrets: dict[str, str]
) -> None:
    await house.post("/v1/workflows/hooked/pause", author)
    answer = await call(house, secrets["order"], {})

    assert answer.status_code == 409
    assert "paused" in problem(answer)["detail"]
    assert await told(house) == []


@pytest.mark.parametrize(
    ("raw", "kind", "body"),
    [
        (b"", "application/json", None),
        (b"a=1&b=two", "application/x-www-form-urlencoded", {"a": "1", "b": "two"}),
        ("grüße".encode(), "text/plain", "grüße"),
        (b'[{"a": null}]', "application/vnd.acme+json", [{"a": None}]),
    ],
)
async def test_a_call_says_what_it_says_in_its_own_form(
    house: House, secrets: dict[str, str], raw: bytes, kind: str, body: Any
) -> None:
    answer = await call(house, secrets["order"], raw, kind=kind)

    assert answer.status_code == 202, answer.text
    assert [each["body"] for each in await told(house)] == [body]


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"a": 1, "a": 2}', "application/json", 400),
        (b"\xff", "text/plain", 415),
        (b"<a/>", "application/xml", 415),
        (b"x" * (256 * 1024 + 1), "text/plain", 413),
        (b"[" * 70 + b"]" * 70, "application/json", 400),
    ],
)
async def test_what_cannot_be_read_is_refused_after_the_signature(
    house: House, secrets: dict[str, str], raw: bytes, kind: str, status: int
) -> None:
    answer = await call(house, secrets["order"], raw, kind=kind)

    assert answer.status_code == status
    assert await told(house) == []


async def test_a_webhook_without_a_secret_is_a_problem_until_it_has_one(
    house: House, author: str
) -> None:
    reader = DefinitionReader(Registry(built_in(environment={})))
    read = reader.read({"hooked.yaml": HOOKED}, {})["hooked.yaml"]
    assert isinstance(read, ReadDefinition)
    file = Writing(definition=read.definition, by="file", via="file", origin="file:hooked.yaml")
    coordinator = house.edge.coordinator
    await coordinator.publish_files([file])
    admin = Principal("token", "tests", scopes=frozenset({"admin"}), admin=True)
    said = [each for each in await coordinator.problems(admin) if "webhook" in each]
    assert [each.split(" ")[2] for each in said] == ["order", "paid"]

    await house.post("/v1/workflows/hooked/triggers/order/rotate", author, json={})
    await house.post("/v1/workflows/hooked/triggers/paid/rotate", author, json={})

    assert not any("webhook" in each for each in await coordinator.problems(admin))

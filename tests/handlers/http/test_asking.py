"""`POST /v1/approvals`: a question, asked once under its key, and who may see it."""

from typing import Any

import pytest

from tests.handlers.http.house import House, problem

ASK = {"process_id": "agent-1", "approval": {"prompt": "Delete 3 files?", "approvers": ["@grace"]}}


@pytest.fixture
async def token(house: House) -> str:
    return await house.token("notify")


async def ask(house: House, token: str, **more: Any) -> Any:
    return await house.post("/v1/approvals", token, json={**ASK, **more})


async def test_a_question_is_answered_with_the_approval_that_it_opened(
    house: House, token: str
) -> None:
    answer = await ask(house, token)

    assert answer.status_code == 201
    asked = answer.json()
    assert (asked["state"], asked["prompt"]) == ("open", "Delete 3 files?")
    assert asked["process"] == {"namespace": "ci", "id": "agent-1"}
    process = await house.get("/v1/processes/ci:agent-1", token)
    assert process.json()["status"] == "pending_approval"
    assert (await house.get(f"/v1/approvals/{asked['id']}", token)).json()["id"] == asked["id"]


async def test_notify_asks_in_the_same_way(house: House, token: str) -> None:
    told = await house.report(token, **ASK, status="pending_approval")

    again = await ask(house, token)

    assert again.json()["id"] == told["approval_id"]


async def test_without_a_process_the_question_is_one(house: House, token: str) -> None:
    answer = await house.post("/v1/approvals", token, json={"approval": {"prompt": "Go on?"}})

    name = answer.json()["process"]["id"]
    process = (await house.get(f"/v1/processes/ci:{name}", token)).json()
    assert (process["name"], process["status"]) == ("Go on?", "pending_approval")


@pytest.mark.parametrize("way", ["header", "body"])
async def test_the_same_key_finds_the_same_approval_whatever_it_says(
    house: House, token: str, way: str
) -> None:
    headers = {"Idempotency-Key": '"deploy-7"'} if way == "header" else {}
    body = {"approval": ASK["approval"], "expires_in": 600}
    body |= {} if way == "header" else {"key": "deploy-7"}

    first = await house.post("/v1/approvals", token, json=body, headers=headers)
    house.later(minutes=5)
    second = await house.post("/v1/approvals", token, json=body, headers=headers)
    other = await house.post(
        "/v1/approvals",
        token,
        json={**body, "approval": {"prompt": "Delete 4 files?"}},
        headers=headers,
    )

    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 200)
    assert first.json() == second.json() == other.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_the_key_of_one_source_is_not_that_of_another(house: House, token: str) -> None:
    others = await house.token("notify", source="laptop")
    body = {"approval": ASK["approval"], "key": "deploy-7"}
    mine = await house.post("/v1/approvals", token, json=body)
    theirs = await house.post("/v1/approvals", others, json=body)

    assert mine.status_code == theirs.status_code == 201
    assert mine.json()["requested_by"] is None


async def test_an_expiry_is_counted_on_the_clock_of_the_server(house: House, token: str) -> None:
    answer = await ask(house, token, expires_in=1.5)

    assert answer.json()["expires_at"] is not None
    started = house.world.clock.now().isoformat()[:16]
    assert answer.json()["expires_at"].startswith(started)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/approval"),
        ([], ""),
        ({"approval": "yes?"}, "/approval"),
        ({"approval": {}}, "/approval/prompt"),
        ({**ASK, "status": "started"}, "/status"),
        ({**ASK, "key": ""}, "/key"),
        ({**ASK, "key": 7}, "/key"),
        ({**ASK, "expires_in": 0}, "/expires_in"),
        ({**ASK, "expires_in": True}, "/expires_in"),
        ({**ASK, "expires_in": 1e12}, "/expires_in"),
        ({**ASK, "approval": {"prompt": "x", "kind": "choice"}}, "/approval/options"),
    ],
)
async def test_what_asks_nothing_is_refused_with_its_place(
    house: House, token: str, body: Any, pointer: str
) -> None:
    answer = await house.post("/v1/approvals", token, json=body)

    assert answer.status_code == 422
    assert pointer in [each["pointer"] for each in problem(answer)["errors"]]
    assert (await house.get("/v1/approvals", await house.token("read"))).json()["approvals"] == []


async def test_a_process_that_has_ended_asks_nothing(house: House, token: str) -> None:
    await house.report(token, process_id="agent-1", status="completed")

    answer = await ask(house, token)

    assert (answer.status_code, problem(answer)["code"]) == (409, "conflict")
    assert "completed" in problem(answer)["detail"]


async def test_only_reporting_tokens_ask(house: House, token: str) -> None:
    reader = await house.token("read", "approve")

    assert (await ask(house, reader)).status_code == 403
    assert (await house.post("/v1/approvals", json=ASK)).status_code == 401
    asked = (await ask(house, token)).json()
    elsewhere = await house.token("notify", source="other")
    assert (await house.get(f"/v1/approvals/{asked['id']}", elsewhere)).status_code == 404

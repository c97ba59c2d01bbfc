"""What people do with a question through the API beside answering it: hand it on, ask it again."""

from typing import Any

import pytest

from coordination import votes
from coordination.database import approvals as approvals_table
from coordination.database import audit as audit_table
from coordination.database import delegations as delegations_table
from coordination.database import wakeups as wakeups_table
from tests.handlers.http.house import House, problem

ASKS = {
    "process_id": "agent-1",
    "approval": {"prompt": "Delete 3 files?", "approvers": ["@grace"], "scope": "step"},
}


@pytest.fixture
async def grace(house: House) -> str:
    return await house.token("approve", owner="UGRACE")


async def asked_by_a_tool(house: House) -> dict[str, Any]:
    tool = await house.token("notify", owner="UADA")
    answer = await house.post("/v1/approvals", tool, json={**ASKS, "expires_in": 60})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def expire(house: House, asked: dict[str, Any]) -> None:
    house.later(hours=1)
    scene, now = house.scene, house.world.clock.now()
    approval = await house.edge.coordinator.approval(asked["id"])
    await scene.door.write(lambda tx: votes.expire(tx, approval.key, now=now, ids=scene.ids))


@pytest.mark.parametrize("form", ["UMALLORY", "<@UMALLORY>", "@Mallory"])
async def test_a_vote_is_handed_on_and_used_by_the_other_one(
    house: House, grace: str, form: str
) -> None:
    asked = await house.question()
    path = f"/v1/approvals/{asked.label}"
    mallory = await house.token("approve", owner="UMALLORY")

    handed = await house.post(f"{path}/delegate", grace, json={"to": form, "comment": "on leave"})
    again = await house.post(f"{path}/delegate", grace, json={"to": form})
    own = await house.post(f"{path}/decision", grace, json={"choice": "approve"})
    decided = await house.post(f"{path}/decision", mallory, json={"choice": "approve"})

    assert (handed.status_code, again.json()) == (200, handed.json())
    (row,) = handed.json()["delegations"]
    assert (row["by"], row["to"]) == ("UGRACE", "UMALLORY")
    assert problem(own)["code"] == "not-eligible"
    assert decided.json()["votes"][0]["for"] == "UGRACE"
    (noted,) = [
        each for each in await house.scene.rows(audit_table) if each.action == "approval.delegated"
    ]
    assert (noted.detail["way"], noted.detail["why"]) == ("api", "on leave")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid-event"),
        ({"to": ""}, "invalid-event"),
        ({"to": "UMALLORY", "for": "UOLGA"}, "invalid-event"),
        ({"to": "@nobody"}, "not-found"),
        ({"to": "UGONE"}, "not-eligible"),
        ({"to": "UADA"}, "not-eligible"),
    ],
)
async def test_a_vote_is_handed_to_nobody_who_cannot_use_it(
    house: House, grace: str, body: Any, code: str
) -> None:
    asked = await house.question()

    answer = await house.post(f"/v1/approvals/{asked.id}/delegate", grace, json=body)

    assert problem(answer)["code"] == code
    assert await house.scene.rows(delegations_table) == []


async def test_only_who_is_asked_hands_on_and_only_with_the_scope(house: House) -> None:
    asked = await house.question()
    path, body = f"/v1/approvals/{asked.id}/delegate", {"to": "UMALLORY"}
    ada = await house.token("approve", owner="UADA")
    machine = await house.token("approve", source="policy")
    without = await house.token("run", "notify", "read", "admin", owner="UGRACE")

    refused = [problem(await house.post(path, who, json=body)) for who in (ada, machine, without)]

    assert [each["code"] for each in refused] == ["not-eligible", "not-eligible", "forbidden-scope"]
    assert await house.scene.rows(delegations_table) == []


async def test_what_nobody_answered_is_asked_again_once(house: House, grace: str) -> None:
    asked = await asked_by_a_tool(house)
    path = f"/v1/approvals/{asked['id']}/again"
    early = await house.post(path, grace)
    await expire(house, asked)

    first = await house.post(path, grace)
    twice = await house.post(path, grace)

    assert problem(early)["code"] == "conflict"
    assert (first.status_code, first.json()["state"]) == (200, "open")
    assert first.json()["again_of"] == asked["id"]
    assert twice.json()["id"] == first.json()["id"]
    assert len(await house.scene.rows(approvals_table)) == 2


async def test_asking_again_takes_the_scope_and_somebody_involved(house: House) -> None:
    asked = await asked_by_a_tool(house)
    await expire(house, asked)
    path = f"/v1/approvals/{asked['id']}/again"
    runs = await house.token("run", "notify", "read", owner="UGRACE")
    mallory = await house.token("approve", owner="UMALLORY")

    refused = [problem(await house.post(path, who)) for who in (runs, mallory)]

    assert [each["status"] for each in refused] == [403, 403]
    assert "'approve'" in refused[0]["detail"]
    assert len(await house.scene.rows(approvals_table)) == 1


async def test_what_a_run_asked_it_asks_itself_for_those_who_may_run(
    house: House, grace: str
) -> None:
    await house.add_step("gate", "failed")
    asked = await house.question(expires_at=house.world.clock.now())
    await expire(house, {"id": asked.id})
    await house.set_run(status="failed")
    path = f"/v1/approvals/{asked.id}/again"
    both = await house.token("approve", "run", owner="UGRACE")
    before = len(await house.scene.rows(wakeups_table))

    refused = await house.post(path, grace)
    told = await house.post(path, both, json={"request_id": "r1"})
    again = await house.post(path, both, json={"request_id": "r1"})

    assert problem(refused)["code"] == "forbidden-scope"
    assert (told.status_code, told.json()["id"]) == (200, asked.id)
    assert again.status_code == 200
    rows = (await house.scene.rows(wakeups_table))[before:]
    assert [(row.kind, row.payload["from_path"]) for row in rows] == [("retry", "gate")]

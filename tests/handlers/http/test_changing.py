"""Decisions through the API: start, cancel, retry, resolve, answer. Each is made once."""

from typing import Any

import pytest

from coordination.database import audit as audit_table
from coordination.database import runs as runs_table
from coordination.database import wakeups as wakeups_table
from tests.handlers.http.house import House, problem

START = "/v1/workflows/pipeline/runs"


@pytest.fixture
async def operator(house: House) -> str:
    return await house.token("run", "approve", owner="UOLGA")


async def test_a_run_is_started_once_under_one_key(house: House, operator: str) -> None:
    headers = {"Idempotency-Key": "k"}

    with house.scene.door.changes.subscribe("start") as begun:
        first = await house.post(START, operator, json={"inputs": {"target": "x"}}, headers=headers)
        again = await house.post(START, operator, json={"inputs": {"target": "x"}}, headers=headers)
        other = await house.post(START, operator, json={"inputs": {"target": "y"}}, headers=headers)
        told = await begun.wait(0)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert problem(other)["code"] == "idempotency-mismatch"
    _, row = await house.scene.rows(runs_table)
    assert (row.id, [change.id for change in told]) == (first.json()["id"], [str(row.key)])


async def test_without_a_body_a_run_starts_with_what_is_given_by_default(
    house: House, operator: str
) -> None:
    answer = await house.post(START, operator)

    assert answer.json()["inputs"] == {"target": "staging"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"inputs": {"nope": 1}}, "/inputs/nope"),
        ({"inputs": []}, "/inputs"),
        ({"input": {}}, "/input"),
        ([], "/"),
    ],
)
async def test_wrong_inputs_are_named_and_start_nothing(
    house: House, operator: str, body: Any, pointer: str
) -> None:
    answer = await house.post(START, operator, json=body)

    assert answer.status_code == 422
    assert [one["pointer"] for one in problem(answer)["errors"]] == [pointer]
    assert len(await house.scene.rows(runs_table)) == 1


async def test_a_body_of_another_kind_is_refused(house: House, operator: str) -> None:
    headers = {"Content-Type": "text/yaml"}

    answer = await house.post(START, operator, content="a: b", headers=headers)

    assert problem(answer)["code"] == "unsupported-media-type"


async def test_a_stranger_to_the_run_cancels_nothing(house: House) -> None:
    mallory = await house.token("run", owner="UMALLORY")

    answer = await house.post("/v1/runs/R-3/cancel", mallory, json={})

    assert answer.status_code == 403
    assert await house.scene.rows(wakeups_table) == []


async def test_a_run_is_cancelled_once(house: House, operator: str) -> None:
    body = {"reason": "the freeze", "request_id": "once"}

    first = await house.post("/v1/runs/R-3/cancel", operator, json=body)
    again = await house.post("/v1/runs/R-3/cancel", operator, json=body)

    assert (first.status_code, again.status_code) == (202, 202)
    (wakeup,) = await house.scene.rows(wakeups_table)
    payload = {"by": "UOLGA", "reason": "the freeze", "mode": "now"}
    assert (wakeup.kind, wakeup.payload) == ("cancel", payload)
    assert len(await house.scene.rows(audit_table)) == 1


async def test_what_did_not_fail_is_not_tried_again(house: House, operator: str) -> None:
    answer = await house.post("/v1/runs/R-3/retry", operator)

    assert problem(answer)["code"] == "conflict"
    await house.set_run(status="failed")
    assert (await house.post("/v1/runs/R-3/retry", operator)).status_code == 202


async def test_an_unknown_step_is_resolved(house: House, operator: str) -> None:
    await house.add_step("deploy", "unknown")
    await house.set_run(status="unknown")
    body = {"path": "deploy", "outcome": "done", "output": {"sha": "abc"}}

    wrong = await house.post("/v1/runs/R-3/resolve", operator, json={**body, "outcome": "maybe"})
    beside = await house.post("/v1/runs/R-3/resolve", operator, json={**body, "outcome": "fail"})
    good = await house.post("/v1/runs/R-3/resolve", operator, json=body)

    assert problem(wrong)["errors"][0]["pointer"] == "/outcome"
    assert problem(beside)["errors"][0]["pointer"] == "/output"
    assert good.status_code == 202
    (wakeup,) = await house.scene.rows(wakeups_table)
    assert wakeup.payload["output"] == {"sha": "abc"}


async def test_the_same_answer_twice_is_one_and_another_one_is_too_late(house: House) -> None:
    asked = await house.question()
    grace = await house.token("approve", owner="UGRACE")
    path = f"/v1/approvals/{asked.label}/decision"
    approve = {"choice": "approve", "version": asked.version, "digest": asked.digest}

    first = await house.post(path, grace, json=approve)
    again = await house.post(path, grace, json=approve)
    other = await house.post(path, grace, json={"choice": "reject", "comment": "no"})

    assert (first.status_code, first.json()) == (200, again.json())
    assert (first.json()["state"], first.json()["via"]) == ("approved", "api")
    assert problem(other)["code"] == "already-decided"
    assert len(await house.scene.rows(wakeups_table)) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"choice": "reject"}, "comment-required"),
        ({"choice": "perhaps"}, "invalid-event"),
        ({"choice": "approve", "version": 7}, "superseded"),
        ({"choice": "approve", "digest": "other"}, "superseded"),
        ({}, "invalid-event"),
        ({"choice": 5}, "invalid-event"),
        ({"choice": "approve", "admin": True}, "invalid-event"),
    ],
)
async def test_an_answer_that_is_none_decides_nothing(house: House, body: Any, code: str) -> None:
    asked = await house.question()
    grace = await house.token("approve", owner="UGRACE")

    answer = await house.post(f"/v1/approvals/{asked.id}/decision", grace, json=body)

    assert problem(answer)["code"] == code
    assert (await house.edge.coordinator.approval(asked.id)).votes == ()


async def test_a_forged_body_is_refused_before_it_decides(house: House) -> None:
    asked = await house.question()
    grace = await house.token("approve", owner="UGRACE")
    headers = {"Content-Type": "application/json"}

    for content in (b'{"choice": "approve", "choice": "reject"}', b'{"choice":', b"[" * 99):
        answer = await house.post(
            f"/v1/approvals/{asked.id}/decision", grace, content=content, headers=headers
        )
        assert problem(answer)["code"] == "malformed-body"
    assert (await house.edge.coordinator.approval(asked.id)).state == "open"


async def test_who_is_not_asked_and_which_machine_is(house: House) -> None:
    asked = await house.question()
    path = f"/v1/approvals/{asked.id}/decision"
    mallory = await house.token("approve", owner="UMALLORY")
    machine = await house.token("approve", source="ci")
    policy = await house.token("approve", source="policy")

    for token in (mallory, machine):
        refused = problem(await house.post(path, token, json={"choice": "approve"}))
        assert (refused["status"], refused["code"]) == (403, "not-eligible")
    assert (await house.post(path, policy, json={"choice": "approve"})).status_code == 200

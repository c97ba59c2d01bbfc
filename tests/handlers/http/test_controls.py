"""What people make a run do, through the API: each is one durable decision."""

from typing import Any

import pytest

from coordination.database import Transaction, update
from coordination.database import audit as audit_table
from coordination.database import definitions as definitions_table
from coordination.database import wakeups as wakeups_table
from tests.handlers.http.house import House, problem

BACK = {"action": "shell.run", "params": {"argv": ["./back.sh"]}}
BODY = {
    "name": "pipeline",
    "steps": [
        {"id": "deploy", "action": "shell.run", "compensate": BACK},
        {"id": "go_on", "wait_for": {"signal": "go"}},
    ],
}
ORDERS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("pause", {}, "waiting"),
    ("resume", {}, "paused"),
    ("cancel", {"mode": "compensate", "reason": "no"}, "waiting"),
    ("retry", {"from_path": "deploy"}, "failed"),
    ("skip", {"path": "go_on"}, "waiting"),
    ("rollback", {"reason": "it leaks"}, "completed"),
    ("handled", {"reason": "deployed by hand"}, "failed"),
    ("signal", {"name": "go", "payload": {"sha": "abc"}}, "waiting"),
)


@pytest.fixture
async def operator(house: House) -> str:
    return await house.token("run", owner="UOLGA")


async def prepare(house: House, status: str) -> None:
    def unit(tx: Transaction) -> None:
        tx.execute(update(definitions_table).where(definitions_table.c.hash == "abc"), body=BODY)

    await house.scene.door.write(unit)
    await house.set_run(status=status)
    await house.add_step("deploy", "completed")
    await house.add_step("go_on", "waiting")


@pytest.mark.parametrize(("verb", "body", "status"), ORDERS)
async def test_each_control_is_one_decision_however_often_it_is_sent(
    house: House, operator: str, verb: str, body: dict[str, Any], status: str
) -> None:
    await prepare(house, status)
    headers = {"Idempotency-Key": "once"}

    first = await house.post(f"/v1/runs/R-3/{verb}", operator, json=body, headers=headers)
    again = await house.post(f"/v1/runs/R-3/{verb}", operator, json=body, headers=headers)

    assert (first.status_code, again.status_code) == (202, 202), first.text
    assert (first.json()["label"], again.json()["label"]) == ("R-3", "R-3")
    (wakeup,) = await house.scene.rows(wakeups_table)
    assert (wakeup.kind, wakeup.payload) == (verb, {"by": "UOLGA", **body})
    (audited,) = await house.scene.rows(audit_table)
    assert (audited.action, audited.detail["via"]) == (f"run.{verb}", "api")
    assert set(house.runtime.delivered) == {wakeup.key}


@pytest.mark.parametrize(("verb", "body", "status"), ORDERS)
async def test_nobody_else_gives_the_order(
    house: House, verb: str, body: dict[str, Any], status: str
) -> None:
    await prepare(house, status)
    for token in (await house.token("run", owner="UMALLORY"), await house.token("read")):
        answer = await house.post(f"/v1/runs/R-3/{verb}", token, json=body)
        assert answer.status_code == 403
        assert problem(answer)["code"] == "forbidden-scope"

    assert await house.scene.rows(wakeups_table) == []


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("pause", {}, "completed", 409),
        ("resume", {}, "waiting", 409),
        ("cancel", {"mode": "later"}, "waiting", 422),
        ("retry", {"from_path": "nowhere"}, "failed", 404),
        ("skip", {}, "waiting", 422),
        ("skip", {"path": "deploy"}, "waiting", 409),
        ("rollback", {}, "queued", 409),
        ("signal", {"name": "stop"}, "waiting", 422),
        ("signal", {"name": "go", "payload": "x" * 70_000}, "waiting", 422),
        ("signal", {"name": "go"}, "failed", 409),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(
    house: House, operator: str, verb: str, body: dict[str, Any], status: str, code: int
) -> None:
    await prepare(house, status)

    answer = await house.post(f"/v1/runs/R-3/{verb}", operator, json=body)

    assert answer.status_code == code
    assert len(problem(answer)["detail"]) > 10
    assert await house.scene.rows(wakeups_table) == []


async def test_a_signal_that_nobody_waits_for_is_named_with_the_nearest(
    house: House, operator: str
) -> None:
    await prepare(house, "waiting")

    answer = await house.post("/v1/runs/R-3/signal", operator, json={"name": "goo"})

    (wrong,) = problem(answer)["errors"]
    assert wrong["pointer"] == "/name"
    assert "Did you mean 'go'?" in wrong["detail"]

"""Cancel, retry and resolve: durable decisions of those who may, each told once."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coordination import controls, wakeups
from coordination.controls import Order
from coordination.database import Transaction, insert, update
from coordination.database import audit as audit_table
from coordination.database import outbox as outbox_table
from coordination.database import runs as runs_table
from coordination.database import steps as steps_table
from coordination.database import wakeups as wakeups_table
from coordination.errors import Conflict, IdempotencyMismatch, InvalidInputs, NotAllowed, NotFound
from coordination.policy import Principal
from coordination.ports import RunStatus
from coordination.questions import Covered
from tests.coordination.scene import QUESTION, Scene, machine, open_scene, person

ADD_STEP = insert(steps_table)
SET_RUN = update(runs_table)
COVERING = replace(QUESTION, covers=(Covered("deploy", "shell.run", {}, "d2"),))
RUN_ID = "run_0000000000000000000000000A"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


class Steering:
    """Gives orders to the scene's run."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    async def give(self, call: Callable[[Transaction], Any]) -> Any:
        return await self.scene.door.write(call)

    def order(self, who: Principal | str, request: str) -> Order:
        principal = person(who) if isinstance(who, str) else who
        return Order(principal, self.scene.run_key, RUN_ID, request, "slack")

    async def cancel(self, who: Principal | str, request: str = "q1", reason: str = "") -> Any:
        order = self.order(who, request)
        judging = self.scene.judging
        return await self.give(
            lambda tx: controls.cancel(tx, order, reason=reason, judging=judging)
        )

    async def retry(
        self, who: Principal | str, request: str = "q1", from_path: str | None = None
    ) -> Any:
        order = self.order(who, request)
        judging = self.scene.judging
        return await self.give(
            lambda tx: controls.retry(tx, order, from_path=from_path, judging=judging)
        )

    async def resolve(
        self,
        who: Principal | str,
        outcome: str = "done",
        path: str = "deploy",
        request: str = "q1",
        output: Any = None,
    ) -> Any:
        order = self.order(who, request)
        judging = self.scene.judging
        return await self.give(
            lambda tx: controls.resolve(tx, order, path, outcome, output=output, judging=judging)
        )

    async def put(self, status: RunStatus, **steps: str) -> None:
        def unit(tx: Transaction) -> None:
            tx.execute(SET_RUN.where(runs_table.c.key == self.scene.run_key), status=status.value)
            for path, state in steps.items():
                tx.execute(
                    ADD_STEP,
                    run_key=self.scene.run_key,
                    path=path,
                    position=0,
                    name=path,
                    kind="action",
                    status=state,
                    attempts=1,
                    redo=0,
                )

        await self.give(unit)

    async def told(self) -> list[tuple[str, Any]]:
        return [(row.kind, row.payload) for row in await self.scene.rows(wakeups_table)]

    async def drain(self) -> None:
        def unit(tx: Transaction) -> None:
            for told in wakeups.pending(tx, self.scene.run_key):
                assert wakeups.done(tx, told.key, now=self.scene.now)
                assert not wakeups.done(tx, told.key, now=self.scene.now)

        await self.give(unit)


@pytest.fixture
def steer(scene: Scene) -> Steering:
    return Steering(scene)


async def test_a_cancel_is_a_row_an_audit_row_and_a_line(scene: Scene, steer: Steering) -> None:
    told = await steer.cancel("ada", reason="wrong <branch>")
    assert await steer.told() == [("cancel", {"by": "UADA", "reason": "wrong <branch>"})]
    assert told.wakeup == (await scene.rows(wakeups_table))[0].key
    (audited,) = await scene.rows(audit_table)
    assert (audited.actor, audited.action, audited.object) == ("UADA", "run.cancel", RUN_ID)
    (line,) = await scene.rows(outbox_table)
    assert line.body == {"text": "Cancelled by <@UADA>: wrong &lt;branch&gt;"}


async def test_a_repeat_changes_nothing_even_after_the_run_has_ended(
    scene: Scene, steer: Steering
) -> None:
    first = await steer.cancel("ada", reason="x")
    await steer.drain()
    await steer.put(RunStatus.CANCELLED)
    assert await steer.cancel("ada", reason="x") == first
    assert len(await scene.rows(wakeups_table)) == 1
    assert len(await scene.rows(audit_table)) == 1
    assert len(await scene.rows(outbox_table)) == 1


async def test_a_request_id_belongs_to_one_order_of_one_person(
    scene: Scene, steer: Steering
) -> None:
    await steer.put(RunStatus.FAILED)
    await steer.retry("olga", "same")
    with pytest.raises(IdempotencyMismatch):
        await steer.cancel("olga", "same")
    with pytest.raises(Conflict, match="being retried already, by <@UOLGA>"):
        await steer.retry("ada", "same")
    assert len(await scene.rows(wakeups_table)) == 1


@pytest.mark.parametrize("who", ["olga", "ada", "grace", "linus"])
async def test_operators_the_starter_and_approvers_may_steer(
    scene: Scene, steer: Steering, who: str
) -> None:
    await scene.ask()
    await steer.cancel(who)
    assert [kind for kind, _ in await steer.told()] == ["cancel"]


@pytest.mark.parametrize(
    "who",
    [
        person("mallory"),
        person("guest"),
        person("gone"),
        person("stranger"),
        machine("ci", "run"),
        machine("ci", "approve", human="UADA"),
        Principal("system", "system"),
    ],
)
async def test_nobody_else_may(scene: Scene, steer: Steering, who: Principal) -> None:
    await scene.ask()
    for give in (steer.cancel, steer.retry):
        with pytest.raises(NotAllowed):
            await give(who)
    assert await steer.told() == []


async def test_an_approver_of_another_run_is_nobody_here(steer: Steering) -> None:
    with pytest.raises(NotAllowed):
        await steer.cancel("grace")


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED])
async def test_what_has_ended_cannot_be_cancelled(steer: Steering, status: RunStatus) -> None:
    await steer.put(status)
    with pytest.raises(Conflict, match=f"R-3 has ended already: {status} at 12:00 UTC"):
        await steer.cancel("olga")


@pytest.mark.parametrize("status", [s for s in RunStatus if s is not RunStatus.FAILED])
async def test_only_a_failed_run_is_retried(steer: Steering, status: RunStatus) -> None:
    await steer.put(status)
    with pytest.raises(Conflict):
        await steer.retry("olga")
    assert await steer.told() == []


async def test_a_halted_run_takes_no_orders(steer: Steering) -> None:
    await steer.put(RunStatus.FAULTED, deploy="unknown")
    for give in (steer.cancel, steer.retry, steer.resolve):
        with pytest.raises(Conflict, match="halted"):
            await give("olga")


async def test_a_retry_may_name_a_step_and_it_has_to_exist(steer: Steering) -> None:
    await steer.put(RunStatus.FAILED, deploy="failed")
    with pytest.raises(NotFound, match="Did you mean 'deploy'"):
        await steer.retry("olga", from_path="deplyo")
    await steer.retry("olga", from_path="deploy")
    assert await steer.told() == [("retry", {"by": "UOLGA", "from_path": "deploy"})]


async def test_after_a_retry_failed_too_there_may_be_another(steer: Steering) -> None:
    await steer.put(RunStatus.FAILED)
    await steer.retry("olga", "q1")
    await steer.drain()
    await steer.retry("olga", "q2")
    assert len(await steer.told()) == 2


async def test_resolving_is_a_row_a_line_and_a_new_card(scene: Scene, steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    await steer.resolve("olga", "done", output={"url": "x"})
    payload = {"by": "UOLGA", "path": "deploy", "outcome": "done", "output": {"url": "x"}}
    assert await steer.told() == [("resolve", payload)]
    line, card = await scene.rows(outbox_table)
    assert line.body == {"text": "<@UOLGA> says of `deploy`: done"}
    assert (card.kind, card.slot) == ("unknown", f"unknown:{RUN_ID}:deploy:1")


async def test_who_approved_the_step_may_resolve_it_and_the_starter_may_not(
    scene: Scene, steer: Steering
) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown", other="unknown")
    await scene.ask(COVERING)
    for who, path in [("ada", "deploy"), ("mallory", "deploy"), ("grace", "other")]:
        with pytest.raises(NotAllowed):
            await steer.resolve(who, path=path)
    await steer.resolve("grace")
    assert len(await steer.told()) == 1


async def test_a_token_resolves_only_with_the_scope_to_approve(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    with pytest.raises(NotAllowed, match="scope 'approve'"):
        await steer.resolve(machine("cli", "run", human="UOLGA"))
    await steer.resolve(machine("cli", "approve", human="UOLGA"))


async def test_the_second_to_resolve_hears_who_did_and_how(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    await steer.resolve("olga", "fail")
    said = "<@UOLGA> said of `deploy` at 12:00 UTC: fail"
    with pytest.raises(Conflict, match=said):
        await steer.resolve("olga", "done", request="q2")
    await steer.drain()
    await steer.put(RunStatus.RUNNING, unit="completed")
    with pytest.raises(Conflict, match="`unit` is completed, not unknown"):
        await steer.resolve("olga", path="unit", request="q3")
    assert len(await steer.told()) == 1


async def test_a_step_that_is_unknown_again_is_asked_about_again(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    await steer.resolve("olga", "retry", request="q1")
    await steer.drain()
    await steer.resolve("olga", "done", request="q2")
    assert [payload["outcome"] for _, payload in await steer.told()] == ["retry", "done"]


async def test_all_that_is_wrong_with_an_answer_is_said(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    with pytest.raises(InvalidInputs) as wrong:
        await steer.resolve("olga", "maybe", output=1)
    assert [name for name, _ in wrong.value.problems] == ["outcome", "output"]
    with pytest.raises(NotFound, match="no step 'nowhere'"):
        await steer.resolve("olga", path="nowhere")

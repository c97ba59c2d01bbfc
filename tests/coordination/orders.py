"""Gives orders to the run of the scene, as those who steer it do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from coordination import controls, mending, wakeups
from coordination.database import Transaction, insert, update
from coordination.database import definitions as definitions_table
from coordination.database import runs as runs_table
from coordination.database import steps as steps_table
from coordination.database import wakeups as wakeups_table
from coordination.orders import Order
from coordination.policy import Principal
from coordination.ports import RunStatus
from coordination.questions import Covered
from tests.coordination.scene import QUESTION, Scene, person

ADD_STEP = insert(steps_table)
SET_RUN = update(runs_table)
COVERING = replace(QUESTION, covers=(Covered("deploy", "shell.run", {}, "d2"),))
RUN_ID = "run_0000000000000000000000000A"
SET_BODY = update(definitions_table)
BACK = {"action": "shell.run", "params": {"argv": ["./back.sh"]}}
WAITING: Any = {
    "name": "pipeline",
    "steps": [
        {"id": "build", "action": "test.work"},
        {"id": "deploy", "action": "test.work", "compensate": BACK},
        {"id": "fan", "for_each": [1, 2], "steps": [{"id": "ready", "wait_for": {"signal": "go"}}]},
    ],
    "finally": [{"id": "tidy", "action": "test.work"}],
}


def plain(steer: "Steering") -> tuple[Callable[..., Any], ...]:
    """Return what can be done to a run without more words."""
    return (steer.pause, steer.resume, steer.cancel, steer.retry, steer.rollback)


class Steering:
    """Gives orders to the scene's run."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    async def give(self, call: Callable[[Transaction], Any]) -> Any:
        return await self.scene.door.write(call)

    def order(self, who: Principal | str, request: str) -> Order:
        principal = person(who) if isinstance(who, str) else who
        return Order(principal, self.scene.run_key, RUN_ID, request, "slack")

    async def pause(self, who: Principal | str, request: str = "q1") -> Any:
        order, judging = self.order(who, request), self.scene.judging
        return await self.give(lambda tx: controls.pause(tx, order, judging=judging))

    async def resume(self, who: Principal | str, request: str = "q1") -> Any:
        order, judging = self.order(who, request), self.scene.judging
        return await self.give(lambda tx: controls.resume(tx, order, judging=judging))

    async def cancel(
        self, who: Principal | str, request: str = "q1", reason: str = "", mode: Any = None
    ) -> Any:
        order, judging = self.order(who, request), self.scene.judging
        return await self.give(
            lambda tx: controls.cancel(tx, order, reason=reason, mode=mode, judging=judging)
        )

    async def rollback(self, who: Principal | str, request: str = "q1", reason: str = "") -> Any:
        order, judging = self.order(who, request), self.scene.judging
        return await self.give(
            lambda tx: controls.rollback(tx, order, reason=reason, judging=judging)
        )

    async def signal(
        self, who: Principal | str, name: str = "go", request: str = "q1", payload: Any = None
    ) -> Any:
        order, judging = self.order(who, request), self.scene.judging
        return await self.give(
            lambda tx: controls.signal(tx, order, name, payload=payload, judging=judging)
        )

    async def skip(self, who: Principal | str, path: str = "deploy", request: str = "q1") -> Any:
        order, judging = self.order(who, request), self.scene.judging
        return await self.give(lambda tx: mending.skip(tx, order, path, judging=judging))

    async def retry(
        self, who: Principal | str, request: str = "q1", from_path: str | None = None
    ) -> Any:
        order = self.order(who, request)
        judging = self.scene.judging
        return await self.give(
            lambda tx: mending.retry(tx, order, from_path=from_path, judging=judging)
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
            lambda tx: mending.resolve(tx, order, path, outcome, output=output, judging=judging)
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

    async def define(self, body: Any) -> None:
        def unit(tx: Transaction) -> None:
            tx.execute(SET_BODY.where(definitions_table.c.hash == "abc"), body=body)

        await self.give(unit)

    async def told(self) -> list[tuple[str, Any]]:
        return [(row.kind, row.payload) for row in await self.scene.rows(wakeups_table)]

    async def kind(self, path: str, kind: str) -> None:
        def unit(tx: Transaction) -> None:
            tx.execute(update(steps_table).where(steps_table.c.path == path), kind=kind)

        await self.give(unit)

    async def drain(self) -> None:
        def unit(tx: Transaction) -> None:
            for told in wakeups.pending(tx, self.scene.run_key):
                assert wakeups.done(tx, told.key, now=self.scene.now)
                assert not wakeups.done(tx, told.key, now=self.scene.now)

        await self.give(unit)

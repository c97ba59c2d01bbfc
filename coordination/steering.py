"""Starting runs, and telling them what to do: each call is one durable decision."""

from collections.abc import Callable, Mapping
from typing import Any

from coordination import controls, starting
from coordination.controls import Order, Told
from coordination.database import Transaction
from coordination.footing import Footing
from coordination.policy import Principal, require_scope
from coordination.ports import RunView
from coordination.starting import StartOrder


class Steering(Footing):
    """The verbs of those who start and steer runs."""

    async def start(
        self,
        principal: Principal,
        workflow: str,
        inputs: Mapping[str, Any],
        *,
        request_id: str,
        via: str,  # noqa: ARG002  # the audit row names who; the way is the edge's
    ) -> RunView:
        """Start a run by hand; the same *request_id* again finds the same run.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
            InvalidInputs: with one problem for each input that does not fit.
        """
        require_scope(principal, "start")
        view = await self.workflow(workflow)
        checked = self._ports.inputs.check(view.definition, inputs)
        order = StartOrder(principal, view, checked, request_id, self.rules.channel)
        judging = self._judging()
        run_id = await self._door.write(lambda tx: starting.start(tx, order, judging))
        self._world.tasks.start(f"start {run_id}", self._ports.runtime.start(run_id))
        return await self.run(run_id)

    async def cancel(
        self, principal: Principal, run: str, *, reason: str, request_id: str, via: str
    ) -> RunView:
        """End a run.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order, lambda tx: controls.cancel(tx, order, reason=reason, judging=judging)
        )

    async def retry(
        self,
        principal: Principal,
        run: str,
        *,
        from_path: str | None = None,
        request_id: str,
        via: str,
    ) -> RunView:
        """Run again what failed, or everything from a step on.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order, lambda tx: controls.retry(tx, order, from_path=from_path, judging=judging)
        )

    async def resolve(  # noqa: PLR0913  # all that a surface can send along with an answer
        self,
        principal: Principal,
        run: str,
        path: str,
        outcome: str,
        *,
        output: Any = None,
        request_id: str,
        via: str,
    ) -> RunView:
        """Say what became of a step that is unknown: ``retry``, ``done`` or ``fail``.

        Raises:
            NotFound, NotAllowed, Conflict, InvalidInputs, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order,
            lambda tx: controls.resolve(tx, order, path, outcome, output=output, judging=judging),
        )

    async def _order(self, principal: Principal, ref: str, request_id: str, via: str) -> Order:
        row = await self._row_of(ref)
        return Order(principal, row.key, row.id, request_id, via)

    async def _told(self, order: Order, unit: Callable[[Transaction], Told]) -> RunView:
        told = await self._door.write(unit)
        self._hint([told.wakeup])
        return await self.run(order.run_id)

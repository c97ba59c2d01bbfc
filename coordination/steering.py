"""Starting runs, and telling them what to do: each call is one durable decision."""

from collections.abc import Callable, Mapping
from typing import Any

from coordination import controls, handling, mending, outlook, run_views, starting
from coordination.admission import FREE, Terms, terms_of
from coordination.controls import Mode
from coordination.database import Reader, Transaction
from coordination.errors import InvalidInputs
from coordination.footing import Footing
from coordination.handles import secret_inputs
from coordination.orders import Order, Told
from coordination.outlook import Outlook
from coordination.policy import Principal, require_scope
from coordination.ports import Definition, RunView
from coordination.run_secrets import conceal
from coordination.starting import StartOrder
from coordination.store import orders as order_store
from coordination.triggers import text_in


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
        return await self._start(principal, workflow, inputs, request_id)

    async def start_again(  # all that a surface can send along with it
        self,
        principal: Principal,
        run: str,
        changes: Mapping[str, Any],
        *,
        request_id: str,
        via: str,
    ) -> RunView:
        """Start a run in the place of a failed one, of the revision in use now, with other inputs.

        What is not among *changes* is as it was; None leaves an input out, and what is secret has to
        be given anew. The failed run counts as dealt with.

        Raises:
            NotFound, NotAllowed, Conflict, InvalidInputs, IdempotencyMismatch
        """
        row = await self._row_of(run)
        view = await self.workflow(row.workflow)
        declared = view.definition.body.get("inputs") or {}
        hidden = {*secret_inputs(row.definition), *secret_inputs(view.definition.body)}
        kept = {
            name: value
            for name, value in row.inputs.items()
            if name in declared and name not in hidden
        }
        inputs = {name: value for name, value in {**kept, **changes}.items() if value is not None}
        order = Order(principal, row.key, row.id, request_id, via)
        return await self._start(principal, row.workflow, inputs, request_id, order)

    async def _start(
        self,
        principal: Principal,
        workflow: str,
        inputs: Mapping[str, Any],
        request_id: str,
        instead_of: Order | None = None,
    ) -> RunView:
        require_scope(principal, "start")
        view = await self.workflow(workflow)
        checked = self._ports.inputs.check(view.definition, inputs)
        about = f"{principal.actor}:{request_id}"
        hidden = conceal(view.definition, checked, self._ports.secrets, about=about)
        terms, own = self._settled(view.definition, hidden.inputs, principal.actor)
        channel = own or self.rules.channel
        order = StartOrder(
            principal, view, hidden.inputs, request_id, channel, terms, hidden.sealed, instead_of
        )
        judging = self._judging()
        begun = await self._door.write(lambda tx: starting.start(tx, order, judging))
        return await self.run(begun.require_run())

    def _settled(
        self, definition: Definition, inputs: Mapping[str, Any], by: str
    ) -> tuple[Terms, str | None]:
        """Return the rules for a start by hand, and the channel that the definition gives it.

        Raises:
            InvalidInputs: the key that it counts by, or its channel, has no value.
        """
        if self._ports.expressions is None:
            return FREE, definition.channel
        context = {
            "trigger": {"kind": "manual", "by": by},
            "inputs": inputs,
            "run": {"inputs": inputs, "started_by": by},
            "workflow": {"name": definition.name, "revision": definition.hash},
        }
        try:
            channel = text_in(definition.channel, self._ports.expressions, context)
        except ValueError as error:
            raise InvalidInputs([("channel", str(error))]) from error
        try:
            return terms_of(definition, self._ports.expressions, context), channel
        except ValueError as error:
            raise InvalidInputs([("concurrency", str(error))]) from error

    async def outlook(self, run: str, *, from_path: str | None = None) -> Outlook:
        """Return what each control would do to a run as it stands; a retry from *from_path*.

        Raises: NotFound.
        """

        async def query(reader: Reader) -> Outlook:
            row = await run_views.row_of(reader, run)
            view = await run_views.view(reader, row)
            ending = await order_store.read_ending(reader, row.key)
            return outlook.outlook(view, row.definition, from_path, ending=ending is not None)

        return await self._door.read(query)

    async def pause(self, principal: Principal, run: str, *, request_id: str, via: str) -> RunView:
        """Begin no step of a run until it is resumed; what is at work is finished.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(order, lambda tx: controls.pause(tx, order, judging=judging))

    async def resume(self, principal: Principal, run: str, *, request_id: str, via: str) -> RunView:
        """Let a paused run go on.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(order, lambda tx: controls.resume(tx, order, judging=judging))

    async def cancel(  # all that a surface can send along with it
        self,
        principal: Principal,
        run: str,
        *,
        reason: str,
        mode: Mode | None = None,
        request_id: str,
        via: str,
    ) -> RunView:
        """End a run: with ``compensate`` what it did is taken back first, otherwise it stays.

        An explicit ``now`` ends the clean-up of a run that is being cancelled already.

        Raises:
            NotFound, NotAllowed, Conflict, InvalidInputs, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order,
            lambda tx: controls.cancel(tx, order, reason=reason, mode=mode, judging=judging),
        )

    async def rollback(
        self, principal: Principal, run: str, *, reason: str, request_id: str, via: str
    ) -> RunView:
        """Take back what a run did, latest first, whether it goes on or has ended.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order, lambda tx: controls.rollback(tx, order, reason=reason, judging=judging)
        )

    async def mark_handled(
        self, principal: Principal, run: str, *, reason: str, request_id: str, via: str
    ) -> RunView:
        """Count a failed run as dealt with; it asks nobody for anything any more.

        Raises:
            NotFound, NotAllowed, Conflict, InvalidInputs, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order, lambda tx: handling.handle(tx, order, reason=reason, judging=judging)
        )

    async def signal(  # all that a surface can send along with it
        self,
        principal: Principal,
        run: str,
        name: str,
        *,
        payload: Any = None,
        request_id: str,
        via: str,
    ) -> RunView:
        """Send a run a signal that one of its steps waits for, now or later.

        Raises:
            NotFound, NotAllowed, Conflict, InvalidInputs, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order, lambda tx: controls.signal(tx, order, name, payload=payload, judging=judging)
        )

    async def skip(
        self, principal: Principal, run: str, path: str, *, request_id: str, via: str
    ) -> RunView:
        """Leave a step out; one that failed its run lets the run go on without it.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(order, lambda tx: mending.skip(tx, order, path, judging=judging))

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
            order, lambda tx: mending.retry(tx, order, from_path=from_path, judging=judging)
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
            lambda tx: mending.resolve(tx, order, path, outcome, output=output, judging=judging),
        )

    async def _order(self, principal: Principal, ref: str, request_id: str, via: str) -> Order:
        row = await self._row_of(ref)
        return Order(principal, row.key, row.id, request_id, via)

    async def _told(self, order: Order, unit: Callable[[Transaction], Told]) -> RunView:
        told = await self._door.write(unit)
        self._hint([told.wakeup])
        return await self.run(order.run_id)

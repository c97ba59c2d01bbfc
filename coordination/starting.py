"""A start by hand, inside a unit: who may, of what, and a repeat finds the run of the first time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coordination import admission, directory, handling, run_secrets
from coordination.admission import FREE, Outcome, Terms
from coordination.children import HIDDEN, is_hidden
from coordination.database import Row, Transaction
from coordination.definitions import WorkflowView
from coordination.errors import Conflict, IdempotencyMismatch, NotAllowed
from coordination.orders import Order, run_of
from coordination.orders import allow as allow_order
from coordination.policy import Principal, authorize, is_named
from coordination.questions import mention
from coordination.run_secrets import SealedInput
from coordination.runs import NewRun
from coordination.store import runs as store
from coordination.votes import Judging

_MENDS = {
    "draft": "somebody has to activate it first",
    "paused": "somebody has to resume it first",
    "archived": "restore it to start it again",
}


@dataclass(frozen=True, slots=True)
class StartOrder:
    """Who wants which workflow started with what; *inputs* are checked, and what is secret sealed.

    *instead_of* names a failed run whose place this one takes, with other inputs.
    """

    principal: Principal
    workflow: WorkflowView
    inputs: Mapping[str, Any]
    request_id: str
    channel: str | None  # where its thread is opened
    terms: Terms = FREE
    sealed: tuple[SealedInput, ...] = ()
    instead_of: Order | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """The run that was asked for, and what came of the start."""

    run_id: str
    outcome: Outcome

    def require_run(self) -> str:
        """Return the run's id. Raises: Conflict, where there is none."""
        if self.outcome.run_key is None:
            raise Conflict(f"The run was {self.outcome.text}.")
        return self.run_id


def start(tx: Transaction, order: StartOrder, judging: Judging) -> Begun:
    """Write the run, or what is told of one that is left out.

    Raises:
        NotAllowed: whoever asks may not start this one.
        Conflict: the workflow is not active, or has started as often as it may.
        IdempotencyMismatch: the same request started something else.
    """
    _authorize(tx, order, judging)
    request = f"{order.principal.actor}:{order.request_id}"
    known = store.by_request(tx, request)
    if known is not None:
        same = (known.workflow, known.inputs) == (order.workflow.name, dict(order.inputs))
        if not same or not run_secrets.is_the_same(tx, known.key, order.sealed):
            raise IdempotencyMismatch(order.request_id)
        return Begun(known.id, Outcome("started", "started", known.key))
    _refuse_inactive(order.workflow)
    new = _new_run(order, judging.ids.new("run"), request)
    failed = None if order.instead_of is None else _failed(tx, order.instead_of, judging)
    if failed is not None:
        trigger = {**new.trigger, "again_of": failed.id}
        if is_hidden(failed.trigger):
            trigger[HIDDEN] = True
        new = replace(new, thread_key=failed.thread_key, trigger=trigger)
    outcome = admission.start(tx, new, order.terms, now=judging.now, ids=judging.ids)
    if outcome.kind == "started":
        tx.touch("start", str(outcome.run_key))  # so the runtime hears of it
    if outcome.kind == "refused":
        raise Conflict(f"{outcome.text}.")
    if failed is not None and order.instead_of is not None and outcome.run_key is not None:
        _take_place(tx, failed, outcome.run_key, order.instead_of, judging)
    return Begun(new.id, outcome)


def _failed(tx: Transaction, order: Order, judging: Judging) -> Row:
    """Return the failed run whose place another one takes. Raises: NotFound, NotAllowed, Conflict."""
    run = run_of(tx, order)
    allow_order(tx, order, handling.ACTION, run, judging)
    handling.refuse_unfailed(tx, run)
    return run


def _take_place(tx: Transaction, failed: Row, key: int, order: Order, judging: Judging) -> None:
    begun = store.by_key(tx, key)
    number = begun.number if begun is not None else key
    handling.started_again(tx, failed, number, by=order.by, via=order.via, judging=judging)


def _authorize(tx: Transaction, order: StartOrder, judging: Judging) -> None:
    workflow = order.workflow
    allow(tx, order.principal, workflow.name, workflow.definition.start_by, judging)


def allow(
    tx: Transaction, who: Principal, workflow: str, start_by: Sequence[str], judging: Judging
) -> None:
    """Return if *who* may start *workflow*, which names in *start_by* those who may.

    Raises:
        NotAllowed: they may not.
    """
    standing = directory.standing(tx, who.human, judging.roles, now=judging.now)
    authorize(who, "start", person=standing.person, roles=judging.roles)
    if not start_by:
        return
    if standing.person is not None and is_named(start_by, standing.person, judging.roles):
        return
    if who.human is None and f"source:{who.source}" in start_by:
        return
    shown = ", ".join(mention(form) for form in start_by)
    raise NotAllowed(f"Only {shown} may start `{workflow}`.")


def _refuse_inactive(workflow: WorkflowView) -> None:
    if workflow.status != "active":
        mend = _MENDS.get(workflow.status, "it cannot be started")
        raise Conflict(f"`{workflow.name}` is {workflow.status}: {mend}.")


def _new_run(order: StartOrder, run_id: str, request: str) -> NewRun:
    definition = order.workflow.definition
    actor = order.principal.actor
    return NewRun(
        id=run_id,
        workflow=order.workflow.name,
        hash=definition.hash,
        inputs=order.inputs,
        trigger={"kind": "manual", "by": actor},
        started_by=actor,
        requested_by=actor,
        channel=order.channel,
        own_channel=definition.channel is not None,
        request_id=request,
        sealed=order.sealed,
    )

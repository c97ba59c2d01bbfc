"""A start by hand, inside a unit: who may, of what, and a repeat finds the run of the first time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coordination import admission, directory
from coordination.admission import FREE, Outcome, Terms
from coordination.database import Transaction
from coordination.definitions import WorkflowView
from coordination.errors import Conflict, IdempotencyMismatch, NotAllowed
from coordination.policy import Principal, authorize, is_named
from coordination.questions import mention
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
    """Who wants which workflow started with what; *inputs* are checked already."""

    principal: Principal
    workflow: WorkflowView
    inputs: Mapping[str, Any]
    request_id: str
    channel: str | None  # where it is posted if the definition names none
    terms: Terms = FREE


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
        if (known.workflow, known.inputs) != (order.workflow.name, dict(order.inputs)):
            raise IdempotencyMismatch(order.request_id)
        return Begun(known.id, Outcome("started", "started", known.key))
    _refuse_inactive(order.workflow)
    new = _new_run(order, judging.ids.new("run"), request)
    outcome = admission.start(tx, new, order.terms, now=judging.now, ids=judging.ids)
    if outcome.kind == "refused":
        raise Conflict(f"{outcome.text}.")
    return Begun(new.id, outcome)


def may_start(order: StartOrder) -> str:
    """Say who may start the workflow, so that Slack shows names."""
    return ", ".join(mention(form) for form in order.workflow.definition.start_by)


def _authorize(tx: Transaction, order: StartOrder, judging: Judging) -> None:
    who = order.principal
    standing = directory.standing(tx, who.human, judging.roles, now=judging.now)
    authorize(who, "start", person=standing.person, roles=judging.roles)
    allowed = order.workflow.definition.start_by
    if not allowed:
        return
    if standing.person is not None and is_named(allowed, standing.person, judging.roles):
        return
    if who.human is None and f"source:{who.source}" in allowed:
        return
    raise NotAllowed(f"Only {may_start(order)} may start `{order.workflow.name}`.")


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
        channel=definition.channel or order.channel,
        own_channel=definition.channel is not None,
        request_id=request,
    )

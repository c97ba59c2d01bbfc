"""What a run reports on other pieces of work: events, as if a tool had sent them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from baton.events import WIRE_PREFIX, Event
from baton.parts import Parent
from baton.status import Status
from coordination import accept
from coordination.database import Transaction
from coordination.runs import SOURCE
from coordination.taking import Incoming
from coordination.world import Ids
from workflows.runs import RunRecord

__all__ = ["report_process"]


def report_process(
    tx: Transaction, run: RunRecord, body: Mapping[str, Any], *, now: datetime, ids: Ids
) -> None:
    """Accept what *run* says about a piece of work, in the unit that stores the step's result.

    The event names the run, so that a workflow which it starts counts as started by the run.
    """
    status = Status(body["status"])
    event = Event(
        event_id=ids.new("ev"),
        id=body["id"],
        kind="process",
        type=WIRE_PREFIX + status.value,
        source=SOURCE,
        namespace=SOURCE,
        occurred_at=now,
        received_at=now,
        process_id=f"{run.id}/{body['process_id']}",
        name=body.get("name") or body["process_id"],
        category="task",
        status=status,
        message=body.get("message"),
        result=body.get("result"),
        parent=Parent(run.id, SOURCE),
        run_id=run.id,
    )
    incoming = Incoming(event=event, identity=None, thread_key=run.thread_key, trusted=True)
    accept.record(tx, incoming, now=now, ids=ids)

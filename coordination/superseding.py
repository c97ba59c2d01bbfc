"""An attempt that never ended while the next one begins: it is cancelled, and what it asked withdrawn."""

from baton.events import WIRE_PREFIX, Event, Status
from coordination import approvals
from coordination.database import Row
from coordination.incoming import Unit
from coordination.reasons import superseded
from coordination.store import events as store

SOURCE = "baton"


def supersede(unit: Unit, row: Row, attempt: int) -> None:
    """End the shown attempt of *row* in favour of *attempt*, by an event of Baton's own.

    Triggers see it: a workflow that waits for any end of the old attempt gets one.
    """
    note = superseded(attempt)
    approvals.close_of_process(unit.tx, process_key=row.key, note=note, now=unit.now, ids=unit.ids)
    event = _cancelled(unit, row, note)
    why = {"rule": ["D12", note], "status": [row.status, Status.CANCELLED.value]}
    outcome = store.Outcome(row.key, row.thread_key, "updated", True, None, why)  # noqa: FBT003 - it was applied
    store.add(unit.tx, event, row.attempt, outcome)
    unit.tx.touch("event", event.event_id, thread_id=row.thread_id)
    unit.tx.touch("dispatch", event.event_id)


def _cancelled(unit: Unit, row: Row, note: str) -> Event:
    event_id = unit.ids.new("ev")
    return Event(
        event_id=event_id,
        id=event_id,
        kind="process",
        type=WIRE_PREFIX + Status.CANCELLED.value,
        source=SOURCE,
        namespace=row.namespace,
        occurred_at=unit.now,
        received_at=unit.now,
        process_id=row.process_id,
        attempt=row.attempt,
        name=row.name,
        category=row.category,
        status=Status.CANCELLED,
        message=note,
        causation_id=unit.incoming.event.event_id,
    )

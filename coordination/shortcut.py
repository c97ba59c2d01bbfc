"""The short way of most reports: the first news of a process that nothing ties to anything else.

It writes what `taking` would write, and asks the store one thing: whether anybody has heard of that
process. All that it leaves out could find nothing, and takes several times as long. That both ways
lead to the same rows, `tests/properties/test_short_way.py` holds.
"""

from operator import attrgetter

from baton.events import Event, Status
from coordination import announcing, reasons, threads
from coordination.attempts import Placed
from coordination.correlation import Step
from coordination.incoming import Unit
from coordination.outbox import Lane
from coordination.processes import first_state
from coordination.store import processes as store
from coordination.store.processes import NewProcess
from coordination.taken import Taken

__all__ = ["first_news"]

_AT_WORK = frozenset({Status.QUEUED, Status.STARTED, Status.IN_PROGRESS})
_TIES = ("run_id", "parent", "correlation_id", "trace_id", "keys", "thread_ts", "subject")
_MORE = ("approval", "heartbeat", "expired", "attempt_key", "lease_s", "started_at")
_odd = attrgetter(*_TIES, *_MORE)


def first_news(unit: Unit) -> Taken | None:
    """Take an event if it is such news; None: it is not, and nothing was done."""
    event, process_id = unit.incoming.event, unit.incoming.event.process_id
    if not process_id or not _is_plain(unit):
        return None
    name = f"{event.namespace}:{process_id}"
    if store.is_known(unit.tx, event.namespace, process_id, name):
        return None
    head = threads.open_thread(
        unit.tx,
        title=event.name or process_id,
        channel=event.channel or unit.incoming.channel,
        now=unit.now,
        ids=unit.ids,
    )
    attempt, status = event.attempt or 1, event.status
    key = store.add(unit.tx, _row(unit, event, process_id, attempt, head.key))
    unit.tx.touch("process", name, thread_id=head.id)
    announcing.redraw(unit, head.key, Lane.PROGRESS, opened=True)
    return Taken(
        event=event,
        effect="created",
        attempt=attempt,
        applied=True,
        status=status,
        thread_key=head.key,
        thread_id=head.id,
        process_key=key,
        steps=(Step("process", process_id, "no match"),),
        because=reasons.reason(None, Placed(attempt), None, event, "created"),
    )


def _is_plain(unit: Unit) -> bool:
    incoming = unit.incoming
    return (
        incoming.event.kind == "process"
        and incoming.event.status in _AT_WORK
        and incoming.thread_key is None
        and incoming.run_key is None
        and not any(_odd(incoming.event))
    )


def _row(unit: Unit, event: Event, process_id: str, attempt: int, thread_key: int) -> NewProcess:
    state = first_state(event)
    state["fired"] = [str(event.status)]
    return NewProcess(
        namespace=event.namespace,
        process_id=process_id,
        attempt=attempt,
        source=event.source,
        name=event.name or process_id,
        category=event.category or None,
        status=state["status"],
        state=state,
        thread_key=thread_key,
        now=unit.now,
        owner=unit.incoming.owner,
        started_at=event.occurred_at if "started_at" in state else None,
    )

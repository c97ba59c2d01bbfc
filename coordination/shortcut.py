"""The short way of most reports: news of a process that nothing ties to anything else, a run of ours too.

It writes what `taking` would write, and asks the store once: what is known of that process. All that it
leaves out could find nothing, and takes several times as long. Where anything is unusual it leaves the
event to the long way, before it has written anything. That both ways lead to the same rows,
`tests/properties/test_short_way.py` holds.
"""

from dataclasses import replace
from operator import attrgetter

from baton.events import Event, Status
from coordination import announcing, reasons, threads
from coordination.attempts import Placed, Standing
from coordination.behind import tells_only_since
from coordination.correlation import Step
from coordination.incoming import Unit
from coordination.moving import Moved
from coordination.outbox import ROOT, SLOWEST, Lane
from coordination.processes import extend, first_state, judge
from coordination.store import processes as process_store
from coordination.store import shortcut as store
from coordination.store.processes import NewProcess
from coordination.store.shortcut import Met, Shown
from coordination.taken import Taken

__all__ = ["plain_news"]

_AT_WORK = frozenset({Status.QUEUED, Status.STARTED, Status.IN_PROGRESS})
_TIES = ("run_id", "parent", "correlation_id", "trace_id", "keys", "thread_ts", "subject")
_MORE = ("approval", "heartbeat", "expired", "attempt_key", "lease_s", "started_at")
_CARD = (ROOT, Lane.PROGRESS, "thread", "queued", 0)  # drawn for progress, and not tried yet
_odd = attrgetter(*_TIES, *_MORE)


def plain_news(unit: Unit) -> Taken | None:
    """Take an event if it is such news; None: it is not, and nothing was done."""
    event, process_id = unit.incoming.event, unit.incoming.event.process_id
    if not process_id or not _is_plain(unit):
        return None
    name = f"{event.namespace}:{process_id}"
    met = store.meet(unit.tx, event.namespace, process_id, name)
    if met.key is not None:
        return _next(unit, met, met.key, name)
    if met.awaited or unit.incoming.thread_key is not None or event.status not in _AT_WORK:
        return None
    return _first(unit, event, process_id, name)


def _is_plain(unit: Unit) -> bool:
    incoming, status = unit.incoming, unit.incoming.event.status
    return (
        incoming.event.kind == "process"
        and (status in _AT_WORK or (status is not None and status.terminal))
        and (incoming.thread_key is None or incoming.run_key is not None)
        and not any(_odd(incoming.event))
    )


def _first(unit: Unit, event: Event, process_id: str, name: str) -> Taken:
    """Take the first news of a process."""
    head = threads.open_thread(
        unit.tx,
        title=event.name or process_id,
        channel=event.channel or unit.incoming.channel,
        now=unit.now,
        ids=unit.ids,
    )
    attempt = event.attempt or 1
    key = process_store.add(unit.tx, _row(unit, event, process_id, attempt, head.key))
    unit.tx.touch("process", name, thread_id=head.id)
    announcing.redraw(unit, head.key, Lane.PROGRESS, opened=True)
    return Taken(
        event=event,
        effect="created",
        attempt=attempt,
        applied=True,
        status=event.status,
        thread_key=head.key,
        thread_id=head.id,
        process_key=key,
        run_key=unit.incoming.run_key,
        steps=(Step("process", process_id, "no match"),),
        because=reasons.reason(None, Placed(attempt), None, event, "created"),
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
        run_key=unit.incoming.run_key,
        now=unit.now,
        owner=unit.incoming.owner,
        started_at=event.occurred_at if "started_at" in state else None,
    )


def _next(unit: Unit, met: Met, key: int, name: str) -> Taken | None:
    """Take more news of the attempt that is shown, while it goes on and asks nobody anything."""
    event, at_home = unit.incoming.event, unit.incoming.thread_key in (None, met.thread_key)
    if met.is_special or event.attempt not in (None, met.attempt) or not at_home:
        return None
    known = Standing.from_json(met.attempt, met.state)
    after = extend(known.fold, event)
    if known.asks or known.fold.ended or after is None:
        return None
    if after.ended and known.lease is not None:  # there is a timer to be taken back
        return None
    effect, took = judge(known.fold, after, event)
    status = str(event.status)
    applied = took and status not in known.fired
    fired = (*known.fired, status) if applied else known.fired
    standing = replace(known, fold=after, fired=fired)
    shown = _shown(met, standing, unit.incoming.owner)
    store.move_on(unit.tx, met, shown, now=unit.now)
    unit.tx.touch("thread", met.thread_id, thread_id=met.thread_id)
    unit.tx.touch("process", name, thread_id=met.thread_id)
    moved = Moved(known, known.fold, standing, effect, applied)
    if moved.ends:
        announcing.tell(unit, key, met.thread_key, moved, opened=False)
    elif moved.looks_different:
        _redraw(unit, met)
    return Taken(
        event=event,
        effect=effect,
        attempt=met.attempt,
        applied=applied,
        status=after.status,
        thread_key=met.thread_key,
        thread_id=met.thread_id,
        thread_url=met.permalink,
        process_key=key,
        run_key=unit.incoming.run_key,
        steps=(Step("process", event.process_id, "matched"),),
        because=reasons.reason(known, Placed(met.attempt), known.fold, event, effect),
        was=met.status,
    )


def _redraw(unit: Unit, met: Met) -> None:
    """Have the card show it, as `announcing.redraw`: mostly the notice that waits stands for it, too."""
    if met.notice is None or met.waits != _CARD or not tells_only_since(met.body):
        announcing.redraw(unit, met.thread_key, Lane.PROGRESS)
        return
    unit.ids.new("nt")  # for nothing, so that both ways give everything else the same ids
    store.renew(unit.tx, met, latest=SLOWEST, now=unit.now)
    unit.tx.touch("outbox", met.notice_id)


def _shown(met: Met, standing: Standing, owner: str | None) -> Shown:
    after = standing.fold
    return Shown(
        name=after.name or met.name,
        category=after.category or met.category,
        status=after.status.value,
        state=standing.to_json(),
        owner=met.owner or owner,
        started_at=after.started_at,
        ended_at=after.ended_at,
    )

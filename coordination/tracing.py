"""What everybody may ask of the bus: why an event did what it did, and why a thread holds what it holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from coordination import explain, run_views
from coordination.database import Reader, Row, Transaction
from coordination.errors import NotFound
from coordination.explain import Explanation, NoticeLine
from coordination.footing import Footing
from coordination.keys import KINDS
from coordination.related import why
from coordination.store import events as event_store
from coordination.store import processes as process_store
from coordination.store import threads as thread_store
from coordination.store import traces as store

_OWN = {
    "run_id": "it was reported for this thread",
    "process": "it was here before",
    "parent": "its parent is here",
}


class Tracing(Footing):
    """The verbs that explain."""

    async def explain(self, ref: str, *, source: str | None = None) -> Explanation:
        """Return how an event was taken.

        Args:
            ref: its ``ev_…``; the producer's own id together with *source*; or a run or a process
                as ``R-3`` or ``namespace:id``, which stand for the newest event of it.
            source: who reported it, where *ref* is the producer's id.

        Raises:
            NotFound: there is no such event.
        """

        async def query(reader: Reader) -> Explanation:
            return await _explanation(reader, await _row_of(reader, ref, source))

        return await self._door.read(query)

    async def why(self, thread_ref: str) -> tuple[str, ...]:
        """Return a line for each process and run of a thread: why it is in it. Raises: NotFound."""

        async def query(reader: Reader) -> tuple[str, ...]:
            row = await thread_store.read(reader, thread_ref)
            if row is None:
                raise NotFound("thread", thread_ref)
            firsts = await store.first_of_each(reader, row.key)
            return tuple([_reason(each, opened=not place) for place, each in enumerate(firsts)])

        return await self._door.read(query)


async def _row_of(reader: Reader, ref: str, source: str | None) -> Row:
    if source is not None:
        row = await store.by_producer(reader, source, ref)
    elif ref.startswith("ev_"):
        row = await event_store.read(reader, ref)
    else:
        row = await _newest_of(reader, ref)
    if row is None:
        raise NotFound("event", ref if source is None else f"{source} {ref}")
    return row


async def _newest_of(reader: Reader, ref: str) -> Row | None:
    namespace, colon, process_id = ref.partition(":")
    if colon:
        process = await process_store.read(reader, namespace, process_id)
    else:
        run = await run_views.row_of(reader, ref)
        process = await store.process_of_run(reader, run.key)
    return None if process is None else await store.newest_of(reader, process.key)


def rehearsed(tx: Transaction, event_id: str) -> Explanation:
    """Explain an event inside the unit that took it and that will be undone.

    Raises:
        NotFound: the unit took no such event.
    """
    row = event_store.by_id(tx, event_id)
    if row is None:
        raise NotFound("event", event_id)
    return _told(row, [store.notice_of(tx, each) for each in _outbox(row)], rehearsed=True)


async def _explanation(reader: Reader, row: Row) -> Explanation:
    return _told(row, [await store.notice(reader, each) for each in _outbox(row)])


def _outbox(row: Row) -> Sequence[str]:
    """Return the ids of the notices that an event caused."""
    return (row.explain or {}).get("outbox") or ()


def _told(row: Row, notices: Sequence[Row | None], *, rehearsed: bool = False) -> Explanation:
    record: Mapping[str, Any] = row.explain or {}
    by, body = record.get("by") or {}, row.body
    adapter = body.get("adapter") or {}
    was, status = record.get("status") or (None, row.status)
    return Explanation(
        event_id=row.id,
        id=body["id"],
        type=row.type,
        source=row.source,
        process=f"{row.namespace}:{row.process_id}" if row.process_id else None,
        attempt=row.attempt,
        received_at=row.received_at,
        dispatched_at=row.dispatched_at,
        adapter=f"{adapter.get('kind', 'baton')} {adapter.get('version', 1)}",
        thread_id=row.thread_id,
        effect=row.effect,
        applied=row.applied,
        token=by.get("token"),
        scheme=by.get("scheme"),
        identity=_pair(record.get("identity")),
        fields=by.get("fields") or {},
        steps=explain.read_steps(record, row.process_id),
        keys=explain.read_keys(record),
        rule=explain.read_rule(record),
        was=was,
        status=status,
        triggers=tuple(record.get("triggers") or ()),
        waits=tuple(record.get("waits") or ()),
        notices=tuple(
            NoticeLine(each.id, each.slot, each.lane, each.state, each.sent_at)
            for each in notices
            if each is not None
        ),
        warnings=tuple(body.get("warnings") or ()),
        rehearsed=rehearsed,
    )


def _pair(found: Any) -> tuple[str, str] | None:
    return (found[0], found[1]) if found else None


def _reason(row: Row, *, opened: bool) -> str:
    """Say why the process of this first event is in the thread."""
    name = f"R-{row.number}" if row.number else row.name
    who = f"{name} ({row.namespace}:{row.process_id})" if not row.number else str(name)
    if row.number:
        return f"{who}: {_of_run(row, opened=opened)}"
    steps = explain.read_steps(row.explain or {}, row.process_id)
    matched = [step for step in steps if step.outcome == "matched"]
    if not matched:
        return f"{who}: {'it opened the thread' if opened else 'it was put here'}"
    step = matched[0]
    shared = why(step.value) if step.evidence in KINDS and step.value else _OWN.get(step.evidence)
    return f"{who}: {shared or 'it belongs here'}"


def _of_run(row: Row, *, opened: bool) -> str:
    if opened:
        return "it opened the thread"
    started = str(row.started_by)
    if started.startswith("trigger:"):
        return f"an event of this thread started it, by the trigger {started.partition(':')[2]}"
    return "it was started for this thread"

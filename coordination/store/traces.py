"""The rows behind an explanation: an event by another name, the first of each process, its notices."""

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    events,
    func,
    identities,
    json_text,
    outbox,
    processes,
    runs,
    select,
    threads,
)
from coordination.store.event_bodies import filled

_EVENT = select(events, threads.c.id.label("thread_id")).outerjoin(
    threads, threads.c.key == events.c.thread_key
)
_KNOWN = select(identities.c.event_id, identities.c.result).where(
    identities.c.scope == bindparam("of"), identities.c.identity == bindparam("called")
)
_BY_ID = _EVENT.where(events.c.id == bindparam("called"))
_BY_PRODUCER = (
    _EVENT.where(
        events.c.source == bindparam("of"),
        func.coalesce(json_text(events.c.body, "id"), events.c.id) == bindparam("called"),
    )
    .order_by(events.c.seq)
    .limit(1)
)
_NEWEST_OF = (
    _EVENT.where(events.c.process_key == bindparam("process"))
    .order_by(events.c.seq.desc())
    .limit(1)
)
_OF_RUN = select(processes.c.key).where(processes.c.run_key == bindparam("run"))
_NOTICE = select(outbox).where(outbox.c.id == bindparam("called"))
_FIRSTS = (
    select(func.min(events.c.seq).label("seq"))
    .where(events.c.thread_key == bindparam("thread"), events.c.process_key.is_not(None))
    .group_by(events.c.process_key)
    .subquery()
)
_FIRST_OF_EACH = (
    select(
        events.c.explain,
        events.c.namespace,
        events.c.process_id,
        processes.c.name,
        runs.c.number,
        runs.c.started_by,
    )
    .join(_FIRSTS, _FIRSTS.c.seq == events.c.seq)
    .join(processes, processes.c.key == events.c.process_key)
    .outerjoin(runs, and_(runs.c.key == processes.c.run_key))
    .order_by(events.c.seq)
)


async def by_producer(reader: Reader, source: str, called: str) -> Row | None:
    """Return the event for which a source chose an id; while it is known as such, by an index."""
    known = await reader.fetch_one(_KNOWN, of=f"source:{source}", called=called)
    event_id = known and (known.event_id or (known.result or {}).get("event_id"))
    if event_id:
        row = await reader.fetch_one(_BY_ID, called=event_id)
        if row is not None:
            return filled(row)
    row = await reader.fetch_one(_BY_PRODUCER, of=source, called=called)
    return None if row is None else filled(row)


async def newest_of(reader: Reader, process_key: int) -> Row | None:
    """Return the newest event of a process."""
    row = await reader.fetch_one(_NEWEST_OF, process=process_key)
    return None if row is None else filled(row)


async def process_of_run(reader: Reader, run_key: int) -> Row | None:
    """Return the key of the process as which a run shows."""
    return await reader.fetch_one(_OF_RUN, run=run_key)


async def notice(reader: Reader, called: str) -> Row | None:
    return await reader.fetch_one(_NOTICE, called=called)


def notice_of(tx: Transaction, called: str) -> Row | None:
    return tx.fetch_one(_NOTICE, called=called)


async def first_of_each(reader: Reader, thread_key: int) -> list[Row]:
    """Return the first event of each process in a thread, in their order, with its run if it is one."""
    return await reader.fetch_all(_FIRST_OF_EACH, thread=thread_key)

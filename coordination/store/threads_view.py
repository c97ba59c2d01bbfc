"""Threads, processes and events as people look at them: reads only."""

from dataclasses import dataclass

from coordination.database import (
    Reader,
    Row,
    bindparam,
    events,
    processes,
    runs,
    select,
    slots,
    threads,
)

_THREAD = select(threads)
_THREAD_BY_ID = _THREAD.where(threads.c.id == bindparam("called"))
_THREAD_BY_KEY = _THREAD.where(threads.c.key == bindparam("thread"))
_THREAD_BY_OTHER = _THREAD.where(threads.c.external_id == bindparam("called"))
_THREADS = (
    _THREAD.where(threads.c.key < bindparam("below"))
    .order_by(threads.c.key.desc())
    .limit(bindparam("most"))
)
_PROCESS = select(
    processes,
    threads.c.id.label("thread_id"),
    runs.c.id.label("run_id"),
).select_from(
    processes.join(threads, threads.c.key == processes.c.thread_key).outerjoin(
        runs, runs.c.key == processes.c.run_key
    )
)
_OF_THREAD = _PROCESS.where(processes.c.thread_key == bindparam("thread")).order_by(processes.c.key)
_ONE_PROCESS = _PROCESS.where(
    processes.c.namespace == bindparam("space"), processes.c.process_id == bindparam("called")
)
_PROCESS_BY_KEY = _PROCESS.where(processes.c.key == bindparam("process"))
_ROOT_LINK = (
    select(slots.c.permalink)
    .select_from(slots.join(threads, threads.c.key == slots.c.thread_key))
    .where(threads.c.id == bindparam("called"), slots.c.slot == "root")
)
_EVENT = select(events, threads.c.id.label("thread_id")).select_from(
    events.outerjoin(threads, threads.c.key == events.c.thread_key)
)
_EVENT_BY_ID = _EVENT.where(events.c.id == bindparam("called"))
NO_KEY = 2**62  # above every key


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """Which processes to list; what is not given does not matter. Newest first."""

    status: str | None = None
    namespace: str | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list; what is not given does not matter. Oldest first, after a seq."""

    thread: str | None = None
    namespace: str | None = None
    type: str | None = None
    process_id: str | None = None


async def thread(reader: Reader, ref: str) -> Row | None:
    """Return a thread by its id, or by the ``run_id`` that a tool chose for it."""
    found = await reader.fetch_one(_THREAD_BY_ID, called=ref)
    return found or await reader.fetch_one(_THREAD_BY_OTHER, called=ref)


async def thread_by_key(reader: Reader, key: int) -> Row | None:
    return await reader.fetch_one(_THREAD_BY_KEY, thread=key)


async def threads_below(reader: Reader, below: int | None, *, limit: int) -> list[Row]:
    """Return threads, the newest first."""
    return await reader.fetch_all(_THREADS, below=below or NO_KEY, most=limit)


async def processes_of(reader: Reader, thread_key: int) -> list[Row]:
    return await reader.fetch_all(_OF_THREAD, thread=thread_key)


async def process(reader: Reader, namespace: str, process_id: str) -> Row | None:
    return await reader.fetch_one(_ONE_PROCESS, space=namespace, called=process_id)


async def process_by_key(reader: Reader, key: int) -> Row | None:
    return await reader.fetch_one(_PROCESS_BY_KEY, process=key)


async def process_page(reader: Reader, wanted: ProcessFilter) -> list[Row]:
    """Return processes, the newest first; every filter that is given holds."""
    asked = (
        (wanted.status, processes.c.status == wanted.status),
        (wanted.namespace, processes.c.namespace == wanted.namespace),
        (wanted.before, processes.c.key < wanted.before),
    )
    held = [condition for value, condition in asked if value]
    newest = _PROCESS.where(*held).order_by(processes.c.key.desc()).limit(wanted.limit)
    return await reader.fetch_all(newest)


async def root_link(reader: Reader, thread_id: str) -> str | None:
    """Return where the card of a thread stands in Slack, once it does."""
    row = await reader.fetch_one(_ROOT_LINK, called=thread_id)
    return None if row is None else row.permalink


async def event(reader: Reader, event_id: str) -> Row | None:
    return await reader.fetch_one(_EVENT_BY_ID, called=event_id)


async def event_page(reader: Reader, wanted: EventFilter, *, after: int, limit: int) -> list[Row]:
    """Return events in the order in which they came, after *after*."""
    asked = (
        (wanted.thread, threads.c.id == wanted.thread),
        (wanted.namespace, events.c.namespace == wanted.namespace),
        (wanted.type, events.c.type == wanted.type),
        (wanted.process_id, events.c.process_id == wanted.process_id),
    )
    held = [condition for value, condition in asked if value]
    found = _EVENT.where(events.c.seq > after, *held).order_by(events.c.seq).limit(limit)
    return await reader.fetch_all(found)

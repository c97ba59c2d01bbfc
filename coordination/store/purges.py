"""What has served its time: found by readers some rows at a time, deleted in small units that look again."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    approvals,
    audit,
    bindparam,
    blobs,
    delegations,
    delete,
    events,
    exists,
    func,
    insert_if_absent,
    journal,
    json_text,
    keys,
    numbers_in,
    or_,
    outbox,
    processes,
    purges,
    raw_bodies,
    related_threads,
    run_secrets,
    runs,
    select,
    slots,
    steps,
    threads,
    timers,
    update,
    votes,
    waits,
    wakeups,
)
from coordination.store.runs import ENDED, OPEN

GOING = "being deleted"  # the note of a run of which a part is gone
_CHILD, _PARENT = runs.alias("child"), runs.alias("parent")
_CUT = and_(runs.c.status == "faulted", runs.c.note == GOING)
_OVER = or_(runs.c.status.in_(ENDED), _CUT)
_NO_FAMILY = and_(
    ~exists().where(_CHILD.c.parent_key == runs.c.key),
    ~exists().where(_PARENT.c.key == runs.c.parent_key, _PARENT.c.status.in_(OPEN)),
)


def _idle(thread: Any) -> Any:
    """Say that nothing goes on in a thread."""
    return ~exists().where(processes.c.thread_key == thread, processes.c.ended_at.is_(None))


_RUN_IS_OVER = and_(_OVER, _NO_FAMILY, _idle(runs.c.thread_key))
_RUNS = (
    select(runs.c.key, runs.c.created_at)
    .where(
        runs.c.workflow == bindparam("named"),
        or_(
            runs.c.created_at > bindparam("since"),
            and_(runs.c.created_at == bindparam("since"), runs.c.key > bindparam("past")),
        ),
        runs.c.created_at < bindparam("window"),
        runs.c.ended_at < bindparam("before"),
        _RUN_IS_OVER,
    )
    .order_by(runs.c.created_at, runs.c.key)
    .limit(bindparam("limit"))
)
_WORKFLOWS = select(runs.c.workflow).distinct()
_IS_OVER = select(runs).where(runs.c.key == bindparam("run"), _RUN_IS_OVER)
_CUT_OFF = update(runs).where(runs.c.key == bindparam("run")).values(status="faulted", note=GOING)
_WAITS = select(waits.c.key).where(waits.c.run_key == bindparam("run"))
_PROCESS = select(processes.c.key).where(processes.c.run_key == bindparam("run"))
_LOGS = (
    select(steps.c.log).where(steps.c.run_key == bindparam("run"), steps.c.log.is_not(None))
).distinct()
_SHORTEN = {  # the parts of a run that may be many
    "journal": delete(journal).where(
        journal.c.run_key == bindparam("run"), journal.c.seq <= bindparam("upto")
    ),
    "steps": delete(steps).where(
        steps.c.run_key == bindparam("run"),
        steps.c.path.in_(
            select(steps.c.path)
            .where(steps.c.run_key == bindparam("run"))
            .limit(bindparam("limit"))
        ),
    ),
    "wakeups": delete(wakeups).where(
        wakeups.c.key.in_(
            select(wakeups.c.key)
            .where(wakeups.c.run_key == bindparam("run"))
            .limit(bindparam("limit"))
        )
    ),
    "raw bodies": delete(raw_bodies).where(
        raw_bodies.c.seq.in_(
            select(events.c.seq).where(events.c.process_key.in_(_PROCESS)).limit(bindparam("limit"))
        )
    ),
    "events": delete(events).where(
        events.c.seq.in_(
            select(events.c.seq).where(events.c.process_key.in_(_PROCESS)).limit(bindparam("limit"))
        )
    ),
}
_FIRST_ENTRY = select(func.min(journal.c.seq).label("first")).where(
    journal.c.run_key == bindparam("run")
)
_OF_WAITS = (
    delete(votes).where(votes.c.wait_key.in_(_WAITS)),
    delete(delegations).where(delegations.c.wait_key.in_(_WAITS)),
    delete(timers).where(timers.c.owner_kind == "approval", timers.c.owner_key.in_(_WAITS)),
    delete(approvals).where(approvals.c.wait_key.in_(_WAITS)),
    delete(waits).where(waits.c.run_key == bindparam("run")),
)
_OF_RUN = (
    delete(timers).where(timers.c.owner_kind == "run", timers.c.owner_key == bindparam("run")),
    delete(run_secrets).where(run_secrets.c.run_key == bindparam("run")),
    update(processes).where(processes.c.parent_key.in_(_PROCESS)).values(parent_key=None),
    delete(timers).where(timers.c.owner_kind == "process", timers.c.owner_key.in_(_PROCESS)),
    delete(processes).where(processes.c.run_key == bindparam("run")),
)
_DROP_RUN = delete(runs).where(runs.c.key == bindparam("run"))
_UNUSED = ~exists().where(steps.c.log == blobs.c.hash)
_DROP_BLOB = delete(blobs).where(blobs.c.hash == bindparam("called"), _UNUSED)

_EVENT_IS_OVER = and_(events.c.dispatched_at.is_not(None), _idle(events.c.thread_key))
_EVENTS = (
    select(events.c.seq, events.c.received_at, _EVENT_IS_OVER.label("is_over"))
    .where(events.c.seq > bindparam("past"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_THESE_EVENTS = and_(events.c.seq.in_(numbers_in("these")), _EVENT_IS_OVER)
_DROP_RAW_OF = delete(raw_bodies).where(
    raw_bodies.c.seq.in_(select(events.c.seq).where(_THESE_EVENTS))
)
_DROP_EVENTS = delete(events).where(_THESE_EVENTS)
_RAW = (
    select(raw_bodies.c.seq)
    .where(raw_bodies.c.expires_at <= bindparam("due"), raw_bodies.c.seq > bindparam("past"))
    .order_by(raw_bodies.c.seq)
    .limit(bindparam("limit"))
)
_DROP_RAW = delete(raw_bodies).where(raw_bodies.c.seq.in_(numbers_in("these")))

_OPEN_WAIT = exists().where(
    approvals.c.thread_key == threads.c.key,
    approvals.c.wait_key == waits.c.key,
    waits.c.state.in_(("open", "checking", "looking")),
)
_THREAD_IS_OVER = and_(
    threads.c.updated_at < bindparam("before"),
    _idle(threads.c.key),
    ~exists().where(runs.c.thread_key == threads.c.key),
    ~exists().where(events.c.thread_key == threads.c.key),
    ~exists().where(keys.c.thread_key == threads.c.key, keys.c.expires_at > bindparam("now")),
    ~exists().where(outbox.c.thread_key == threads.c.key),
    ~_OPEN_WAIT,
)
_THREADS = (
    select(threads.c.key, threads.c.updated_at)
    .where(threads.c.updated_at >= bindparam("since"), _THREAD_IS_OVER)
    .order_by(threads.c.updated_at)
    .limit(bindparam("limit"))
)
_THREAD = select(threads.c.key).where(threads.c.key == bindparam("thread"), _THREAD_IS_OVER)
_PROCESSES = select(processes.c.key).where(processes.c.thread_key == bindparam("thread"))
_WAITS_OF_TOOLS = select(waits.c.key).where(waits.c.process_key.in_(_PROCESSES))
_OF_THREAD = (
    delete(votes).where(votes.c.wait_key.in_(_WAITS_OF_TOOLS)),
    delete(delegations).where(delegations.c.wait_key.in_(_WAITS_OF_TOOLS)),
    delete(timers).where(
        timers.c.owner_kind == "approval", timers.c.owner_key.in_(_WAITS_OF_TOOLS)
    ),
    delete(approvals).where(approvals.c.wait_key.in_(_WAITS_OF_TOOLS)),
    delete(waits).where(waits.c.process_key.in_(_PROCESSES)),
    delete(timers).where(timers.c.owner_kind == "process", timers.c.owner_key.in_(_PROCESSES)),
    update(processes).where(processes.c.parent_key.in_(_PROCESSES)).values(parent_key=None),
    delete(processes).where(processes.c.thread_key == bindparam("thread")),
    delete(keys).where(keys.c.thread_key == bindparam("thread")),
    delete(slots).where(slots.c.thread_key == bindparam("thread")),
    delete(related_threads).where(
        or_(
            related_threads.c.thread_key == bindparam("thread"),
            related_threads.c.other_key == bindparam("thread"),
        )
    ),
    delete(threads).where(threads.c.key == bindparam("thread")),
)

_NOTICE_IS_OVER = or_(
    and_(outbox.c.state == "superseded", outbox.c.created_at < bindparam("superseded")),
    and_(
        outbox.c.state.in_(("sent", "rolled", "failed")), outbox.c.created_at < bindparam("ended")
    ),
)
_NOTICES = (
    select(outbox.c.key, outbox.c.body, _NOTICE_IS_OVER.label("is_over"))
    .where(outbox.c.key > bindparam("past"))
    .order_by(outbox.c.key)
    .limit(bindparam("limit"))
)
_DROP_NOTICES = delete(outbox).where(outbox.c.key.in_(numbers_in("these")), _NOTICE_IS_OVER)
_TO_BE_SHARED = [  # what is said needs its file no more; written out, so that small indexes serve
    select(outbox.c.key)
    .where(
        outbox.c.state == bindparam(None, state, literal_execute=True),
        json_text(outbox.c.body, "blob") == bindparam("called"),
    )
    .limit(1)
    for state in ("queued", "leased", "parked")
]

_AUDIT = (
    select(audit.c.seq)
    .where(audit.c.seq > bindparam("past"), audit.c.at < bindparam("before"))
    .order_by(audit.c.seq)
    .limit(bindparam("limit"))
)
_BLANK = (
    update(audit)
    .where(audit.c.seq.in_(numbers_in("these")), audit.c.purged_at.is_(None))
    .values(actor="", action="", object="", detail={}, purged_at=bindparam("now"))
)

_COUNT = insert_if_absent(purges)
_ADD = (
    update(purges)
    .where(purges.c.kind == bindparam("of"))
    .values(
        rows=purges.c.rows + bindparam("more"),
        after=bindparam("place"),
        oldest_at=bindparam("oldest"),
        purged_at=bindparam("now"),
    )
)
_OLDEST = {
    "runs": select(runs.c.created_at.label("at")).order_by(runs.c.key).limit(1),
    "events": select(events.c.received_at.label("at")).order_by(events.c.seq).limit(1),
    "threads": select(threads.c.updated_at.label("at")).order_by(threads.c.updated_at).limit(1),
    "notices": select(outbox.c.created_at.label("at")).order_by(outbox.c.key).limit(1),
}
_READ = select(purges).order_by(purges.c.kind)


async def workflows(reader: Reader) -> list[str]:
    """Name all workflows that have runs."""
    return sorted(row.workflow for row in await reader.fetch_all(_WORKFLOWS))


async def old_runs(
    reader: Reader, workflow: str, after: tuple[datetime, int], *, limits: Mapping[str, Any]
) -> list[Row]:
    """Return runs of a workflow that may go, oldest first, after a creation time and a key."""
    return await reader.fetch_all(_RUNS, named=workflow, since=after[0], past=after[1], **limits)


def begin_run(tx: Transaction, run_key: int) -> Row | None:
    """Return a run if it may go still, and let nobody steer it any more."""
    row = tx.fetch_one(_IS_OVER, run=run_key)
    if row is not None:
        tx.execute(_CUT_OFF, run=run_key)
    return row


def shorten_run(tx: Transaction, run_key: int, *, limit: int) -> int:
    """Delete up to *limit* rows of the first part of a run that has any; count them."""
    first = tx.fetch_one(_FIRST_ENTRY, run=run_key)
    if first is not None and first.first is not None:
        return tx.execute(_SHORTEN["journal"], run=run_key, upto=first.first + limit - 1)
    for part in ("wakeups", "raw bodies", "events"):
        if count := tx.execute(_SHORTEN[part], run=run_key, limit=limit):
            return count
    logs = [row.log for row in tx.fetch_all(_LOGS, run=run_key)]
    count = tx.execute(_SHORTEN["steps"], run=run_key, limit=limit)
    for log in logs:
        drop_blob(tx, log)
    return count


def drop_run(tx: Transaction, run_key: int) -> bool:
    """Delete what is left of a run that was shortened to nothing; False if somebody else did."""
    for statement in (*_OF_WAITS, *_OF_RUN):
        tx.execute(statement, run=run_key)
    return tx.execute(_DROP_RUN, run=run_key) == 1


def drop_blob(tx: Transaction, name: str) -> None:
    """Delete bytes that no step and no notice refers to any more."""
    if not any(tx.fetch_one(each, called=name) for each in _TO_BE_SHARED):
        tx.execute(_DROP_BLOB, called=name)


async def old_events(reader: Reader, after: int, *, limit: int) -> list[Row]:
    """Return place and age of the events after one, and whether each may go."""
    return await reader.fetch_all(_EVENTS, past=after, limit=limit)


def drop_events(tx: Transaction, places: Sequence[int]) -> int:
    """Delete those of some events that may go still."""
    these = json.dumps(list(places))
    tx.execute(_DROP_RAW_OF, these=these)
    return tx.execute(_DROP_EVENTS, these=these)


async def old_bodies(reader: Reader, after: int, *, due: datetime, limit: int) -> list[int]:
    rows = await reader.fetch_all(_RAW, past=after, due=due, limit=limit)
    return [row.seq for row in rows]


def drop_bodies(tx: Transaction, places: Sequence[int]) -> int:
    return tx.execute(_DROP_RAW, these=json.dumps(list(places)))


async def old_threads(
    reader: Reader, since: datetime, *, before: datetime, now: datetime, limit: int
) -> list[Row]:
    """Return threads that were last heard of at *since* or later, and may go."""
    return await reader.fetch_all(_THREADS, since=since, before=before, now=now, limit=limit)


def drop_thread(tx: Transaction, key: int, *, before: datetime, now: datetime) -> bool:
    """Delete a thread and all that is left in it, if it may go still."""
    if tx.fetch_one(_THREAD, thread=key, before=before, now=now) is None:
        return False
    for statement in _OF_THREAD:
        tx.execute(statement, thread=key)
    return True


async def old_notices(reader: Reader, after: int, *, limits: Mapping[str, Any]) -> list[Row]:
    """Return the notices after a key, and whether each may go."""
    return await reader.fetch_all(_NOTICES, past=after, **limits)


def drop_notices(tx: Transaction, found: Sequence[Row], *, limits: Mapping[str, Any]) -> int:
    """Delete those of some notices that may go still, with the files that they shared."""
    count = tx.execute(_DROP_NOTICES, these=json.dumps([row.key for row in found]), **limits)
    for row in found:
        if blob := row.body.get("blob"):
            drop_blob(tx, blob)
    return count


async def old_records(reader: Reader, after: int, *, before: datetime, limit: int) -> list[int]:
    """Return the places in the audit chain after one whose time is over."""
    rows = await reader.fetch_all(_AUDIT, past=after, before=before, limit=limit)
    return [row.seq for row in rows]


def blank_records(tx: Transaction, places: Sequence[int], *, now: datetime) -> int:
    """Take the content out of some rows of the audit chain; what holds it together stays."""
    return tx.execute(_BLANK, these=json.dumps(list(places)), now=now)


def count(
    tx: Transaction,
    kind: str,
    rows: int,
    *,
    after: int | None = None,
    oldest_at: datetime | None = None,
    now: datetime,
) -> None:
    """Add to what was forgotten of a kind."""
    tx.execute(_COUNT, kind=kind, rows=0, after=None, oldest_at=None, purged_at=now)
    tx.execute(_ADD, of=kind, more=rows, place=after, oldest=oldest_at, now=now)


async def oldest(reader: Reader, kind: str) -> datetime | None:
    """Return how old the oldest row of a kind is; None where there is none, or nobody asks."""
    statement = _OLDEST.get(kind)
    row = None if statement is None else await reader.fetch_one(statement)
    found: datetime | None = None if row is None else row.at
    return found


async def counts(reader: Reader) -> dict[str, Row]:
    """Return what was forgotten so far, by kind."""
    return {row.kind: row for row in await reader.fetch_all(_READ)}

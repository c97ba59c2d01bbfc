"""Reads and writes of workflows: the rows of runs, journals, step records; of definitions the bodies."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from coordination.database import (
    Ordered,
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    canonical,
    definitions,
    exists,
    insert,
    journal,
    literal_column,
    meta,
    moment,
    numbers_in,
    runs,
    select,
    slots,
    steps,
    threads,
    to_moment,
    update,
    upsert,
    wakeups,
    workflows,
)
from coordination.ports import RunStatus
from workflows import first_row
from workflows.runs import Entry, Found, RunRecord, Stale, StepPlace, StepRecord, Wakeup

_BODY = select(definitions.c.body).where(definitions.c.hash == bindparam("content"))

_RUN = select(
    *(runs.c.key, runs.c.id, runs.c.number, runs.c.workflow, runs.c.hash, runs.c.core_version),
    *(runs.c.status, runs.c.trigger, runs.c.inputs, runs.c.started_by, runs.c.requested_by),
    *(runs.c.thread_key, runs.c.seq, runs.c.created_at, runs.c.started_at, runs.c.children),
    *(runs.c.held_since, runs.c.concurrency_key, runs.c.parent_key, runs.c.priority),
    *(runs.c.restored, threads.c.id.label("thread_id"), slots.c.permalink),
).select_from(
    runs.outerjoin(threads, threads.c.key == runs.c.thread_key).outerjoin(
        slots, and_(slots.c.thread_key == runs.c.thread_key, slots.c.slot == "root")
    )
)
_RUN_BY_KEY = _RUN.where(runs.c.key == bindparam("run"))
_THESE_RUNS = _RUN.where(runs.c.key.in_(numbers_in("these"))).order_by(runs.c.key)
_ACTIVE = select(workflows.c.hash).where(
    workflows.c.name == bindparam("called"), workflows.c.status == "active"
)
_KEY_OF_RUN = select(runs.c.key).where(runs.c.id == bindparam("called"))
_UNMOVED = (
    runs.c.key == bindparam("run"),
    runs.c.seq == bindparam("was"),
    runs.c.fence <= bindparam("held"),
)
_COUNT_ON = Ordered(update(runs).where(*_UNMOVED), ("seq", "fence", "run", "was", "held"))
_STANDS = ("outputs", "error", "note", "seq", "fence", "started_at", "ended_at", "updated_at")
_MOVE_ON = Ordered(update(runs).where(*_UNMOVED), ("status", *_STANDS, "run", "was", "held"))
_COUNT_UP = Ordered(  # all that most steps change of their run
    update(runs).where(
        *_UNMOVED,
        runs.c.status == bindparam("stays"),
        ~exists().where(
            wakeups.c.run_key == bindparam("told"),
            wakeups.c.kind == literal_column("'cancel'"),
            wakeups.c.done_at.is_(None),
        ),
    ),
    ("seq", "fence", "updated_at", "run", "was", "held", "stays", "told"),
)
_STAY = Ordered(  # two indexes hold the status, and some steps leave it as it is
    update(runs).where(*_UNMOVED, runs.c.status == bindparam("stays")),
    (*_STANDS, "run", "was", "held", "stays"),
)
_PIN = update(runs).where(runs.c.key == bindparam("run"))
_HALT = update(runs).where(
    runs.c.key == bindparam("run"),
    runs.c.fence <= bindparam("held"),
    runs.c.status != RunStatus.FAULTED,
)
_ADD_ENTRY = Ordered(
    insert(journal),
    ("run_key", "seq", "path", "kind", "attempt", "delivery_id", "at", "fence", "data", "sum"),
)
_ENTRIES = select(journal).where(journal.c.run_key == bindparam("run")).order_by(journal.c.seq)
_ENTRIES_OF_THESE = (
    select(journal)
    .where(journal.c.run_key.in_(numbers_in("these")))
    .order_by(journal.c.run_key, journal.c.seq)
)
_CHANGING = ("status", "attempts", "redo", "input", "output", "error", "detail")
_TIMES = ("due_at", "started_at", "ended_at")
_WRITE_STEP = Ordered(
    upsert(steps, key=("run_key", "path"), update=(*_CHANGING, *_TIMES)),
    ("run_key", "path", "position", "name", "kind", "action", *_CHANGING, *_TIMES),
)
_CHANGE_STEP = Ordered(
    update(steps).where(steps.c.run_key == bindparam("run"), steps.c.path == bindparam("place")),
    (*_CHANGING, *_TIMES, "run", "place"),
)
_ADD_STEP = Ordered(  # nothing has happened to it
    insert(steps).values(
        status=literal_column("'pending'"), attempts=literal_column("0"), redo=literal_column("0")
    ),
    ("run_key", "path", "position", "name", "kind", "action"),
)
_SET_LOG = update(steps).where(
    steps.c.run_key == bindparam("run"), steps.c.path == bindparam("place")
)

# Written out, not bound: only so SQLite sees that the index of the runnable ones will do.
_RUNNABLE = and_(
    runs.c.status.in_(
        bindparam("runnable", ["queued", "running"], expanding=True, literal_execute=True)
    ),
    runs.c.held_since.is_(None),
)
_RUNNING_STEP = exists().where(
    steps.c.run_key == runs.c.key, steps.c.kind == "action", steps.c.status == "running"
)
_INTERRUPTED = select(runs.c.key).where(_RUNNABLE).order_by(runs.c.key)
_HALF = (
    select(runs.c.key)
    .where(runs.c.status.in_(("unknown", "paused", "compensating")), _RUNNING_STEP)
    .order_by(runs.c.key)
)
_QUEUED = (
    select(runs.c.key).where(_RUNNABLE, runs.c.status == RunStatus.QUEUED).order_by(runs.c.key)
)
_WOKEN = (
    select(wakeups.c.run_key.label("key"))
    .select_from(wakeups.join(runs, runs.c.key == wakeups.c.run_key))
    .where(wakeups.c.done_at.is_(None), runs.c.status != RunStatus.FAULTED)
    .distinct()
    .order_by(wakeups.c.run_key)
)
_PENDING = (
    select(wakeups)
    .where(wakeups.c.run_key == bindparam("run"), wakeups.c.done_at.is_(None))
    .order_by(wakeups.c.key)
)
_TOLD_THESE = (
    select(wakeups)
    .where(wakeups.c.run_key.in_(numbers_in("these")), wakeups.c.done_at.is_(None))
    .order_by(wakeups.c.key)
)
_RUN_OF_WAKEUP = select(wakeups.c.run_key).where(wakeups.c.key == bindparam("wakeup"))

_META = select(meta.c.value).where(meta.c.name == bindparam("called"))
_SET_META = upsert(meta, key=("name",), update=("value",))
FENCE = "fence"


async def body(reader: Reader, content: str) -> Any:
    """Return the body of the definition with this hash, or None."""
    row = await reader.fetch_one(_BODY, content=content)
    return None if row is None else row.body


async def active_revisions(reader: Reader, names: Iterable[str]) -> dict[str, str]:
    """Return the hash of the revision that each of these workflows has now, if it is active."""
    found = {name: await reader.fetch_one(_ACTIVE, called=name) for name in names}
    return {name: row.hash for name, row in found.items() if row is not None}


async def run(reader: Reader, key: int) -> RunRecord:
    """Return the run with this key. Raises: Stale, where there is none."""
    row = await reader.fetch_one(_RUN_BY_KEY, run=key)
    if row is None:
        raise Stale(f"there is no run with the key {key}")
    return _record(row)


async def found(reader: Reader, key: int) -> Found:
    """Return the run with this key, and all that whoever drives it has to know. Raises: Stale."""
    it = await run(reader, key)
    return Found(it, await entries(reader, it) if it.seq else [], await pending(reader, key))


async def key_of(reader: Reader, run_id: str) -> int | None:
    row = await reader.fetch_one(_KEY_OF_RUN, called=run_id)
    return None if row is None else row.key


def count_on(tx: Transaction, key: int, *, was: int, fence: int, seq: int) -> bool:
    """Count the rows of a journal on to *seq*, if nobody else has since *was*; False: we are stale."""
    return tx.run(_COUNT_ON, (seq, fence, key, was, fence)).rowcount == 1


def count_up(
    tx: Transaction, key: int, *, was: int, values: Mapping[str, Any], more: int = 0
) -> bool:
    """Do as `move_on` where the row holds all but the numbers and the time already.

    So many *more* rows of the journal follow. False, with nothing written: the row holds something
    else, or the run was told to end and has not taken it in.
    """
    seq, fence, at = values["seq"] + more, values["fence"], moment(values["updated_at"])
    given = (seq, fence, at, key, was, fence, values["status"], key)
    return tx.run(_COUNT_UP, given).rowcount == 1


def move_on(
    tx: Transaction, key: int, *, was: int, values: Mapping[str, Any], stays: bool = False
) -> bool:
    """Do as `count_on`, with all that says how a run stands: *values* has *seq* and *fence* too.

    *stays*: the row should hold the status already.
    """
    error, fence, status = values["error"], values["fence"], values["status"]
    ordered = (
        values["outputs"],
        None if error is None else canonical(error),
        values["note"],
        values["seq"],
        fence,
        to_moment(values["started_at"]),
        to_moment(values["ended_at"]),
        to_moment(values["updated_at"]),
        key,
        was,
        fence,
    )
    stayed = stays and tx.run(_STAY, (*ordered, status)).rowcount == 1
    return stayed or tx.run(_MOVE_ON, (status, *ordered)).rowcount == 1


def pin(tx: Transaction, key: int, children: Mapping[str, str]) -> None:
    """Say which revisions the children of a run have, for as long as it goes on."""
    tx.execute(_PIN, run=key, children=children)


def halt(tx: Transaction, key: int, *, fence: int, error: Any, at: datetime) -> bool:
    """Mark a run as faulted; False if it is, or belongs to a later life."""
    values = {"status": RunStatus.FAULTED, "error": error, "updated_at": at}
    return tx.execute(_HALT, run=key, held=fence, **values) == 1


def add_entry(tx: Transaction, run: RunRecord, entry: Entry) -> None:
    values = (
        run.key,
        entry.seq,
        entry.path,
        entry.kind,
        entry.attempt,
        entry.delivery_id,
        moment(entry.at),
        entry.fence,
        first_row.shortened(run, entry),
        entry.sum,
    )
    tx.run(_ADD_ENTRY, values)


async def entries(reader: Reader, run: RunRecord) -> list[Entry]:
    """Return the journal of a run, in order."""
    return [entry_of(run, row) for row in await reader.fetch_all(_ENTRIES, run=run.key)]


def write_step(tx: Transaction, key: int, step: StepRecord, *, new: bool) -> None:
    """Write the record of a step; *new* says that there may well be none of it yet."""
    began, ended, due = step.started_at, step.ended_at, step.due_at
    changing = (
        step.status,
        step.attempts,
        step.redo,
        step.input,
        step.output,
        None if step.error is None else canonical(step.error),
        None if step.detail is None else canonical(step.detail),
        None if due is None else moment(due),
        None if began is None else moment(began),
        None if ended is None else moment(ended),
    )
    if new or tx.run(_CHANGE_STEP, (*changing, key, step.path)).rowcount == 0:
        fixed = (key, step.path, step.position, step.name, step.kind, step.action)
        tx.run(_WRITE_STEP, (*fixed, *changing))


def add_steps(tx: Transaction, key: int, places: Iterable[StepPlace]) -> None:
    """Write the records of steps that have none and that nothing has happened to."""
    tx.append_all(_ADD_STEP, [(key, *each) for each in places])


def set_log(tx: Transaction, key: int, path: str, blob: str) -> None:
    """Say which blob holds the log of the step at *path*: that of its latest attempt."""
    tx.execute(_SET_LOG, run=key, place=path, log=blob)


async def interrupted(reader: Reader) -> list[int]:
    """Return the runs that are at work, or would be if somebody drove them."""
    return [row.key for row in await reader.fetch_all(_INTERRUPTED)]


async def half_at_work(reader: Reader) -> list[int]:
    """Return the runs that stand as unknown, paused or compensating while an action is at work."""
    return [row.key for row in await reader.fetch_all(_HALF)]


async def waiting_for_us(reader: Reader) -> list[int]:
    """Return the runs that nobody has begun, or that were told something nobody took in."""
    queued = await reader.fetch_all(_QUEUED)
    woken = await reader.fetch_all(_WOKEN)
    return sorted({row.key for row in (*queued, *woken)})


async def pending(reader: Reader, key: int) -> list[Wakeup]:
    """Return what a run was told and has not taken in, oldest first."""
    return [_wakeup(row) for row in await reader.fetch_all(_PENDING, run=key)]


async def found_of(reader: Reader, keys: Sequence[int], *, rows: int) -> list[Found]:
    """Return the first of the runs *keys*, in the order of their keys, by three queries for all of them.

    They are as many as have *rows* rows in their journals, and one at least.
    """
    found, left = list[Found](), rows
    for row in await reader.fetch_all(_THESE_RUNS, these=json.dumps(list(keys))):
        if found and row.seq > left:
            break
        found.append(Found(_record(row), [], []))
        left -= row.seq
    at = {each.run.key: each for each in found}
    these = json.dumps(list(at))
    for row in await reader.fetch_all(_ENTRIES_OF_THESE, these=these):
        it = at[row.run_key]
        it.entries.append(entry_of(it.run, row))
    for row in await reader.fetch_all(_TOLD_THESE, these=these):
        at[row.run_key].told.append(_wakeup(row))
    return found


async def run_of_wakeup(reader: Reader, wakeup: int) -> int | None:
    row = await reader.fetch_one(_RUN_OF_WAKEUP, wakeup=wakeup)
    return None if row is None else row.run_key


def raise_fence(tx: Transaction) -> int:
    """Count a new life of the program and return its number: nothing older may write to runs."""
    row = tx.fetch_one(_META, called=FENCE)
    fence = 1 + (int(row.value) if row is not None else 0)
    tx.execute(_SET_META, name=FENCE, value=str(fence))
    return fence


def entry_of(run: RunRecord, row: Row) -> Entry:
    """Read a row of the journal of *run*, as it was sealed."""
    entry = Entry(
        row.seq,
        row.path,
        row.kind,
        row.attempt,
        row.delivery_id,
        row.at,
        row.fence,
        row.data,
        row.sum,
    )
    entry.data = first_row.filled(run, entry)
    return entry


def _wakeup(row: Row) -> Wakeup:
    return Wakeup(row.key, row.kind, row.payload, row.delivery_id)


def _record(row: Row) -> RunRecord:
    return RunRecord(
        key=row.key,
        id=row.id,
        number=row.number,
        workflow=row.workflow,
        hash=row.hash,
        core_version=row.core_version,
        status=RunStatus(row.status),
        trigger=row.trigger,
        inputs=row.inputs,
        started_by=row.started_by,
        requested_by=row.requested_by,
        thread_key=row.thread_key,
        thread_id=row.thread_id,
        thread_url=row.permalink,
        seq=row.seq,
        created_at=row.created_at,
        started_at=row.started_at,
        children=row.children,
        held=row.held_since is not None,
        counted=row.concurrency_key is not None,
        parent_key=row.parent_key,
        priority=row.priority,
        restored=row.restored is not None,
    )

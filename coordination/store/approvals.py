"""Approvals and votes: reads and writes. A vote is one row per wait, version and person."""

from datetime import datetime

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    approvals,
    bindparam,
    insert,
    or_,
    processes,
    runs,
    select,
    threads,
    update,
    votes,
    waits,
)
from coordination.questions import Approval, ProcessRef, Question, Vote

_APPROVAL = select(
    waits.c.key,
    waits.c.run_key,
    waits.c.process_key,
    waits.c.path,
    waits.c.since,
    waits.c.state,
    waits.c.version,
    waits.c.digest,
    waits.c.expires_at,
    approvals.c.id,
    approvals.c.number,
    approvals.c.thread_key,
    approvals.c.question,
    approvals.c.requested_by,
    approvals.c.decision,
    approvals.c.decided_by,
    approvals.c.comment,
    approvals.c.answer,
    approvals.c.via,
    approvals.c.note,
    approvals.c.decided_at,
    runs.c.id.label("run_id"),
    runs.c.number.label("run_number"),
    runs.c.workflow,
    threads.c.id.label("thread_id"),
    processes.c.namespace,
    processes.c.process_id,
).select_from(
    waits.join(approvals, approvals.c.wait_key == waits.c.key)
    .outerjoin(runs, runs.c.key == waits.c.run_key)
    .outerjoin(threads, threads.c.key == approvals.c.thread_key)
    .outerjoin(processes, processes.c.key == waits.c.process_key)
)
_STILL_OPEN = waits.c.state.in_(("open", "checking"))
_BY_ID = _APPROVAL.where(approvals.c.id == bindparam("id"))
_BY_NUMBER = _APPROVAL.where(approvals.c.number == bindparam("number"))
_BY_KEY = _APPROVAL.where(waits.c.key == bindparam("wait"))
_OF_RUN = _APPROVAL.where(waits.c.run_key == bindparam("run")).order_by(waits.c.key)
_OPEN_AT = _APPROVAL.where(
    waits.c.run_key == bindparam("run"), waits.c.path == bindparam("place"), _STILL_OPEN
)
_OPEN_OF_PROCESS = _APPROVAL.where(waits.c.process_key == bindparam("process"), _STILL_OPEN)
_OF_THREAD = _APPROVAL.where(approvals.c.thread_key == bindparam("thread")).order_by(waits.c.key)
_CHECKING = select(waits.c.key).where(waits.c.state == "checking").order_by(waits.c.key)
_LATEST = _APPROVAL.order_by(waits.c.key.desc()).limit(bindparam("most"))
_LATEST_OPEN = _APPROVAL.where(_STILL_OPEN).order_by(waits.c.key.desc()).limit(bindparam("most"))
_LATEST_IN = (
    _APPROVAL.where(waits.c.state == bindparam("wanted"))
    .order_by(waits.c.key.desc())
    .limit(bindparam("most"))
)
_OPEN_OF_RUNS = _APPROVAL.where(
    waits.c.run_key >= bindparam("first"), waits.c.run_key <= bindparam("last"), _STILL_OPEN
).order_by(waits.c.key)

_VOTES = (
    select(votes)
    .where(votes.c.wait_key == bindparam("wait"), votes.c.version == bindparam("at_version"))
    .order_by(votes.c.key)
)
_CAST = insert(votes)
_CHANGE = update(votes).where(
    votes.c.wait_key == bindparam("wait"),
    votes.c.version == bindparam("at_version"),
    votes.c.person == bindparam("voter"),
)
_SET_STATE = update(waits).where(
    waits.c.key == bindparam("wait"), _STILL_OPEN, waits.c.version == bindparam("at_version")
)
_DECIDE = update(waits).where(
    waits.c.key == bindparam("wait"),
    _STILL_OPEN,
    waits.c.version == bindparam("at_version"),
    waits.c.digest == bindparam("on_digest"),
    or_(waits.c.expires_at.is_(None), waits.c.expires_at > bindparam("voted_at")),
)
_EXPIRE = update(waits).where(
    waits.c.key == bindparam("wait"),
    _STILL_OPEN,
    and_(waits.c.expires_at.is_not(None), waits.c.expires_at <= bindparam("now")),
)
_ASK_AGAIN = update(waits).where(waits.c.key == bindparam("wait"), _STILL_OPEN)
_VERDICT = update(approvals).where(approvals.c.wait_key == bindparam("wait"))
_OPEN_WAIT = insert(waits)
_ASK = insert(approvals)


def by_id(tx: Transaction, approval_id: str) -> Approval | None:
    return _whole(tx, tx.fetch_one(_BY_ID, id=approval_id))


def by_number(tx: Transaction, number: int) -> Approval | None:
    return _whole(tx, tx.fetch_one(_BY_NUMBER, number=number))


def by_key(tx: Transaction, key: int) -> Approval | None:
    return _whole(tx, tx.fetch_one(_BY_KEY, wait=key))


def open_at(tx: Transaction, run_key: int, path: str) -> Approval | None:
    """Return the approval of the step at *path* that people can still answer."""
    return _whole(tx, tx.fetch_one(_OPEN_AT, run=run_key, place=path))


def open_of_process(tx: Transaction, process_key: int) -> list[Approval]:
    rows = tx.fetch_all(_OPEN_OF_PROCESS, process=process_key)
    return [_build(row, _votes(tx, row)) for row in rows]


def of_run(tx: Transaction, run_key: int) -> list[Approval]:
    """Return every approval of a run, oldest first."""
    return [_build(row, _votes(tx, row)) for row in tx.fetch_all(_OF_RUN, run=run_key)]


def checking(tx: Transaction) -> list[Approval]:
    """Return the approvals with a vote whose voter has to be looked up."""
    keys = [row.key for row in tx.fetch_all(_CHECKING)]
    return [found for key in keys if (found := by_key(tx, key)) is not None]


def ask(tx: Transaction, approval: Approval, *, wait_id: str) -> int:
    """Store a new wait and its question; return the key of the wait."""
    key = tx.insert(
        _OPEN_WAIT,
        id=wait_id,
        run_key=approval.run_key,
        process_key=approval.process_key,
        path=approval.path,
        kind="approval",
        since=approval.asked_at,
        state=approval.state,
        version=approval.version,
        digest=approval.digest,
        expires_at=approval.expires_at,
    )
    tx.execute(
        _ASK,
        wait_key=key,
        id=approval.id,
        number=approval.number,
        thread_key=approval.thread_key,
        question=approval.question.to_json(),
        requested_by=approval.requested_by,
    )
    return key


def ask_again(tx: Transaction, key: int, question: Question, *, version: int) -> None:
    """Put a changed question in place of the one that is open, as *version*."""
    tx.execute(
        _ASK_AGAIN,
        wait=key,
        state="open",
        version=version,
        digest=question.digest,
        expires_at=question.expires_at,
    )
    tx.execute(_VERDICT, wait=key, question=question.to_json())


def cast(tx: Transaction, key: int, vote: Vote) -> None:
    """Store *vote*, in place of what the same person said to this version before."""
    values = {
        "choice": vote.choice,
        "answer": vote.text,
        "comment": vote.comment,
        "via": vote.via,
        "state": vote.state,
        "at": vote.at,
    }
    changed = tx.execute(_CHANGE, wait=key, at_version=vote.version, voter=vote.person, **values)
    if not changed:
        tx.execute(_CAST, wait_key=key, person=vote.person, version=vote.version, **values)


def set_state(tx: Transaction, approval: Approval, state: str) -> int:
    """Move an approval that is still open to *state*; count the rows: 0 means it was not."""
    return tx.execute(_SET_STATE, wait=approval.key, at_version=approval.version, state=state)


def decide(tx: Transaction, approval: Approval, state: str, *, voted_at: datetime) -> int:
    """The compare-and-set: still open, this version, these bytes, in time. 0 means it was not."""
    return tx.execute(
        _DECIDE,
        wait=approval.key,
        at_version=approval.version,
        on_digest=approval.digest,
        voted_at=voted_at,
        state=state,
    )


def expire(tx: Transaction, approval: Approval, state: str, *, now: datetime) -> int:
    """The same for the clock: still open, and the time is up."""
    return tx.execute(_EXPIRE, wait=approval.key, now=now, state=state)


def record_verdict(tx: Transaction, approval: Approval) -> None:
    """Store who decided what, when and why, as *approval* says it."""
    tx.execute(
        _VERDICT,
        wait=approval.key,
        decision=approval.decision,
        decided_by=approval.decided_by,
        comment=approval.comment,
        answer=approval.text,
        via=approval.via,
        note=approval.note,
        decided_at=approval.decided_at,
    )


async def find(
    reader: Reader, *, approval_id: str | None = None, number: int | None = None
) -> Approval | None:
    """Return one approval, by its id or its display number."""
    if number is None:
        row = await reader.fetch_one(_BY_ID, id=approval_id)
    else:
        row = await reader.fetch_one(_BY_NUMBER, number=number)
    return None if row is None else await _read(reader, row)


async def latest(reader: Reader, state: str | None, *, limit: int) -> list[Approval]:
    """Return the newest approvals; *state* ``open`` means all that can still be answered."""
    if state is None:
        rows = await reader.fetch_all(_LATEST, most=limit)
    elif state == "open":
        rows = await reader.fetch_all(_LATEST_OPEN, most=limit)
    else:
        rows = await reader.fetch_all(_LATEST_IN, wanted=state, most=limit)
    return [await _read(reader, row) for row in rows]


async def read_of_run(reader: Reader, run_key: int) -> list[Approval]:
    return [await _read(reader, row) for row in await reader.fetch_all(_OF_RUN, run=run_key)]


async def read_of_thread(reader: Reader, thread_key: int) -> list[Approval]:
    rows = await reader.fetch_all(_OF_THREAD, thread=thread_key)
    return [await _read(reader, row) for row in rows]


async def read_open_of_runs(reader: Reader, first: int, last: int) -> list[Approval]:
    """Return what is open for runs with keys from *first* to *last*."""
    rows = await reader.fetch_all(_OPEN_OF_RUNS, first=first, last=last)
    return [await _read(reader, row) for row in rows]


def _whole(tx: Transaction, row: Row | None) -> Approval | None:
    return None if row is None else _build(row, _votes(tx, row))


def _votes(tx: Transaction, row: Row) -> list[Row]:
    return tx.fetch_all(_VOTES, wait=row.key, at_version=row.version)


async def _read(reader: Reader, row: Row) -> Approval:
    return _build(row, await reader.fetch_all(_VOTES, wait=row.key, at_version=row.version))


def _build(row: Row, cast_votes: list[Row]) -> Approval:
    process = ProcessRef(row.namespace, row.process_id) if row.process_key else None
    return Approval(
        id=row.id,
        number=row.number,
        state=row.state,
        version=row.version,
        digest=row.digest or "",
        question=Question.from_json(row.question),
        asked_at=row.since,
        key=row.key,
        path=row.path,
        run_key=row.run_key,
        run_id=row.run_id,
        run_number=row.run_number,
        workflow=row.workflow,
        process_key=row.process_key,
        process=process,
        thread_key=row.thread_key,
        thread_id=row.thread_id,
        requested_by=row.requested_by,
        expires_at=row.expires_at,
        votes=tuple(_vote(each) for each in cast_votes),
        decision=row.decision,
        decided_by=row.decided_by,
        comment=row.comment,
        text=row.answer,
        via=row.via,
        note=row.note,
        decided_at=row.decided_at,
    )


def _vote(row: Row) -> Vote:
    return Vote(
        row.person,
        row.version,
        row.choice,
        row.answer,
        row.comment,
        row.via,
        row.state,
        row.at,
    )

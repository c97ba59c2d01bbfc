"""Approvals and votes: reads and writes. A vote is one row per wait, version and person."""

import json
from collections.abc import Sequence
from datetime import datetime

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    approvals,
    bindparam,
    insert,
    numbers_in,
    or_,
    select,
    update,
    votes,
    waits,
)
from coordination.questions import Approval, Question, Raised, Vote
from coordination.store.approval_rows import (
    APPROVAL,
    DELEGATIONS,
    DELEGATIONS_OF,
    VOTES,
    VOTES_OF,
    Said,
    build,
)

_OPEN_STATES = ("open", "checking")
_STILL_OPEN = waits.c.state.in_(_OPEN_STATES)
_BY_ID = APPROVAL.where(approvals.c.id == bindparam("id"))
_BY_NUMBER = APPROVAL.where(approvals.c.number == bindparam("number"))
_BY_KEY = APPROVAL.where(waits.c.key == bindparam("wait"))
_OF_RUN = APPROVAL.where(waits.c.run_key == bindparam("run")).order_by(waits.c.key)
_OPEN_AT = APPROVAL.where(
    waits.c.run_key == bindparam("run"), waits.c.path == bindparam("place"), _STILL_OPEN
)
_OPEN_OF_PROCESS = APPROVAL.where(waits.c.process_key == bindparam("process"), _STILL_OPEN)
_LATEST_AT = (
    APPROVAL.where(waits.c.run_key == bindparam("run"), waits.c.path == bindparam("place"))
    .order_by(waits.c.key.desc())
    .limit(1)
)
_AGAIN_OF = APPROVAL.where(approvals.c.again_of == bindparam("first"))
_VOTED = APPROVAL.where(
    _STILL_OPEN, waits.c.key.in_(select(votes.c.wait_key).where(votes.c.state != "refused"))
).order_by(waits.c.key)
_OF_THREAD = APPROVAL.where(approvals.c.thread_key == bindparam("thread")).order_by(waits.c.key)
_LATEST = APPROVAL.order_by(waits.c.key.desc()).limit(bindparam("most"))
_newest = waits.alias("newest")
_NEWEST_OPEN = (  # chosen by their keys alone: to sort all that is open, whole, takes its time
    select(_newest.c.key)
    .where(_newest.c.kind == "approval", _newest.c.state.in_(_OPEN_STATES))
    .order_by(_newest.c.key.desc())
    .limit(bindparam("most"))
)
_LATEST_OPEN = APPROVAL.where(waits.c.key.in_(_NEWEST_OPEN)).order_by(waits.c.key.desc())
_LATEST_IN = (
    APPROVAL.where(waits.c.state == bindparam("wanted"))
    .order_by(waits.c.key.desc())
    .limit(bindparam("most"))
)
_OPEN_OF_RUN = APPROVAL.where(waits.c.run_key == bindparam("run"), _STILL_OPEN).order_by(
    waits.c.key
)
_OPEN_OF_THESE = APPROVAL.where(
    waits.c.run_key.in_(numbers_in("these")),
    _STILL_OPEN,
).order_by(waits.c.key)
_OPEN_OF_RUNS = APPROVAL.where(
    waits.c.run_key >= bindparam("first"), waits.c.run_key <= bindparam("last"), _STILL_OPEN
).order_by(waits.c.key)

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
    return [build(row, _votes(tx, row)) for row in rows]


def of_run(tx: Transaction, run_key: int) -> list[Approval]:
    """Return every approval of a run, oldest first."""
    return [build(row, _votes(tx, row)) for row in tx.fetch_all(_OF_RUN, run=run_key)]


def latest_at(tx: Transaction, run_key: int, path: str) -> Approval | None:
    """Return the newest approval of the step at *path*, open or not."""
    return _whole(tx, tx.fetch_one(_LATEST_AT, run=run_key, place=path))


def again_of(tx: Transaction, approval_id: str) -> Approval | None:
    """Return the approval that asks *approval_id* again, if there is one."""
    return _whole(tx, tx.fetch_one(_AGAIN_OF, first=approval_id))


def voted(tx: Transaction) -> list[Approval]:
    """Return the open approvals that somebody has voted on."""
    return [build(row, _votes(tx, row)) for row in tx.fetch_all(_VOTED)]


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
        askers=list(approval.askers) or None,
        again_of=approval.again_of,
    )
    return key


def ask_again(
    tx: Transaction, key: int, question: Question, *, version: int, since: datetime
) -> None:
    """Put a changed question in place of the one that is open, as *version*; nobody escalated it yet."""
    tx.execute(
        _ASK_AGAIN,
        wait=key,
        state="open",
        version=version,
        digest=question.digest,
        expires_at=question.expires_at,
        since=since,
    )
    tx.execute(_VERDICT, wait=key, question=question.to_json(), escalated=None)


def raise_to(tx: Transaction, approval: Approval, raised: Raised) -> None:
    """Store that more people may answer."""
    listed = [{"at": each.at.isoformat(), "to": list(each.to)} for each in approval.escalated]
    listed.append({"at": raised.at.isoformat(), "to": list(raised.to)})
    tx.execute(_VERDICT, wait=approval.key, escalated=listed)


def stand_behind(tx: Transaction, key: int, askers: tuple[str, ...]) -> None:
    """Store who stands behind the question beside who asked it first."""
    tx.execute(_VERDICT, wait=key, askers=list(askers) or None)


def cast(tx: Transaction, key: int, vote: Vote) -> None:
    """Store *vote*, in place of what the same person said to this version before."""
    values = {
        "choice": vote.choice,
        "answer": vote.text,
        "comment": vote.comment,
        "via": vote.via,
        "state": vote.state,
        "for_person": vote.for_person,
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
    return await _read_all(reader, rows)


async def read_of_run(reader: Reader, run_key: int) -> list[Approval]:
    return await _read_all(reader, await reader.fetch_all(_OF_RUN, run=run_key))


async def read_of_thread(reader: Reader, thread_key: int) -> list[Approval]:
    return await _read_all(reader, await reader.fetch_all(_OF_THREAD, thread=thread_key))


async def read_open_of_runs(reader: Reader, first: int, last: int) -> list[Approval]:
    """Return what is open for runs with keys from *first* to *last*."""
    if first == last:  # by the index of the run
        return await _read_all(reader, await reader.fetch_all(_OPEN_OF_RUN, run=first))
    rows = await reader.fetch_all(_OPEN_OF_RUNS, first=first, last=last)
    return await _read_all(reader, rows)


async def read_open_of_these(reader: Reader, run_keys: Sequence[int]) -> dict[int, list[Approval]]:
    """Return what is open for some runs, by the key of the run."""
    these = json.dumps(list(run_keys))
    found: dict[int, list[Approval]] = {key: [] for key in run_keys}
    rows = await reader.fetch_all(_OPEN_OF_THESE, these=these)
    for row, approval in zip(rows, await _read_all(reader, rows), strict=True):
        found[row.run_key].append(approval)
    return found


def _whole(tx: Transaction, row: Row | None) -> Approval | None:
    return None if row is None else build(row, _votes(tx, row))


def _votes(tx: Transaction, row: Row) -> Said:
    cast_votes = tx.fetch_all(VOTES, wait=row.key, at_version=row.version)
    return cast_votes, tx.fetch_all(DELEGATIONS, wait=row.key)


async def _read(reader: Reader, row: Row) -> Approval:
    cast_votes = await reader.fetch_all(VOTES, wait=row.key, at_version=row.version)
    return build(row, (cast_votes, await reader.fetch_all(DELEGATIONS, wait=row.key)))


async def _read_all(reader: Reader, rows: Sequence[Row]) -> list[Approval]:
    """Read many at once: their votes and delegations are two queries, however many they are."""
    if not rows:
        return []
    these = json.dumps([row.key for row in rows])
    said: dict[int, Said] = {row.key: ([], []) for row in rows}
    for vote in await reader.fetch_all(VOTES_OF, waits=these):
        said[vote.wait_key][0].append(vote)
    for handed in await reader.fetch_all(DELEGATIONS_OF, waits=these):
        said[handed.wait_key][1].append(handed)
    return [build(row, said[row.key]) for row in rows]

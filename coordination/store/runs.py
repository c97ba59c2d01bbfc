"""Runs and their steps: the row of a start, and what people look at."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from coordination.database import (
    Ordered,
    Reader,
    Row,
    Transaction,
    bindparam,
    blobs,
    definitions,
    insert,
    json_text,
    numbers_in,
    or_,
    processes,
    runs,
    select,
    steps,
    threads,
    update,
)

ENDED = ("completed", "failed", "cancelled")
OPEN = ("queued", "running", "waiting", "paused", "compensating", "unknown", "faulted")
_COLUMNS = (
    runs,
    definitions.c.title,
    definitions.c.body.label("definition"),
    threads.c.id.label("thread_id"),
)
_RUN = select(*_COLUMNS).select_from(
    runs.join(definitions, definitions.c.hash == runs.c.hash).outerjoin(
        threads, threads.c.key == runs.c.thread_key
    )
)
_HEAD = Ordered(  # a definition is read whole or not at all: it may be long
    select(
        *(runs.c.key, runs.c.id, runs.c.workflow, runs.c.requested_by),
        *(runs.c.thread_key, runs.c.parent_key, definitions.c.title),
        *(processes.c.attempt, processes.c.status.label("shown")),
    )
    .select_from(
        runs.join(definitions, definitions.c.hash == runs.c.hash).outerjoin(
            processes, processes.c.run_key == runs.c.key
        )
    )
    .where(runs.c.key == bindparam("run")),
    ("run",),
)
_BY_KEY = _RUN.where(runs.c.key == bindparam("run"))
_BY_ID = _RUN.where(runs.c.id == bindparam("called"))
_BY_NUMBER = _RUN.where(runs.c.number == bindparam("counted"))
_BY_REQUEST = _RUN.where(runs.c.request_id == bindparam("request"))
_BY_PREFIX = (
    _RUN.where(runs.c.id >= bindparam("low"), runs.c.id < bindparam("high"))
    .order_by(runs.c.id)
    .limit(2)
)
_LAST = _RUN.order_by(runs.c.key.desc()).limit(1)
_OPEN_OF = (
    _RUN.where(runs.c.requested_by == bindparam("person"), runs.c.status.in_(OPEN))
    .order_by(runs.c.number.desc())
    .limit(bindparam("limit"))
)
_ENDED = (
    _RUN.where(runs.c.status.in_(ENDED)).order_by(runs.c.number.desc()).limit(bindparam("limit"))
)
_OF_THREAD = _RUN.where(runs.c.thread_key == bindparam("thread")).order_by(runs.c.key)
_PARENT = select(runs.c.parent_key).where(runs.c.key == bindparam("run"))
_START = insert(runs)
_JOIN = update(runs).where(runs.c.key == bindparam("run"))

_STEPS = select(steps).where(steps.c.run_key == bindparam("run")).order_by(steps.c.position)
_STEPS_OF = (
    select(steps)
    .where(steps.c.run_key.in_(numbers_in("these")))
    .order_by(steps.c.run_key, steps.c.position)
)
_STEP = select(steps).where(steps.c.run_key == bindparam("run"), steps.c.path == bindparam("place"))
_STANDING = (
    select(steps)
    .where(
        steps.c.run_key >= bindparam("first"),
        steps.c.run_key <= bindparam("last"),
        steps.c.status.in_(("running", "waiting", "unknown", "failed")),
    )
    .order_by(steps.c.run_key, steps.c.position)
)
_LOG = (
    select(blobs.c.bytes)
    .select_from(steps.join(blobs, blobs.c.hash == steps.c.log))
    .where(steps.c.run_key == bindparam("run"), steps.c.path == bindparam("place"))
)


class Head(NamedTuple):
    """Whose a run is, how it is called, and how it shows as a process, if it does yet."""

    key: int
    id: str
    workflow: str
    requested_by: str | None
    thread_key: int | None
    parent_key: int | None
    title: str
    attempt: int | None
    shown: str


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list; what is not given does not matter. Newest first, *before* a number.

    *branch* is that of the event that started a run, or of its own inputs.
    """

    status: str | None = None
    workflow: str | None = None
    thread: str | None = None
    since: datetime | None = None
    before: int | None = None
    branch: str | None = None
    limit: int = 50


def head(tx: Transaction, key: int) -> Head | None:
    rows = tx.run(_HEAD, (key,)).fetchall()
    return Head._make(rows[0]) if rows else None


def by_key(tx: Transaction, key: int) -> Row | None:
    return tx.fetch_one(_BY_KEY, run=key)


def by_id(tx: Transaction, run_id: str) -> Row | None:
    return tx.fetch_one(_BY_ID, called=run_id)


def by_request(tx: Transaction, request_id: str) -> Row | None:
    """Return the run that a start with this request made before."""
    return tx.fetch_one(_BY_REQUEST, request=request_id)


def start(tx: Transaction, values: Mapping[str, Any]) -> int:
    return tx.insert(_START, **values)


def join_thread(tx: Transaction, key: int, thread_key: int) -> None:
    tx.execute(_JOIN, run=key, thread_key=thread_key)


def count_above(tx: Transaction, key: int, *, most: int) -> int:
    """Count the runs around a run: its parent, the parent of that, up to *most* of them."""
    found = 0
    row = tx.fetch_one(_PARENT, run=key)
    while row is not None and row.parent_key is not None and found < most:
        found += 1
        row = tx.fetch_one(_PARENT, run=row.parent_key)
    return found


def step(tx: Transaction, run_key: int, path: str) -> Row | None:
    return tx.fetch_one(_STEP, run=run_key, place=path)


def step_paths(tx: Transaction, run_key: int) -> list[str]:
    return [row.path for row in tx.fetch_all(_STEPS, run=run_key)]


async def find(reader: Reader, ref: str) -> list[Row]:
    """Return the runs that *ref* may mean: none, the one, or the first two of a short prefix.

    A ref is ``R-`` and the number, ``last``, an id, or how an id begins.
    """
    if ref == "last":
        found = await reader.fetch_one(_LAST)
    elif number := _number(ref):
        found = await reader.fetch_one(_BY_NUMBER, counted=number)
    else:
        found = await reader.fetch_one(_BY_ID, called=ref)
        if found is None and ref.startswith("run_") and len(ref) > len("run_"):
            return await reader.fetch_all(_BY_PREFIX, low=ref, high=f"{ref}~")
    return [] if found is None else [found]


async def page(reader: Reader, wanted: RunFilter) -> list[Row]:
    """Return runs, newest first; every filter that is given holds."""
    same = {
        runs.c.status: wanted.status,
        runs.c.workflow: wanted.workflow,
        threads.c.id: wanted.thread,
    }
    held = [column == value for column, value in same.items() if value is not None]
    if wanted.since is not None:
        held.append(runs.c.created_at >= wanted.since)
    if wanted.before is not None:
        held.append(runs.c.number < wanted.before)
    if wanted.branch is not None:
        held.append(_on_branch(wanted.branch))
    newest = _RUN.where(*held).order_by(runs.c.number.desc()).limit(wanted.limit)
    return await reader.fetch_all(newest)


async def open_of(reader: Reader, person: str, *, limit: int) -> list[Row]:
    """Return the runs that go on and that *person* is behind, newest first."""
    return await reader.fetch_all(_OPEN_OF, person=person, limit=limit)


async def newest_ended(reader: Reader, *, limit: int) -> list[Row]:
    return await reader.fetch_all(_ENDED, limit=limit)


def _on_branch(branch: str) -> Any:
    """Return the condition that a run is about *branch*, as its trigger or its inputs say."""
    said = (
        json_text(runs.c.trigger, "subject", "ref"),
        json_text(runs.c.inputs, "branch"),
        json_text(runs.c.inputs, "ref"),
    )
    return or_(*(each.in_((branch, f"refs/heads/{branch}")) for each in said))


async def of_thread(reader: Reader, thread_key: int) -> list[Row]:
    return await reader.fetch_all(_OF_THREAD, thread=thread_key)


async def read_steps(reader: Reader, run_key: int) -> list[Row]:
    return await reader.fetch_all(_STEPS, run=run_key)


async def read_steps_of(reader: Reader, run_keys: Sequence[int]) -> dict[int, list[Row]]:
    """Return the steps of some runs, in one query."""
    found: dict[int, list[Row]] = {key: [] for key in run_keys}
    for row in await reader.fetch_all(_STEPS_OF, these=json.dumps(list(run_keys))):
        found[row.run_key].append(row)
    return found


async def standing_steps(reader: Reader, first: int, last: int) -> list[Row]:
    """Return the steps that say what runs with keys from *first* to *last* wait for."""
    return await reader.fetch_all(_STANDING, first=first, last=last)


async def log(reader: Reader, run_key: int, path: str) -> bytes | None:
    """Return the whole output of a step, if it kept any."""
    row = await reader.fetch_one(_LOG, run=run_key, place=path)
    return None if row is None else bytes(row.bytes)


def _number(ref: str) -> int | None:
    number = ref[2:]
    known = ref[:2] in ("R-", "r-") and number.isascii() and number.isdigit() and len(number) < 16
    return int(number) if known else None

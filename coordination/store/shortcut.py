"""What the short way of a report asks and writes: a process with its thread in one look, and moved on."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from coordination.database import (
    Ordered,
    Transaction,
    and_,
    bindparam,
    canonical,
    exists,
    literal_column,
    moment,
    outbox,
    processes,
    select,
    slots,
    threads,
    to_moment,
    to_span,
    update,
)

_NAMED = and_(
    processes.c.namespace == bindparam("ns"), processes.c.process_id == bindparam("called")
)
_ROOT = and_(slots.c.thread_key == threads.c.key, slots.c.slot == literal_column("'root'"))
_AWAITED = exists().where(
    processes.c.parent_ref == bindparam("ref"), processes.c.parent_key.is_(None)
)
_HELD = and_(  # of what is said in the thread itself; all states are written out for the index
    outbox.c.thread_key == threads.c.key,
    outbox.c.state.in_([literal_column(f"'{state}'") for state in ("queued", "leased", "parked")]),
    outbox.c.recipient.is_(None),
)
_ONE = select(literal_column("1").label("one")).subquery("one")
_MEET = Ordered(
    select(
        processes.c.key,
        processes.c.attempt,
        processes.c.name,
        processes.c.category,
        processes.c.status,
        processes.c.state,
        processes.c.owner,
        processes.c.thread_key,
        threads.c.id,
        slots.c.permalink,
        processes.c.stalled_since.is_not(None) | threads.c.archived_at.is_not(None),
        select(_AWAITED.correlate(None)).scalar_subquery(),
        outbox.c.key,
        outbox.c.id,
        outbox.c.due_at,
        outbox.c.slot,
        outbox.c.lane,
        outbox.c.kind,
        outbox.c.body,
        outbox.c.state,
        outbox.c.attempts,
    ).select_from(
        _ONE.outerjoin(processes, _NAMED)
        .outerjoin(threads, threads.c.key == processes.c.thread_key)
        .outerjoin(slots, _ROOT)
        .outerjoin(outbox, _HELD)
    ),
    ("ref", "ns", "called"),
)
_SHOWN = ("name", "category", "state", "owner", "started_at", "updated_at", "process")
_CHANGE = update(processes).where(processes.c.key == bindparam("process"))
_GO_ON = Ordered(_CHANGE, _SHOWN)
_MOVE_ON = Ordered(_CHANGE, (*_SHOWN[:2], "status", *_SHOWN[2:]))
_END = Ordered(_CHANGE, (*_SHOWN[:2], "status", *_SHOWN[2:5], "ended_at", *_SHOWN[5:]))
_HEARD = Ordered(
    update(threads)
    .where(threads.c.key == bindparam("thread"))
    .values(updated_at=bindparam("now", type_=threads.c.updated_at.type)),
    ("now", "thread"),
)
_RENEW = Ordered(
    update(outbox)
    .where(outbox.c.key == bindparam("notice"))
    .values(
        due_at=bindparam("due", type_=outbox.c.due_at.type),
        created_at=bindparam("now", type_=outbox.c.created_at.type),
    ),
    ("due", "now", "notice"),
)


class Met(NamedTuple):
    """What is known of a process: everything but *awaited* is None where nobody has heard of it.

    *is_special*: it was silent for too long, or its thread was put away. *awaited*: others have named
    it as their parent. *notice* and what follows: of what its thread still has to say, if that is one thing.
    """

    key: int | None
    attempt: int
    name: str
    category: str | None
    status: str
    text: str
    owner: str | None
    thread_key: int
    thread_id: str
    permalink: str | None
    is_special: bool
    awaited: bool
    notice: int | None
    notice_id: str
    due_at: int
    slot: str
    lane: int
    kind: str
    body: str
    queued: str
    attempts: int

    @property
    def waits(self) -> tuple[str, int, str, str, int]:
        """Return what the notice is: slot, lane, kind, state and attempts."""
        return self.slot, self.lane, self.kind, self.queued, self.attempts

    @property
    def state(self) -> Mapping[str, Any]:
        """Return the ``state`` of the row."""
        read: Mapping[str, Any] = json.loads(self.text)
        return read


class Shown(NamedTuple):
    """What people see of a process that has moved on."""

    name: str
    category: str | None
    status: str
    state: Mapping[str, Any]
    owner: str | None
    started_at: datetime | None
    ended_at: datetime | None


def meet(tx: Transaction, namespace: str, process_id: str, ref: str) -> Met:
    """Return what is known of a process, which others would name *ref* as their parent."""
    rows = tx.run(_MEET, (ref, namespace, process_id)).fetchall()
    met = Met._make(rows[0])
    return met if len(rows) == 1 else met._replace(notice=None)


def move_on(tx: Transaction, met: Met, shown: Shown, *, now: datetime) -> None:
    """Show a process, and its thread as heard of; an index costs nothing where it stays the same."""
    at = moment(now)
    tx.run(_HEARD, (at, met.thread_key))
    first = (shown.name, shown.category)
    then = (canonical(shown.state), shown.owner, to_moment(shown.started_at))
    if shown.ended_at is not None:
        ended = moment(shown.ended_at)
        tx.run(_END, (*first, shown.status, *then, ended, at, met.key))
    elif shown.status == met.status:
        tx.run(_GO_ON, (*first, *then, at, met.key))
    else:
        tx.run(_MOVE_ON, (*first, shown.status, *then, at, met.key))


def renew(tx: Transaction, met: Met, *, latest: timedelta, now: datetime) -> None:
    """Let what is queued stand for what happens now: due when it was, or *latest* from now."""
    at = moment(now)
    tx.run(_RENEW, (max(at, min(met.due_at, at + to_span(latest))), at, met.notice))

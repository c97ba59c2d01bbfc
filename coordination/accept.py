"""One event into the store, as one unit: dedupe, correlate, fold, write. No network, no clock.

An accepted event never depends on our cleverness: where correlation or the fold fails on a bug, the
event is stored as it came, and the Dispatcher tries it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import structlog

from baton.events import Event, Status
from coordination import at_once, explain, identities
from coordination.database import Transaction, Unavailable
from coordination.errors import NotAllowed, Refused
from coordination.identities import Repeat
from coordination.incoming import Incoming
from coordination.processes import Effect
from coordination.store import events as store
from coordination.store.events import Outcome
from coordination.taking import Taken, take
from coordination.tokens import RESERVED
from coordination.triggers import Asked, asked_for
from coordination.world import Ids

RAW_KEPT = timedelta(days=7)
_VERDICTS = frozenset({Status.APPROVED, Status.REJECTED})

__all__ = [
    "RAW_KEPT",
    "Accepted",
    "Incoming",
    "Recorded",
    "again",
    "keep",
    "record",
    "refuse_own_name",
    "refuse_verdict",
    "told",
]

log = structlog.get_logger(__name__)


class Accepted(NamedTuple):
    """What the reporting tool is told. *status* is that of the process after the event."""

    event_id: str
    id: str
    namespace: str
    process_id: str | None
    attempt: int | None
    thread_id: str | None
    run_id: str | None
    status: str | None
    effect: Effect
    duplicate: bool = False
    approval_id: str | None = None
    thread_url: str | None = None
    warnings: tuple[str, ...] = ()


class Recorded(NamedTuple):
    """What became of an event inside the store; the keys are None for a repeat."""

    accepted: Accepted
    seq: int | None = None
    process_key: int | None = None
    thread_key: int | None = None
    applied: bool = False


def record(
    tx: Transaction, incoming: Incoming, *, now: datetime, ids: Ids, short: bool = True
) -> Recorded:
    """Accept one event, or answer a repeat as the first time; *short* is as for `take`.

    Raises:
        NotAllowed: only the decision function approves and rejects, and only Baton reports as Baton.
        IdempotencyMismatch: a client's key came with another body before.
    """
    if not incoming.trusted:
        refuse_own_name(incoming.event)
        refuse_verdict(incoming.event)
    if incoming.identity is not None:
        repeat = identities.taken(tx, incoming.identity, incoming.event, now=now)
        if repeat is not None:
            return Recorded(_replayed(repeat))
    recorded = _record(tx, incoming, now=now, ids=ids, short=short)
    if incoming.raw is not None and recorded.seq is not None:
        store.keep_raw(tx, recorded.seq, incoming.raw, now=now, kept=RAW_KEPT)
    return recorded


def again(tx: Transaction, seq: int, incoming: Incoming, *, now: datetime, ids: Ids) -> Taken:
    """Do for a stored event what failed when it arrived; what it raises is the same bug still."""
    taken = take(tx, incoming, now=now, ids=ids)
    store.complete(tx, seq, taken.event, taken.attempt, _outcome(incoming, taken))
    return taken


def keep(tx: Transaction, incoming: Incoming, taken: Taken, *, now: datetime) -> Recorded:
    """Store an event of Baton's own, of which it is known what comes of it."""
    return _stored(tx, incoming, taken, now=now)


def _record(
    tx: Transaction, incoming: Incoming, *, now: datetime, ids: Ids, short: bool
) -> Recorded:
    mark = len(tx.touched)
    try:
        with tx.savepoint():
            taken = take(tx, incoming, now=now, ids=ids, short=short)
            return _stored(tx, incoming, taken, told(tx, mark), now=now, short=short)
    except (Refused, Unavailable):
        raise
    except Exception:
        log.exception("event_not_taken", event_id=incoming.event.event_id)
        failed = Taken(incoming.event, "stored", attempt=incoming.event.attempt)
        recorded = _stored(tx, incoming, failed, now=now)
        if incoming.identity is not None:  # by the time of a repeat, the event may say more
            told_as = replace(incoming.identity, body_hash=identities.body_hash(incoming.event))
            identities.remember(tx, told_as, recorded.accepted._asdict(), now=now)
        return recorded


def _stored(
    tx: Transaction,
    incoming: Incoming,
    taken: Taken,
    notices: Sequence[str] = (),
    *,
    now: datetime,
    short: bool = True,
) -> Recorded:
    event = taken.event
    asked = _asked(tx, taken)
    outcome = _outcome(incoming, taken, notices, dispatched_at=None if asked else now)
    seq = store.add(tx, event, taken.attempt, outcome)
    tx.touch("event", event.event_id, thread_id=taken.thread_id)
    if asked and not (short and at_once.settled(tx, seq, event, asked, outcome.explain, now=now)):
        tx.touch("dispatch", event.event_id)
    accepted = _accepted(incoming, taken)
    return Recorded(accepted, seq, taken.process_key, taken.thread_key, taken.applied)


def _asked(tx: Transaction, taken: Taken) -> Asked | None:
    """Say who asks for an event; most of them nobody does."""
    if taken.effect == "stored":
        return Asked(triggers=True, shapes=())  # nobody knows, until it is taken
    if not taken.applied or taken.event.too_old:
        return None
    return asked_for(tx, taken.event)


def _outcome(
    incoming: Incoming,
    taken: Taken,
    notices: Sequence[str] = (),
    *,
    dispatched_at: datetime | None = None,
) -> Outcome:
    return Outcome(
        process_key=taken.process_key,
        thread_key=taken.thread_key,
        effect=taken.effect,
        applied=taken.applied,
        caused_by_run=taken.run_key,
        explain=explain.of(incoming, taken, notices),
        dispatched_at=dispatched_at,
    )


def told(tx: Transaction, mark: int = 0) -> list[str]:
    """Return the ids of the notices that a unit queued since it had touched *mark* things."""
    return [change.id for change in islice(tx.touched, mark, None) if change.kind == "outbox"]


def _accepted(incoming: Incoming, taken: Taken) -> Accepted:
    event = taken.event
    return Accepted(
        event_id=event.event_id,
        id=event.id,
        namespace=event.namespace,
        process_id=event.process_id,
        attempt=taken.attempt,
        thread_id=taken.thread_id,
        run_id=taken.run_id,
        status=taken.status and str(taken.status),
        effect=taken.effect,
        approval_id=taken.approval_id,
        thread_url=taken.thread_url,
        warnings=(*incoming.event.warnings, *((taken.note,) if taken.note else ())),
    )


def _replayed(repeat: Repeat) -> Accepted:
    first: Mapping[str, Any] = repeat.result
    warnings = (
        *first["warnings"],
        *(("body differs from the first time",) if repeat.differs else ()),
    )
    accepted = Accepted(**{**first, "warnings": warnings})
    return accepted._replace(effect="duplicate", duplicate=True)


def refuse_own_name(event: Event) -> None:
    """Return unless *event* says to be of Baton itself, as what its runs tell. Raises: NotAllowed.

    No source of such a name can be made; one may be left of the time when that was possible.
    """
    for word in (event.source, event.namespace):
        if word in RESERVED:
            raise NotAllowed(
                f"Only Baton itself reports as {word!r}: so no tool can say what a run does. Make a"
                " source of another name, with a namespace of its own, and a token of that."
            )


def refuse_verdict(event: Event) -> None:
    """Return unless *event* wants to decide something. Raises: NotAllowed."""
    if event.status in _VERDICTS:
        raise NotAllowed(
            f"An event does not make a process {event.status}. Answer its approval instead: in"
            " Slack, or with POST /v1/approvals/{id}/decision."
        )

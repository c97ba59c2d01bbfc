"""What was accepted under which identity, so that a repeat gets the same answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from coordination.database import (
    Ordered,
    Row,
    Transaction,
    bindparam,
    delete,
    events,
    identities,
    moment,
    select,
    threads,
    to_span,
    upsert,
)
from coordination.store.event_bodies import COLUMNS, filled

_FIND = select(identities).where(
    identities.c.scope == bindparam("of"),
    identities.c.identity == bindparam("called"),
    identities.c.expires_at > bindparam("now"),
)
_ANSWER = (
    select(
        identities.c.body_hash,
        identities.c.result,
        events.c.effect,
        events.c.explain,
        *COLUMNS,
        threads.c.id.label("thread_id"),
    )
    .outerjoin(events, events.c.id == identities.c.event_id)
    .outerjoin(threads, threads.c.key == events.c.thread_key)
    .where(
        identities.c.scope == bindparam("of"),
        identities.c.identity == bindparam("called"),
    )
)
_ANY = (
    select(identities.c.identity)
    .where(identities.c.scope == bindparam("of"), identities.c.expires_at > bindparam("now"))
    .limit(1)
)
_KEPT = ("body_hash", "event_id", "result", "expires_at")
_KEEP = upsert(identities, key=("scope", "identity"), update=_KEPT)
_TAKE = Ordered(
    upsert(
        identities,
        key=("scope", "identity"),
        update=_KEPT,
        where=identities.c.expires_at <= bindparam("now"),
    ),
    ("identity", "scope", "body_hash", "event_id", "expires_at", "now"),
)
_DROP = delete(identities).where(identities.c.expires_at <= bindparam("now"))


def find(tx: Transaction, scope: str, identity: str, *, now: datetime) -> Row | None:
    """Return what was kept of *identity*, unless its time is over."""
    return tx.fetch_one(_FIND, of=scope, called=identity, now=now)


def any_of(tx: Transaction, scope: str, *, now: datetime) -> bool:
    """Say whether anything is kept in a scope."""
    return tx.fetch_one(_ANY, of=scope, now=now) is not None


def take(
    tx: Transaction,
    name: tuple[str, str],
    body_hash: str,
    event_id: str,
    *,
    now: datetime,
    kept: timedelta,
) -> bool:
    """Let *name*, a scope and an identity, stand for an event; False if it stands for something."""
    (scope, identity), at = name, moment(now)
    values = (identity, scope, body_hash, event_id, at + to_span(kept), at)
    return tx.run(_TAKE, values).rowcount == 1


def answer(tx: Transaction, scope: str, identity: str) -> Row:
    """Return what is known of the first time: the answer that was kept, or the event that tells it."""
    (row,) = tx.fetch_all(_ANSWER, of=scope, called=identity)
    return filled(row)


def keep(
    tx: Transaction,
    name: tuple[str, str],
    body_hash: str,
    result: Mapping[str, Any],
    until: datetime,
) -> None:
    """Remember the answer that *name*, a scope and an identity, got."""
    tx.execute(
        _KEEP,
        scope=name[0],
        identity=name[1],
        body_hash=body_hash,
        event_id=None,
        result=dict(result),
        expires_at=until,
    )


def drop(tx: Transaction, *, now: datetime) -> int:
    """Forget those whose time is over; count them."""
    return tx.execute(_DROP, now=now)

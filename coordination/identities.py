"""Accepting something once: a repeat of an identity gets the answer of the first time."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from baton.events import Event
from coordination.database import Row, Transaction, canonical
from coordination.errors import IdempotencyMismatch
from coordination.store import identities as store

KEPT = timedelta(days=7)
# What Baton puts to an event, and the id: it is the identity itself, or one that Baton made up. A
# client that tries again may do so under another span, and after the event has expired.
_OURS = (
    *("id", "event_id", "seq", "received_at", "warnings", "truncated"),
    *("trace_id", "span_id", "expired"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Under what a source reported something.

    Args:
        scope: identities are unique inside it, as ``source:ci``.
        name: the producer's own id, or the key of a request.
        body_hash: of what was reported, where no stored event tells it.
        strict: whether the same name with another body is refused (a client's key) or only noted
            (a producer's id).
        origin: which header or member gave the name, for `explain`.
    """

    scope: str
    name: str
    body_hash: str = ""
    strict: bool = False
    origin: str = "id"


@dataclass(frozen=True, slots=True)
class Repeat:
    """The stored answer, and whether the repeat says something else than the first time."""

    result: Mapping[str, Any]
    differs: bool


def identity_of(
    event: Event, *, key: str | None = None, known: tuple[str, str] | None = None
) -> Identity:
    """Return the identity of *event*: how its sender *knows* it, the request's key, or its own id.

    Args:
        event: what was reported.
        key: the client's name for the request.
        known: another name under which a repeat is known whatever it says, and what gave it.
    """
    scope = f"source:{event.source}"
    if known is not None:
        return Identity(scope, known[0], origin=known[1])
    if key is not None:
        return Identity(scope, key, strict=True, origin="the Idempotency-Key header")
    return Identity(scope, event.id)


def body_hash(event: Event) -> str:
    """Hash what the producer said, without what Baton put to it on arrival."""
    return hashlib.sha256(_said(event.to_json()).encode()).hexdigest()


def _said(body: Mapping[str, Any], *, numbered: bool = True) -> str:
    """Return what the producer said of a whole event, as canonical text; *numbered* as to attempts."""
    ours = _OURS if numbered else (*_OURS, "attempt")
    said = {name: value for name, value in body.items() if name not in ours}
    if body["occurred_at"] == body["received_at"]:
        del said["occurred_at"]
    return canonical(said)


def taken(tx: Transaction, identity: Identity, event: Event, *, now: datetime) -> Repeat | None:
    """Let *identity* stand for *event* for seven days; if it stands for something, return what.

    The event itself tells the answer to a repeat and what was said, so neither is kept twice, and
    nothing is worked out until a repeat comes.

    Raises:
        IdempotencyMismatch: a client uses one key for two requests.
    """
    name = (identity.scope, identity.name)
    if store.take(tx, name, identity.body_hash, event.event_id, now=now, kept=KEPT):
        return None
    row = store.answer(tx, *name)
    return _repeat(row, identity, differs=_differs(row, event))


def _differs(row: Row, event: Event) -> bool:
    """Say whether *event* says something else than what was said the first time."""
    if row.body_hash or row.body is None:  # of an earlier version, or of what no event tells
        return bool(row.body_hash != body_hash(event))
    numbered = event.attempt is not None  # otherwise the number of the first one is ours
    return _said(row.body, numbered=numbered) != _said(event.to_json(), numbered=numbered)


def repeated(tx: Transaction, identity: Identity, *, now: datetime) -> Repeat | None:
    """Return what was answered before, or None the first time.

    Raises:
        IdempotencyMismatch: a client uses one key for two requests.
    """
    if store.find(tx, identity.scope, identity.name, now=now) is None:
        return None
    row = store.answer(tx, identity.scope, identity.name)
    return _repeat(row, identity, differs=row.body_hash != identity.body_hash)


def remember(
    tx: Transaction, identity: Identity, result: Mapping[str, Any], *, now: datetime
) -> None:
    """Keep an answer that no event tells, for seven days."""
    store.keep(tx, (identity.scope, identity.name), identity.body_hash, result, now + KEPT)


def _repeat(row: Row, identity: Identity, *, differs: bool) -> Repeat:
    if differs and identity.strict:
        raise IdempotencyMismatch(identity.name)
    return Repeat(row.result if row.result is not None else _told(row), differs)


def _told(row: Row) -> dict[str, Any]:
    """Return what was answered for an event: what is written in it, and what `explain` adds."""
    record, body = row.explain, row.body
    more = record.get("answer", {})
    _, status = record.get("status", (None, None))
    return {
        "event_id": body["event_id"],
        "id": body["id"],
        "namespace": row.namespace,
        "process_id": row.process_id,
        "attempt": row.attempt,
        "thread_id": row.thread_id,
        "run_id": more.get("run_id"),
        "status": status,
        "effect": row.effect,
        "approval_id": more.get("approval_id"),
        "thread_url": more.get("thread_url"),
        "warnings": (*body.get("warnings", ()), *more.get("warnings", ())),
    }


forget = store.drop

"""Accepting something once: a repeat of an identity gets the answer of the first time."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from baton.events import Event
from coordination.database import Transaction, canonical
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
        body_hash: of what was reported.
        strict: whether the same name with another body is refused (a client's key) or only noted
            (a producer's id).
        origin: which header or member gave the name, for `explain`.
    """

    scope: str
    name: str
    body_hash: str
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
    scope, digest = f"source:{event.source}", body_hash(event)
    if known is not None:
        return Identity(scope, known[0], digest, origin=known[1])
    if key is not None:
        return Identity(scope, key, digest, strict=True, origin="the Idempotency-Key header")
    return Identity(scope, event.id, digest)


def body_hash(event: Event) -> str:
    """Hash what the producer said, without what Baton put to it on arrival."""
    said = event.to_json()
    for name in _OURS:
        said.pop(name, None)
    if event.occurred_at == event.received_at:
        said.pop("occurred_at")
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def repeated(tx: Transaction, identity: Identity, *, now: datetime) -> Repeat | None:
    """Return what was answered before, or None the first time.

    Raises:
        IdempotencyMismatch: a client uses one key for two requests.
    """
    row = store.find(tx, identity.scope, identity.name, now=now)
    if row is None:
        return None
    differs = row.body_hash != identity.body_hash
    if differs and identity.strict:
        raise IdempotencyMismatch(identity.name)
    return Repeat(row.result, differs)


def remember(
    tx: Transaction, identity: Identity, result: Mapping[str, Any], *, now: datetime
) -> None:
    """Keep the answer for seven days."""
    store.keep(tx, (identity.scope, identity.name), identity.body_hash, result, now + KEPT)


forget = store.drop

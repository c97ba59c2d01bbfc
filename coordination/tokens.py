"""Sources, and what they show to say who they are: a token, ``bt_<id>_<secret>``, or a signature.

A token is shown once and never stored. Its secret has the full entropy of a key, so its plain SHA-256
is kept; there is nothing to guess. Secrets of signatures have to be read again: `coordination.secrets`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from baton.errors import BatonError
from baton.reading import Source
from coordination.credentials import Credential, credentials, digest
from coordination.database import Transaction
from coordination.store import tokens as store
from coordination.world import Ids

SCOPES = ("read", "notify", "approve", "run", "publish", "admin")
BEARER = "bearer"
SCHEMES = (BEARER, "standard-webhooks")
OVERLAP = timedelta(hours=24)
SHORTEST = 16  # bytes of a signing secret
RESERVED = frozenset({"baton", "workflow-engine", "workflow_engine"})
"""What Baton itself goes by, as `triggers.SOURCES` has it: nobody else reports under these names."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_WHSEC = "whsec_"
_NOTE_USE_EVERY = timedelta(hours=1)


__all__ = [
    "BEARER",
    "OVERLAP",
    "RESERVED",
    "SCHEMES",
    "SCOPES",
    "SHORTEST",
    "Credential",
    "Grant",
    "NewToken",
    "UnusableToken",
    "add_secret",
    "create",
    "credentials",
    "end_others",
    "make",
    "note_use",
    "problem_of_name",
    "put_source",
    "refuse_weak",
    "restore_source",
    "retire_source",
    "revoke",
    "signing_key",
]


class UnusableToken(BatonError):
    """A token, a source or a secret cannot be made like this; the sentence says why."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as it was made, the only time that its *text* is known."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token is to allow.

    Args:
        source: of which it is; the source has to exist.
        scopes: of `SCOPES`.
        owner: the person it acts for, who may not answer what it asks.
        expires_at: when it ends; None for never.
    """

    source: str
    scopes: Collection[str]
    owner: str | None = None
    expires_at: datetime | None = None


def make(ids: Ids) -> NewToken:
    """Draw a token. Nothing is stored yet."""
    digest = hashlib.sha256(ids.token().encode()).digest()
    token_id = base64.b32encode(digest)[:12].decode().lower()
    return NewToken(token_id, f"bt_{token_id}_{ids.token()}")


def problem_of_name(word: str) -> str | None:
    """Say why *word* cannot name a source, or a namespace; None: it can."""
    if word in RESERVED:
        return f"{word!r} is Baton's own name; give the source and its namespace another one"
    if _SLUG.fullmatch(word):
        return None
    return f"{word[:100]!r} cannot name a source; use up to 64 of a-z, 0-9, '.', '_' and '-'"


def put_source(
    tx: Transaction,
    source: Source,
    *,
    channel: str | None,
    now: datetime,
    scheme: str | None = None,
) -> None:
    """Make a source, or change the one of that name.

    Args:
        tx: the unit.
        source: its name, kind and namespace.
        channel: where its threads are posted.
        now: the wall time.
        scheme: of `SCHEMES`; but for the first, it reports with signatures and with nothing else.
            None leaves what there is, which is the first for a new source.

    Raises:
        UnusableToken: the name or the namespace is no slug, or Baton's own; or there is no such
            scheme.
    """
    for word in (source.source, source.namespace):
        if problem := problem_of_name(word):
            raise UnusableToken(f"{problem}.")
    if scheme is not None and scheme not in SCHEMES:
        raise UnusableToken(
            f"There is no scheme {scheme[:40]!r}; choose from {', '.join(SCHEMES)}."
        )
    store.put_source(
        tx,
        {
            "name": source.source,
            "kind": source.kind,
            "namespace": source.namespace,
            "channel": channel,
            "may_choose_channel": source.may_choose_channel,
            "created_at": now,
        },
    )
    if scheme is not None:
        store.set_scheme(tx, source.source, None if scheme == BEARER else scheme)
    tx.touch("token", source.source)


def retire_source(tx: Transaction, name: str, *, now: datetime) -> bool:
    """Take nothing from a source any more: who shows its token is told so. False if it was already."""
    tx.touch("token", name)
    return store.retire(tx, name, now=now)


def restore_source(tx: Transaction, name: str) -> bool:
    """Take from a retired source again; False if there was nothing to restore."""
    tx.touch("token", name)
    return store.restore(tx, name)


def add_secret(
    tx: Transaction,
    source: str,
    secret: str,
    closed: str,
    *,
    now: datetime,
    overlap: timedelta = OVERLAP,
) -> None:
    """Give a source a secret to sign with. The one before ends after *overlap*, any older one now.

    Args:
        tx: the unit.
        source: its name; it has a scheme.
        secret: as the other side knows it, or ``env:NAME``.
        closed: the same as `coordination.secrets` closed it: only this is stored.
        now: the wall time.
        overlap: how long the one before still counts.

    Raises:
        UnusableToken: there is no such source, it does not sign, or the secret is too short.
    """
    row = store.source(tx, source)
    if row is None or row.scheme is None:
        raise UnusableToken(
            f"There is no source {source[:100]!r} that signs; give it a scheme first."
        )
    refuse_weak(secret)
    *older, before = [each.key for each in store.active_secrets(tx, source, now=now)] or [None]
    for key in older:
        store.end_secret(tx, key, until=now)
    if before is not None:
        store.end_secret(tx, before, until=now + overlap)
    store.add_secret(tx, source, closed, now=now)
    tx.touch("token", source)


def refuse_weak(secret: str) -> None:
    """Return unless *secret* could be guessed; ``env:NAME`` is looked at when it is used.

    Raises:
        UnusableToken: it is too short, or no base64 behind ``whsec_``.
    """
    if secret.startswith("env:"):
        return
    key = signing_key(secret)
    if key is None or len(key) < SHORTEST:
        raise UnusableToken(
            f"A signing secret has {SHORTEST} bytes or more: take the one that the sending side "
            "shows, as whsec_ and base64."
        )


def new_secret(ids: Ids) -> str:
    """Draw a secret to sign with, in the form of Standard Webhooks: ``whsec_`` and base64."""
    return _WHSEC + base64.b64encode(hashlib.sha256(ids.token().encode()).digest()).decode()


def signing_key(secret: str) -> bytes | None:
    """Return the bytes that *secret* signs with; None where what follows ``whsec_`` is no base64."""
    if not secret.startswith(_WHSEC):
        return secret.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(secret.removeprefix(_WHSEC), validate=True)
    except (binascii.Error, ValueError):
        return None


def create(tx: Transaction, token: NewToken, grant: Grant, *, now: datetime) -> None:
    """Store a made token with what it allows.

    Raises:
        UnusableToken: a scope or the source does not exist.
    """
    unknown = sorted(set(grant.scopes) - set(SCOPES))
    if unknown or not grant.scopes:
        what = f"There is no scope {unknown[0]!r}" if unknown else "A token needs a scope"
        raise UnusableToken(f"{what}; choose from {', '.join(SCOPES)}.")
    row = store.source(tx, grant.source)
    if row is None:
        raise UnusableToken(f"There is no source {grant.source[:100]!r}; make it first.")
    if row.retired_at is not None:
        raise UnusableToken(f"The source {grant.source!r} was retired; restore it first.")
    store.add(
        tx,
        {
            "id": token.id,
            "hash": digest(token.text.rpartition("_")[2]),
            "source": grant.source,
            "scopes": sorted(grant.scopes),
            "owner": grant.owner,
            "created_at": now,
            "expires_at": grant.expires_at,
        },
    )
    tx.touch("token", token.id)


def revoke(tx: Transaction, token_id: str, *, now: datetime) -> bool:
    """End a token at once; False if there was nothing to end."""
    tx.touch("token", token_id)
    return store.revoke(tx, token_id, now=now)


def end_others(tx: Transaction, source: str, *, until: datetime) -> int:
    """Let the tokens that a source has end at *until*: a new one takes over. Count them."""
    tx.touch("token", source)
    return store.end_all(tx, source, until=until)


def note_use(tx: Transaction, token_id: str, *, now: datetime) -> None:
    """Note when a token was used, to the hour."""
    store.used(tx, token_id, now=now, before=now - _NOTE_USE_EVERY)

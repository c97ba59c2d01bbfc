"""Tokens: what a tool shows to say which source it is. ``bt_<id>_<secret>``, shown once, never stored.

The secret has the full entropy of a key, so its plain SHA-256 is kept; there is nothing to guess.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from baton.errors import BatonError
from baton.reading import Source
from coordination.database import Reader, Row, Transaction
from coordination.store import tokens as store
from coordination.world import Ids

SCOPES = ("read", "notify", "approve", "run", "publish", "admin")
_TOKEN = re.compile(r"bt_([a-z2-7]{12})_([0-9A-Za-z]{43})", re.ASCII)
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_NOBODY = hashlib.sha256(b"no such token").hexdigest()  # compared with where the id is unknown
_NOTE_USE_EVERY = timedelta(hours=1)


class UnusableToken(BatonError):
    """A token cannot be made like this; the sentence says why."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as it was made, the only time that its *text* is known."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Credential:
    """Who reports or asks, as the token that came along says."""

    token_id: str
    source: Source
    scopes: frozenset[str]
    owner: str | None = None  # the person whom it names
    channel: str | None = None  # where threads of this source are posted


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


def put_source(tx: Transaction, source: Source, *, channel: str | None, now: datetime) -> None:
    """Make a source, or change the one of that name.

    Raises:
        UnusableToken: the name or the namespace is no slug.
    """
    for word in (source.source, source.namespace):
        if not _SLUG.fullmatch(word):
            raise UnusableToken(
                f"{word[:100]!r} cannot name a source; use up to 64 of a-z, 0-9, '.', '_' and '-'."
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


def create(tx: Transaction, token: NewToken, grant: Grant, *, now: datetime) -> None:
    """Store a made token with what it allows.

    Raises:
        UnusableToken: a scope or the source does not exist.
    """
    unknown = sorted(set(grant.scopes) - set(SCOPES))
    if unknown or not grant.scopes:
        what = f"There is no scope {unknown[0]!r}" if unknown else "A token needs a scope"
        raise UnusableToken(f"{what}; choose from {', '.join(SCOPES)}.")
    if store.source(tx, grant.source) is None:
        raise UnusableToken(f"There is no source {grant.source[:100]!r}; make it first.")
    store.add(
        tx,
        {
            "id": token.id,
            "hash": _hash(token.text.rpartition("_")[2]),
            "source": grant.source,
            "scopes": sorted(grant.scopes),
            "owner": grant.owner,
            "created_at": now,
            "expires_at": grant.expires_at,
        },
    )


def revoke(tx: Transaction, token_id: str, *, now: datetime) -> bool:
    """End a token at once; False if there was nothing to end."""
    return store.revoke(tx, token_id, now=now)


def end_others(tx: Transaction, source: str, *, until: datetime) -> int:
    """Let the tokens that a source has end at *until*: a new one takes over. Count them."""
    return store.end_all(tx, source, until=until)


def note_use(tx: Transaction, token_id: str, *, now: datetime) -> None:
    """Note when a token was used, to the hour."""
    store.used(tx, token_id, now=now, before=now - _NOTE_USE_EVERY)


async def authenticate(reader: Reader, bearer: str, *, now: datetime) -> Credential | None:
    """Return whose token *bearer* is, or None: malformed, unknown, wrong and ended look the same."""
    found = _TOKEN.fullmatch(bearer)
    row = await store.read(reader, found[1]) if found else None
    expected = row.hash if row is not None else _NOBODY
    right = hmac.compare_digest(_hash(found[2] if found else ""), expected)
    if row is None or not right or not _valid(row, now):
        return None
    return _credential(row)


async def credentials(reader: Reader) -> tuple[Credential, ...]:
    """Return every token that was ever made, without its secret."""
    return tuple(_credential(row) for row in await store.all_tokens(reader))


def _credential(row: Row) -> Credential:
    return Credential(
        token_id=row.id,
        source=Source(row.source, row.namespace, row.kind, row.may_choose_channel),
        scopes=frozenset(row.scopes),
        owner=row.owner,
        channel=row.channel,
    )


def _valid(row: Row, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

"""The rows of sources and their tokens."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    insert,
    or_,
    select,
    source_secrets,
    sources,
    tokens,
    update,
    upsert,
)

_ALL = select(tokens).order_by(tokens.c.source, tokens.c.created_at, tokens.c.id)
_SOURCE = select(sources).where(sources.c.name == bindparam("called"))
_SOURCES = select(sources).order_by(sources.c.name)
_PUT_SOURCE = upsert(
    sources, key=("name",), update=("kind", "namespace", "channel", "may_choose_channel")
)
_SCHEME = update(sources).where(sources.c.name == bindparam("called"))
_RETIRE = (
    update(sources)
    .where(sources.c.name == bindparam("called"), sources.c.retired_at.is_(None))
    .values(retired_at=bindparam("now"))
)
_RESTORE = (
    update(sources)
    .where(sources.c.name == bindparam("called"), sources.c.retired_at.is_not(None))
    .values(retired_at=None)
)
_SECRETS = select(source_secrets).order_by(source_secrets.c.key)
_SECRETS_OF = select(source_secrets).where(source_secrets.c.source == bindparam("of"))
_ACTIVE = _SECRETS_OF.where(
    or_(source_secrets.c.expires_at.is_(None), source_secrets.c.expires_at > bindparam("now"))
).order_by(source_secrets.c.key)
_ADD_SECRET = insert(source_secrets)
_END_SECRET = (
    update(source_secrets)
    .where(
        source_secrets.c.key == bindparam("which"),
        or_(
            source_secrets.c.expires_at.is_(None), source_secrets.c.expires_at > bindparam("until")
        ),
    )
    .values(expires_at=bindparam("until"))
)
_ADD = insert(tokens)
_REVOKE = (
    update(tokens)
    .where(tokens.c.id == bindparam("called"), tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
_END = (
    update(tokens)
    .where(
        tokens.c.source == bindparam("of"),
        tokens.c.revoked_at.is_(None),
        or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("until")),
    )
    .values(expires_at=bindparam("until"))
)
_USED = (
    update(tokens)
    .where(
        and_(
            tokens.c.id == bindparam("called"),
            or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at < bindparam("before")),
        )
    )
    .values(last_used_at=bindparam("now"))
)


def put_source(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Make a source, or change the one of that name."""
    tx.execute(_PUT_SOURCE, **values)


def set_scheme(tx: Transaction, name: str, scheme: str | None) -> None:
    """Say with what signatures a source reports; None: with its tokens."""
    tx.execute(_SCHEME, called=name, scheme=scheme)


def source(tx: Transaction, name: str) -> Row | None:
    return tx.fetch_one(_SOURCE, called=name)


def retire(tx: Transaction, name: str, *, now: datetime) -> bool:
    """Take nothing from a source any more; False if there is none, or it was retired before."""
    return tx.execute(_RETIRE, called=name, now=now) == 1


def restore(tx: Transaction, name: str) -> bool:
    """Take from a retired source again; False if it was not retired."""
    return tx.execute(_RESTORE, called=name) == 1


def active_secrets(tx: Transaction, source_name: str, *, now: datetime) -> list[Row]:
    """Return the secrets of a source that count, the oldest first."""
    return tx.fetch_all(_ACTIVE, of=source_name, now=now)


def add_secret(tx: Transaction, source_name: str, closed: str, *, now: datetime) -> int:
    return tx.insert(_ADD_SECRET, source=source_name, secret=closed, created_at=now)


def end_secret(tx: Transaction, key: int, *, until: datetime) -> None:
    """Let a secret end no later than *until*."""
    tx.execute(_END_SECRET, which=key, until=until)


def add(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(_ADD, **values)


def revoke(tx: Transaction, token_id: str, *, now: datetime) -> bool:
    """End a token at once; False if there is none, or it had ended."""
    return tx.execute(_REVOKE, called=token_id, now=now) == 1


def end_all(tx: Transaction, source_name: str, *, until: datetime) -> int:
    """Let the tokens of a source end no later than *until*; count them."""
    return tx.execute(_END, of=source_name, until=until)


def used(tx: Transaction, token_id: str, *, now: datetime, before: datetime) -> None:
    """Note that a token was used, unless that was noted since *before*."""
    tx.execute(_USED, called=token_id, now=now, before=before)


async def all_tokens(reader: Reader) -> list[Row]:
    return await reader.fetch_all(_ALL)


async def all_sources(reader: Reader) -> list[Row]:
    return await reader.fetch_all(_SOURCES)


async def all_secrets(reader: Reader) -> list[Row]:
    """Return every secret as it is stored, the oldest first."""
    return await reader.fetch_all(_SECRETS)

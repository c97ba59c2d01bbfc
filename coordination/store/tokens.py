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
    sources,
    tokens,
    update,
    upsert,
)

_TOKEN = select(
    tokens,
    sources.c.kind,
    sources.c.namespace,
    sources.c.channel,
    sources.c.may_choose_channel,
).join(sources, sources.c.name == tokens.c.source)
_BY_ID = _TOKEN.where(tokens.c.id == bindparam("called"))
_ALL = _TOKEN.order_by(tokens.c.source, tokens.c.created_at, tokens.c.id)
_SOURCE = select(sources).where(sources.c.name == bindparam("called"))
_SOURCES = select(sources).order_by(sources.c.name)
_PUT_SOURCE = upsert(
    sources, key=("name",), update=("kind", "namespace", "channel", "may_choose_channel")
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


def source(tx: Transaction, name: str) -> Row | None:
    return tx.fetch_one(_SOURCE, called=name)


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


async def read(reader: Reader, token_id: str) -> Row | None:
    """Return a token together with its source."""
    return await reader.fetch_one(_BY_ID, called=token_id)


async def all_tokens(reader: Reader) -> list[Row]:
    return await reader.fetch_all(_ALL)


async def all_sources(reader: Reader) -> list[Row]:
    return await reader.fetch_all(_SOURCES)

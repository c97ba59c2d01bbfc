"""What was accepted under which identity, so that a repeat gets the same answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coordination.database import Row, Transaction, bindparam, delete, identities, select, upsert

_FIND = select(identities).where(
    identities.c.scope == bindparam("of"),
    identities.c.identity == bindparam("called"),
    identities.c.expires_at > bindparam("now"),
)
_KEEP = upsert(identities, key=("scope", "identity"), update=("body_hash", "result", "expires_at"))
_DROP = delete(identities).where(identities.c.expires_at <= bindparam("now"))


def find(tx: Transaction, scope: str, identity: str, *, now: datetime) -> Row | None:
    """Return what was kept of *identity*, unless its time is over."""
    return tx.fetch_one(_FIND, of=scope, called=identity, now=now)


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
        result=dict(result),
        expires_at=until,
    )


def drop(tx: Transaction, *, now: datetime) -> int:
    """Forget those whose time is over; count them."""
    return tx.execute(_DROP, now=now)

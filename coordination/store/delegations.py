"""Who handed a vote to whom, and when somebody was last nudged."""

from datetime import datetime

from coordination.database import (
    Transaction,
    bindparam,
    delegations,
    delete,
    insert,
    nudges,
    select,
    upsert,
)
from coordination.questions import Delegation

_HAND = insert(delegations)
_TAKE_BACK = delete(delegations).where(
    delegations.c.wait_key == bindparam("wait"), delegations.c.person == bindparam("giver")
)
_NUDGED = select(nudges.c.at).where(nudges.c.person == bindparam("who"))
_NUDGE = upsert(nudges, key=("person",), update=("at",))


def hand(tx: Transaction, key: int, handed: Delegation) -> None:
    """Store that somebody handed their vote on approval *key* to somebody else."""
    tx.execute(
        _HAND,
        wait_key=key,
        person=handed.person,
        to_person=handed.to_person,
        comment=handed.comment,
        at=handed.at,
    )


def take_back(tx: Transaction, key: int, person: str) -> int:
    """Delete what *person* handed on; count the rows."""
    return tx.execute(_TAKE_BACK, wait=key, giver=person)


def nudged_at(tx: Transaction, person: str) -> datetime | None:
    """Return when *person* was last nudged about anything."""
    row = tx.fetch_one(_NUDGED, who=person)
    return None if row is None else row.at


def note_nudge(tx: Transaction, person: str, *, at: datetime) -> None:
    tx.execute(_NUDGE, person=person, at=at)

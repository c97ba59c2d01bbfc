"""Who there is. A table, read from Slack every few minutes, by which votes and rights are judged."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    delete,
    directory,
    func,
    insert,
    select,
    update,
)
from coordination.eligibility import MAX_AGE, Standing
from coordination.policy import MENTION, Roles
from coordination.ports import Person

_ALL = select(directory).order_by(directory.c.person)
_ONE = select(directory).where(directory.c.person == bindparam("id"))
_READ_AT = select(func.max(directory.c.read_at).label("read_at"))
_ADD = insert(directory)
_CHANGE = update(directory).where(directory.c.person == bindparam("id"))
_SEEN = update(directory)
_DROP = delete(directory).where(directory.c.person == bindparam("id"))
ROLE = "role:"


def person(tx: Transaction, person_id: str) -> Person | None:
    row = tx.fetch_one(_ONE, id=person_id)
    return None if row is None else _person(row)


def people(tx: Transaction) -> dict[str, Person]:
    """Return everybody, by their id."""
    return {row.person: _person(row) for row in tx.fetch_all(_ALL)}


def is_fresh(tx: Transaction, *, now: datetime) -> bool:
    """Say whether the directory was read at most `MAX_AGE` ago; an empty one never was."""
    row = tx.fetch_one(_READ_AT)
    return row is not None and row.read_at is not None and now - row.read_at <= MAX_AGE


def standing(tx: Transaction, person_id: str | None, roles: Roles, *, now: datetime) -> Standing:
    """Return what is known of somebody at the moment they answer."""
    known = person(tx, person_id) if person_id else None
    return Standing(known, is_fresh(tx, now=now), roles)


def replace(tx: Transaction, found: Iterable[Person], *, now: datetime) -> int:
    """Make the table say what was just read; return how many people changed, came or went."""
    known = people(tx)
    new = {each.id: each for each in found}
    for person_id in known.keys() - new.keys():
        tx.execute(_DROP, id=person_id)
    changed = [each for each in new.values() if known.get(each.id) != each]
    for each in changed:
        if each.id in known:
            tx.execute(_CHANGE, id=each.id, read_at=now, **_columns(each))
        else:
            tx.execute(_ADD, person=each.id, read_at=now, **_columns(each))
    tx.execute(_SEEN, read_at=now)
    return len(changed) + len(known.keys() - new.keys())


async def read_all(reader: Reader) -> dict[str, Person]:
    return {row.person: _person(row) for row in await reader.fetch_all(_ALL)}


async def read_standing(
    reader: Reader, person_id: str | None, roles: Roles, *, now: datetime
) -> Standing:
    """As `standing`, for those who only look."""
    row = await reader.fetch_one(_ONE, id=person_id) if person_id else None
    read = await reader.fetch_one(_READ_AT)
    fresh = read is not None and read.read_at is not None and now - read.read_at <= MAX_AGE
    return Standing(None if row is None else _person(row), fresh, roles)


def shown(form: str, known: Mapping[str, Person]) -> str:
    """Write an approver as people read it: ``@grace`` for her mention, ``the operators`` for a role."""
    if form.startswith(ROLE):
        return f"the {form.removeprefix(ROLE)}s"
    person_id = form.removeprefix("<@").removesuffix(">").split("|")[0]
    found = known.get(person_id)
    return f"@{found.handle}" if found else form


def with_handles(text: str, known: Mapping[str, Person]) -> str:
    """Write ``@grace`` for each mention in *text* of somebody who is known."""
    return MENTION.sub(lambda found: shown(found[0], known), text)


def _person(row: Row) -> Person:
    return Person(
        row.person,
        row.handle,
        row.name,
        row.is_bot,
        row.deleted,
        row.is_admin,
        row.restricted,
    )


def _columns(each: Person) -> dict[str, str | bool]:
    return {
        "handle": each.handle,
        "name": each.name,
        "is_bot": each.is_bot,
        "deleted": each.deleted,
        "is_admin": each.is_admin,
        "restricted": each.restricted,
    }

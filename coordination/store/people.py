"""The tables of people and groups, made to say what was just read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from coordination.database import (
    Reader,
    Transaction,
    bindparam,
    delete,
    directory,
    group_members,
    groups,
    insert,
    meta,
    select,
    update,
    upsert,
)
from coordination.ports import Group, Person

UNREADABLE = "groups_unreadable"

_ALL = select(directory).order_by(directory.c.person)
_ADD = insert(directory)
_CHANGE = update(directory).where(directory.c.person == bindparam("id"))
_SEEN = update(directory)
_GONE = update(directory).where(directory.c.person == bindparam("id"))
_GROUPS = select(groups).order_by(groups.c.id)
_MEMBERS = select(group_members)
_SEEN_GROUPS = update(groups)
_ADD_GROUP = insert(groups)
_ADD_MEMBER = insert(group_members)
_DROP_GROUPS = delete(groups)
_DROP_MEMBERS = delete(group_members)
_NOTE = upsert(meta, key=("name",), update=("value",))
_NOTED = select(meta.c.value).where(meta.c.name == UNREADABLE)


def put(tx: Transaction, found: Iterable[Person], known: Iterable[Group], *, now: datetime) -> int:
    """Make the tables say who there is; count the people and groups that changed, came or went."""
    members, named = {each.id: each for each in found}, {each.id: each for each in known}
    clash = _clashes(members.values(), named.values())
    return _put_people(tx, members, clash, now) + _put_groups(tx, named, clash, now)


def note_groups(tx: Transaction, *, readable: bool) -> None:
    """Note whether Slack lets us see groups at all."""
    tx.execute(_NOTE, name=UNREADABLE, value="" if readable else "yes")


async def groups_readable(reader: Reader) -> bool:
    row = await reader.fetch_one(_NOTED)
    return row is None or not row.value


def _clashes(people: Iterable[Person], known: Iterable[Group]) -> frozenset[str]:
    """Return the handles that a person who takes part and a group have both."""
    handles = {each.handle.casefold() for each in known}
    taking_part = (each for each in people if not (each.deleted or each.restricted or each.is_bot))
    return frozenset(handles & {each.handle.casefold() for each in taking_part} - {""})


def _put_people(
    tx: Transaction, found: Mapping[str, Person], clash: frozenset[str], now: datetime
) -> int:
    """Write who was found; who is not listed any more is kept as somebody who left.

    Nobody is forgotten, and no address either: by it a second account is known as the same human,
    and Slack need not show it of an account that was closed.
    """
    before = {row.person: row for row in tx.fetch_all(_ALL)}
    changed = 0
    for person_id in before.keys() - found.keys():
        if not before[person_id].deleted:
            changed += tx.execute(_GONE, id=person_id, deleted=True, shares=False)
    for person_id, each in found.items():
        values = _columns(each, clash)
        row = before.get(person_id)
        if row is not None and values["email"] is None:
            values["email"] = row.email
        if row is None:
            tx.execute(_ADD, person=person_id, read_at=now, **values)
        elif any(getattr(row, name) != value for name, value in values.items()):
            tx.execute(_CHANGE, id=person_id, read_at=now, **values)
        else:
            continue
        changed += 1
    tx.execute(_SEEN, read_at=now)
    return changed


def _put_groups(
    tx: Transaction, found: Mapping[str, Group], clash: frozenset[str], now: datetime
) -> int:
    """Write the groups anew where anything of them changed: there are few."""
    rows = {row.id: (row.handle, row.name, bool(row.shares)) for row in tx.fetch_all(_GROUPS)}
    held = {(row.group_id, row.person) for row in tx.fetch_all(_MEMBERS)}
    wanted = {
        each.id: (each.handle, each.name, each.handle.casefold() in clash)
        for each in found.values()
    }
    members = {(each.id, member) for each in found.values() for member in each.members}
    if rows == wanted and held == members:
        tx.execute(_SEEN_GROUPS, read_at=now)
        return 0
    tx.execute(_DROP_MEMBERS)
    tx.execute(_DROP_GROUPS)
    for group_id, (handle, name, shares) in wanted.items():
        tx.execute(_ADD_GROUP, id=group_id, handle=handle, name=name, shares=shares, read_at=now)
    for group_id, member in sorted(members):
        tx.execute(_ADD_MEMBER, group_id=group_id, person=member)
    return len(
        {key for key, _ in held ^ members} | {key for key, _ in rows.items() ^ wanted.items()}
    )


def _columns(each: Person, clash: frozenset[str]) -> dict[str, Any]:
    return {
        "handle": each.handle,
        "name": each.name,
        "is_bot": each.is_bot,
        "deleted": each.deleted,
        "is_admin": each.is_admin,
        "restricted": each.restricted,
        "email": each.email,
        "shares": each.handle.casefold() in clash,
    }

"""Who there is, and who is in which group: read every few minutes, and what votes are judged by."""

from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from coordination.database import (
    Reader,
    Row,
    Transaction,
    bindparam,
    delegations,
    directory,
    func,
    group_members,
    groups,
    select,
)
from coordination.eligibility import MAX_AGE, Standing
from coordination.policy import GROUP_MENTION, MENTION, Roles, group_form, is_active
from coordination.ports import Group, Person
from coordination.store import people as store

T = TypeVar("T")
Look: TypeAlias = Generator[tuple[Any, Mapping[str, Any]], list[Row], T]
"""Asks for rows one statement after the other, inside a unit or beside it."""

_ALL = select(directory).order_by(directory.c.person)
_ONE = select(directory).where(directory.c.person == bindparam("id"))
_SAME = select(directory).where(directory.c.email == bindparam("address"))
_GROUPS_OF = (
    select(groups.c.id, groups.c.handle, groups.c.shares)
    .select_from(group_members.join(groups, groups.c.id == group_members.c.group_id))
    .where(group_members.c.person == bindparam("member"))
)
_GIVERS = (
    select(delegations.c.person).where(delegations.c.to_person == bindparam("taker")).distinct()
)
_READ_AT = select(func.max(directory.c.read_at).label("read_at"))
_ALL_GROUPS = select(groups).order_by(groups.c.id)
_ALL_MEMBERS = select(group_members).order_by(group_members.c.group_id, group_members.c.person)
ROLE = "role:"
SOURCE = "source:"


class Everybody(dict[str, Person]):
    """Everybody by id; *groups* has the user groups by theirs."""

    def __init__(self, people: Mapping[str, Person], known: Mapping[str, Group]) -> None:
        super().__init__(people)
        self.groups = known

    def group(self, form: str) -> Group | None:
        """Return the group that *form* means; a handle that a person has as well means none."""
        wanted = group_form(form)
        for each in self.groups.values():
            if wanted == each.id:
                return each
            if wanted == handle_of(each) and not self.clashes(form):
                return each
        return None

    def clashes(self, form: str) -> bool:
        """Say whether *form* is a handle that both a person and a group have."""
        wanted = form.casefold()
        return any(each.shares and f"@{each.handle.casefold()}" == wanted for each in self.values())


def person(tx: Transaction, person_id: str) -> Person | None:
    return _inside(tx, _whole(person_id))


async def read_person(reader: Reader, person_id: str) -> Person | None:
    """As `person`, for those who only look."""
    return await _beside(reader, _whole(person_id))


def people(tx: Transaction) -> Everybody:
    """Return everybody, by their id."""
    return _inside(tx, _everybody())


def is_fresh(tx: Transaction, *, now: datetime) -> bool:
    """Say whether the directory was read at most `MAX_AGE` ago; an empty one never was."""
    return _is_fresh(tx.fetch_one(_READ_AT), now)


def standing(tx: Transaction, person_id: str | None, roles: Roles, *, now: datetime) -> Standing:
    """Return what is known of somebody at the moment they answer."""
    return _inside(tx, _standing(person_id, roles, now))


def replace(
    tx: Transaction,
    found: Iterable[Person],
    known: Iterable[Group] | None = (),
    *,
    now: datetime,
) -> int:
    """Make the tables say what was just read; count the people and groups that changed.

    Args:
        tx: the unit.
        found: everybody.
        known: the user groups; None where they cannot be read, and then nobody is in any.
        now: when they were read.
    """
    store.note_groups(tx, readable=known is not None)
    return store.put(tx, found, known or (), now=now)


async def read_all(reader: Reader) -> Everybody:
    return await _beside(reader, _everybody())


async def read_standing(
    reader: Reader, person_id: str | None, roles: Roles, *, now: datetime
) -> Standing:
    """As `standing`, for those who only look."""
    return await _beside(reader, _standing(person_id, roles, now))


def shown(form: str, known: Mapping[str, Person]) -> str:
    """Write an approver as people read it: ``@grace``, ``@sre``, ``the operators`` for a role."""
    if form.startswith(ROLE):
        return f"the {form.removeprefix(ROLE)}s"
    person_id = form.removeprefix("<@").removesuffix(">").split("|")[0]
    if found := known.get(person_id):
        return f"@{found.handle}"
    group = known.group(form) if isinstance(known, Everybody) else None
    return f"@{group.handle}" if group else form


def with_handles(text: str, known: Mapping[str, Person]) -> str:
    """Write ``@grace`` for each mention in *text* of a person, or a group, that is known."""
    named = MENTION.sub(lambda found: shown(found[0], known), text)
    return GROUP_MENTION.sub(lambda found: shown(found[0], known), named)


def ids_by_handle(known: Everybody) -> dict[str, str]:
    """Return the ids of people and groups by handle, for those who write mentions; none that clash."""
    found = {handle_of(each)[1:]: each.id for each in known.groups.values()}
    for taking_part in (False, True):  # whoever left does not hide who has their handle now
        people = (each for each in known.values() if is_active(each) is taking_part)
        found |= {each.handle.casefold(): each.id for each in people}
    return {handle: key for handle, key in found.items() if not known.clashes(f"@{handle}")}


def handle_of(group: Group) -> str:
    """Return the form of a group's handle."""
    return f"@{group.handle.casefold()}"


def _inside(tx: Transaction, look: Look[T]) -> T:
    try:
        statement, given = next(look)
        while True:
            statement, given = look.send(tx.fetch_all(statement, **given))
    except StopIteration as done:
        found: T = done.value
        return found


async def _beside(reader: Reader, look: Look[T]) -> T:
    try:
        statement, given = next(look)
        while True:
            statement, given = look.send(await reader.fetch_all(statement, **given))
    except StopIteration as done:
        found: T = done.value
        return found


def _standing(person_id: str | None, roles: Roles, now: datetime) -> Look[Standing]:
    """Look up somebody, their other accounts, and whoever handed a vote to them."""
    read = yield _READ_AT, {}
    fresh = _is_fresh(read[0] if read else None, now)
    found = (yield from _whole(person_id)) if person_id else None
    if found is None:
        return Standing(None, fresh, roles)
    givers = yield _GIVERS, {"taker": found.id}
    others = {*found.accounts, *(row.person for row in givers)} - {found.id}
    known = {found.id: found}
    for other in sorted(others):
        each = yield from _whole(other)
        if each is not None:
            known[other] = each
    return Standing(found, fresh, roles, known)


def _whole(person_id: str) -> Look[Person | None]:
    rows = yield _ONE, {"id": person_id}
    if not rows:
        return None
    same: list[Row] = []
    if rows[0].email and not rows[0].is_bot:
        same = yield _SAME, {"address": rows[0].email}
    member_of = yield _GROUPS_OF, {"member": person_id}
    return _person(rows[0], _accounts(same), _forms(member_of))


def _everybody() -> Look[Everybody]:
    rows = yield _ALL, {}
    group_rows = yield _ALL_GROUPS, {}
    member_rows = yield _ALL_MEMBERS, {}
    same: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.email:
            same[row.email].append(row)
    named = {row.id: row for row in group_rows}
    member_of: dict[str, list[Row]] = defaultdict(list)
    members: dict[str, list[str]] = defaultdict(list)
    for row in member_rows:
        member_of[row.person].append(named[row.group_id])
        members[row.group_id].append(row.person)
    found = {
        row.person: _person(
            row, _accounts(same.get(row.email, ())), _forms(member_of.get(row.person, ()))
        )
        for row in rows
    }
    known = {
        row.id: Group(row.id, row.handle, row.name, tuple(members[row.id])) for row in group_rows
    }
    return Everybody(found, known)


def _is_fresh(row: Row | None, now: datetime) -> bool:
    return row is not None and row.read_at is not None and now - row.read_at <= MAX_AGE


def _accounts(rows: Iterable[Row]) -> tuple[str, ...]:
    found = sorted(row.person for row in rows if not row.is_bot)
    return tuple(found) if len(found) > 1 else ()


def _forms(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return every form that means one of these groups."""
    found: list[str] = []
    for row in rows:
        found.append(row.id)
        if row.handle and not row.shares:
            found.append(f"@{row.handle.casefold()}")
    return tuple(found)


def _person(row: Row, accounts: tuple[str, ...], member_of: tuple[str, ...]) -> Person:
    return Person(
        row.person,
        row.handle,
        row.name,
        row.is_bot,
        row.deleted,
        row.is_admin,
        row.restricted,
        row.email,
        () if row.is_bot else accounts,
        member_of,
        bool(row.shares),
    )

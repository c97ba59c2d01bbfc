"""Who may do what: one table, one `authorize`. What no row allows is refused."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from coordination.errors import NotAllowed
from coordination.ports import Person


class Role(StrEnum):
    """What people are to Baton. Everybody of the workspace is a member, guests are nothing."""

    MEMBER = "member"
    OPERATOR = "operator"
    AUTHOR = "author"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: taken from the request as it came in, and never replaced on the way."""

    kind: Literal["person", "token", "timer", "system"]
    id: str
    person: str | None = None  # whom a token acts for
    source: str | None = None
    scopes: frozenset[str] = frozenset()
    admin: bool = False

    @property
    def human(self) -> str | None:
        """Return the id of the person whose right this is, or None for a machine of its own."""
        return self.id if self.kind == "person" else self.person

    @property
    def actor(self) -> str:
        """Return the name under which this is recorded: a person's id, or ``source:NAME``."""
        if self.human:
            return self.human
        return f"source:{self.source}" if self.source else self.id


@dataclass(frozen=True, slots=True)
class Rule:
    """What an action takes: of a token the *scope*, of a person the *role*.

    With *involved*, whoever has to do with the very run (its starter, its approvers) may as well.
    """

    scope: str
    role: Role = Role.MEMBER
    involved: bool = False


POLICY: Mapping[str, Rule] = {
    "notify": Rule("notify"),
    "read": Rule("read"),
    "raw": Rule("admin", Role.ADMIN),
    "replay": Rule("admin", Role.ADMIN),
    "start": Rule("run"),
    "pause": Rule("run", Role.OPERATOR, involved=True),
    "resume": Rule("run", Role.OPERATOR, involved=True),
    "cancel": Rule("run", Role.OPERATOR, involved=True),
    "retry": Rule("run", Role.OPERATOR, involved=True),
    "skip": Rule("run", Role.OPERATOR, involved=True),
    "rollback": Rule("run", Role.OPERATOR, involved=True),
    "handle": Rule("run", Role.OPERATOR, involved=True),
    "signal": Rule("run", Role.OPERATOR, involved=True),
    "resolve": Rule("approve", Role.OPERATOR, involved=True),
    "decide": Rule("approve"),
    "repeat": Rule("approve", Role.OPERATOR, involved=True),
    "ping": Rule("notify"),
    "tend": Rule("run", Role.OPERATOR, involved=True),
    "publish": Rule("publish", Role.AUTHOR),
}

_DOES: Mapping[str, str] = {
    "skip": "skip a step of",
    "rollback": "roll back",
    "handle": "mark as handled",
    "signal": "send signals to",
}
_IMPLIED: Mapping[Role, frozenset[Role]] = {
    Role.MEMBER: frozenset({Role.MEMBER}),
    Role.OPERATOR: frozenset({Role.MEMBER, Role.OPERATOR}),
    Role.AUTHOR: frozenset({Role.MEMBER, Role.AUTHOR}),
    Role.ADMIN: frozenset(Role),
}

_ID = re.compile(r"[UW][A-Z0-9]+")
_HANDLE = re.compile(r"@[^\s@]{1,80}")
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_GROUP_ID = re.compile(r"S[A-Z0-9]+")
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
GROUP_MENTION = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")


def names_person(form: str, person: Person) -> bool:
    """Say whether *form* means *person*: ``<@U123>``, ``U123`` or ``@handle``.

    A handle that a user group has as well means neither of them: whoever can choose one of the two
    must not thereby take the other's place.
    """
    return could_be(form, person) and not (person.shares and form.startswith("@"))


def could_be(form: str, person: Person) -> bool:
    """Say whether *form* may stand for *person*: to be refused for it, the likeness is enough."""
    if match := MENTION.fullmatch(form):
        return match[1] == person.id
    if _ID.fullmatch(form):
        return form == person.id
    if form.startswith("@"):
        return form[1:].casefold() == person.handle.casefold() != ""
    return "@" in form and form.casefold() == (person.email or "").casefold()


def group_form(form: str) -> str | None:
    """Return the id, or the handle as ``@sre``, by which *form* may mean a group; None: it cannot."""
    if match := GROUP_MENTION.fullmatch(form):
        return match[1]
    if _GROUP_ID.fullmatch(form):
        return form
    return form.casefold() if form.startswith("@") else None


def names_group_of(form: str, person: Person) -> bool:
    """Say whether *form* means a user group that *person* is in."""
    return group_form(form) in person.groups


def could_name(form: str) -> bool:
    """Say whether *form* can stand for a person or a group, whoever there is."""
    if form.startswith("@"):
        return bool(_HANDLE.fullmatch(form))
    return bool(MENTION.fullmatch(form) or _ID.fullmatch(form) or group_form(form))


def could_answer(form: str) -> bool:
    """Say whether *form* can stand for somebody who is asked: also a role, a source, an address."""
    kind, colon, name = form.partition(":")
    if colon and kind in ("role", "source"):
        return name in set(Role) if kind == "role" else bool(name.strip())
    return could_name(form) or bool(_EMAIL.fullmatch(form))


def is_active(person: Person | None) -> bool:
    """Say whether *person* takes part at all: a known human of this workspace who is still there."""
    return person is not None and not (person.is_bot or person.deleted or person.restricted)


@dataclass(frozen=True, slots=True)
class Roles:
    """Who has which role, in the forms people are named by. Nobody, unless somebody says so."""

    named: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, Iterable[str]]) -> "Roles":
        """Take the roles from configuration values.

        Raises:
            ValueError: with one sentence for each name that is no role and each form nobody fits.
        """
        problems = [*_problems(values)]
        if problems:
            raise ValueError(" ".join(problems))
        return cls({Role(name): tuple(forms) for name, forms in values.items()})

    def of(self, person: Person | None) -> frozenset[Role]:
        """Return the roles *person* was given. Workspace admins are admin until somebody is named."""
        if person is None or not is_active(person):
            return frozenset()
        given = {
            role
            for role, forms in self.named.items()
            if any(_names(form, person) for form in forms)
        }
        if Role.ADMIN not in self.named and person.is_admin:
            given.add(Role.ADMIN)
        return frozenset({Role.MEMBER, *given})

    def allow(self, person: Person | None, role: Role) -> bool:
        """Say whether *person* may do what takes *role*; an admin may do what all others may."""
        return any(role in _IMPLIED[given] for given in self.of(person))


def is_named(forms: Iterable[str], person: Person, roles: Roles) -> bool:
    """Say whether one of *forms* means *person*: by themselves, a group of theirs, or a role."""
    given = {f"role:{role}" for role in roles.of(person)}
    return any(form in given or _names(form, person) for form in forms)


def _names(form: str, person: Person) -> bool:
    return names_person(form, person) or names_group_of(form, person)


def _problems(values: Mapping[str, Iterable[str]]) -> Iterable[str]:
    for name, forms in values.items():
        if name not in (Role.OPERATOR, Role.AUTHOR, Role.ADMIN):
            yield f"roles.{name}: there is no such role; use operator, author or admin."
        for form in forms:
            if not could_name(form):
                yield f"roles.{name}: {form!r} is nobody; write <@U123>, U123, @handle or @group."


def require_scope(principal: Principal, action: str) -> Rule:
    """Return the row of *action*, once *principal* has come the right way for it.

    Raises:
        NotAllowed: the action has no row, the token lacks its scope, or nobody asks.
    """
    rule = POLICY.get(action)
    if rule is None:
        raise NotAllowed(f"Nobody may {action}: the policy has no row for it.")
    if principal.kind not in ("person", "token"):
        raise NotAllowed(f"Only people and tokens may {action}, not the {principal.kind}.")
    if principal.kind == "token" and not _has_scope(principal, rule.scope):
        raise NotAllowed(
            f"This token may not {action}: it lacks the scope {rule.scope!r}. "
            f"Make one that has it with `python -m bot token create --source NAME --scope {rule.scope}`."
        )
    return rule


def authorize(
    principal: Principal,
    action: str,
    *,
    person: Person | None,
    roles: Roles,
    involved: bool = False,
) -> None:
    """Return if *principal* may do *action*, and raise if not.

    Args:
        principal: who asks, as the edge read it from the request.
        action: a row of `POLICY`.
        person: what the directory knows of ``principal.human``.
        roles: who has which role.
        involved: whether they started the run in question, or may decide one of its approvals.

    Raises:
        NotAllowed: they may not; the sentence says what is missing.
    """
    rule = require_scope(principal, action)
    if principal.kind == "token" and rule.scope in ("notify", "read"):
        return  # a tool reports and reads in its own name, whoever made its token
    if involved and rule.involved and _takes_part(principal, person):
        return
    if principal.human is None:
        if rule.role is Role.MEMBER or principal.admin:
            return
        raise NotAllowed(_not_yours(action))
    if not is_active(person):
        raise NotAllowed(unknown_sentence(principal.human, person))
    if not roles.allow(person, rule.role):
        raise NotAllowed(_not_yours(action))


def unknown_sentence(person_id: str, person: Person | None) -> str:
    """Say why somebody takes no part in anything."""
    if person is None:
        return f"Baton does not know <@{person_id}>. The directory is read every few minutes."
    if person.is_bot:
        return "Bots and apps do not decide or steer anything; a person has to."
    if person.deleted:
        return f"<@{person_id}> is deactivated in Slack."
    return "Guests and people of other workspaces do not decide or steer anything here."


def _has_scope(principal: Principal, scope: str) -> bool:
    """Admin stands for every scope but one: who administers Baton does not thereby approve."""
    return scope in principal.scopes or (principal.admin and scope != "approve")


def _takes_part(principal: Principal, person: Person | None) -> bool:
    return principal.human is None or is_active(person)


def _not_yours(action: str) -> str:
    if action == "publish":
        return "Only an author or an admin may publish workflows, or change what becomes of them."
    if action == "tend":
        return (
            "Only an operator, or the person whose tool reports this, may do that. Ask one of them."
        )
    return (
        "Only an operator, whoever started the run, or one of its approvers may "
        f"{_DOES.get(action, action)} it. Ask one of them."
    )

"""Everybody there can be, what they hold, and what the table of rights says they may: written anew.

`may` reads the rows of `POLICY` and calls nothing of it: a mistake in `authorize` is a difference
between the two, and not a mistake made twice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coordination.policy import POLICY, Role, Roles
from tests.coordination.scene import PEOPLE, someone

ROLES = Roles({Role.OPERATOR: ("@olga",), Role.AUTHOR: ("@aude",), Role.ADMIN: ("@root",)})
EVERYBODY = (*PEOPLE, someone("aude"), someone("root", is_admin=True))
TAKING_PART = ("ada", "grace", "linus", "olga", "mallory", "aude", "root")
OUTSIDE = ("guest", "gone", "bot", "nobody")  # the last one is not in the directory at all
HANDLES = (*TAKING_PART, *OUTSIDE)
HOLDS: Mapping[str, frozenset[Role]] = {
    "olga": frozenset({Role.OPERATOR}),
    "aude": frozenset({Role.AUTHOR}),
    "root": frozenset({Role.OPERATOR, Role.AUTHOR, Role.ADMIN}),
}
STARTER = "ada"  # of the run that every scene has
ASKED = ("grace", "linus", "olga")  # by the question of every scene; olga as an operator
INVOLVED = (STARTER, *ASKED)
SCOPES = ("read", "notify", "run", "approve", "publish", "admin")
ASKED_SOURCE = "policy"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who comes: a person by themselves where *scopes* is None, else a token, of *handle* or of nobody."""

    handle: str | None
    scopes: frozenset[str] | None = None
    source: str = "ci"

    @property
    def person_id(self) -> str | None:
        return None if self.handle is None else f"U{self.handle.upper()}"

    def has_scope(self, scope: str) -> bool:
        """A person needs none; `admin` stands for all but for approving."""
        if self.scopes is None:
            return True
        return scope in self.scopes or ("admin" in self.scopes and scope != "approve")


def may(actor: Actor, action: str, *, involved: Collection[str] = INVOLVED) -> bool:
    """Say what the row of *action* means for *actor*; *involved* are those who have to do with it."""
    rule = POLICY[action]
    if not actor.has_scope(rule.scope) or actor.handle in OUTSIDE:
        in_its_own_name = actor.scopes is not None and rule.scope in ("notify", "read")
        return actor.has_scope(rule.scope) and in_its_own_name
    takes_part = actor.handle in involved if actor.handle else is_asked_as_a_tool(actor, involved)
    if rule.role is Role.MEMBER or (rule.involved and takes_part):
        return True
    if actor.handle is None:
        return "admin" in (actor.scopes or ())
    return rule.role in HOLDS.get(actor.handle, ())


def is_asked_as_a_tool(actor: Actor, involved: Collection[str]) -> bool:
    """The source that is among those who are asked has to do with the run as well."""
    return bool(involved) and actor.source == ASKED_SOURCE


def may_answer(actor: Actor) -> bool:
    """Say who answers the question of the scene: who is asked, and holds what it takes to answer."""
    if not actor.has_scope("approve"):
        return False
    return actor.handle in ASKED or (actor.handle is None and actor.source == ASKED_SOURCE)

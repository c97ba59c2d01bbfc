"""Who may do what: the matrix of the policy table, and the forms in which people are named."""

import pytest

from coordination.errors import NotAllowed
from coordination.policy import (
    POLICY,
    Principal,
    Role,
    Roles,
    authorize,
    is_named,
    names_person,
    require_scope,
)
from coordination.ports import Person


def person(
    handle: str = "grace",
    *,
    bot: bool = False,
    deleted: bool = False,
    admin: bool = False,
    restricted: bool = False,
) -> Person:
    return Person(f"U{handle.upper()}", handle, handle, bot, deleted, admin, restricted)


GRACE = person()
HER = Principal("person", GRACE.id, GRACE.id, source="slack")
NOBODY = Roles()
OPERATORS = Roles({Role.OPERATOR: ("@grace",)})
STEERING = ("pause", "resume", "cancel", "retry", "skip", "rollback", "signal", "resolve")


def token(*scopes: str, human: str | None = None, admin: bool = False) -> Principal:
    return Principal("token", "AAAA", human, "ci", frozenset(scopes), admin)


def test_what_has_no_row_is_nobodys_to_do() -> None:
    with pytest.raises(NotAllowed, match="no row"):
        authorize(HER, "drop_tables", person=GRACE, roles=OPERATORS)


@pytest.mark.parametrize("action", sorted(POLICY))
@pytest.mark.parametrize("kind", ["timer", "system"])
def test_only_people_and_tokens_get_through(action: str, kind: str) -> None:
    with pytest.raises(NotAllowed):
        authorize(Principal(kind, kind), action, person=GRACE, roles=OPERATORS)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", sorted(POLICY))
def test_a_token_without_the_scope_of_an_action_may_not_do_it(action: str) -> None:
    others = {rule.scope for rule in POLICY.values()} - {POLICY[action].scope}
    with pytest.raises(NotAllowed, match="scope") as refused:
        authorize(token(*others), action, person=None, roles=NOBODY, involved=True)
    assert refused.value.code == "forbidden-scope"
    assert refused.value.status == 403


@pytest.mark.parametrize("action", sorted(POLICY))
def test_admin_stands_for_every_scope_but_approve(action: str) -> None:
    admin = token("admin", admin=True)
    if POLICY[action].scope == "approve":
        with pytest.raises(NotAllowed):
            require_scope(admin, action)
    else:
        assert require_scope(admin, action) is POLICY[action]


@pytest.mark.parametrize("action", STEERING)
def test_steering_takes_an_operator_or_somebody_involved(action: str) -> None:
    with pytest.raises(NotAllowed, match="operator"):
        authorize(HER, action, person=GRACE, roles=NOBODY)
    authorize(HER, action, person=GRACE, roles=OPERATORS)
    authorize(HER, action, person=GRACE, roles=NOBODY, involved=True)
    authorize(HER, action, person=person(admin=True), roles=NOBODY)


@pytest.mark.parametrize("action", STEERING)
def test_a_machine_steers_only_what_is_its_own(action: str) -> None:
    machine = token("run", "approve")
    with pytest.raises(NotAllowed):
        authorize(machine, action, person=None, roles=OPERATORS)
    authorize(machine, action, person=None, roles=NOBODY, involved=True)


@pytest.mark.parametrize("action", ["read", "start", *STEERING])
@pytest.mark.parametrize(
    "who",
    [
        None,
        person(bot=True, admin=True),
        person(deleted=True, admin=True),
        person(restricted=True, admin=True),
    ],
)
def test_strangers_guests_bots_and_those_who_left_may_nothing(
    action: str, who: Person | None
) -> None:
    for involved in (False, True):
        with pytest.raises(NotAllowed):
            authorize(HER, action, person=who, roles=OPERATORS, involved=involved)


def test_a_person_principal_without_a_person_field_is_still_that_person() -> None:
    with pytest.raises(NotAllowed, match="does not know"):
        authorize(Principal("person", "UEVIL"), "start", person=None, roles=NOBODY)


def test_a_token_that_acts_for_a_person_has_that_persons_rights() -> None:
    hers = token("run", human=GRACE.id, admin=True)
    with pytest.raises(NotAllowed):
        authorize(hers, "cancel", person=GRACE, roles=NOBODY)
    with pytest.raises(NotAllowed):
        authorize(hers, "cancel", person=person(deleted=True), roles=OPERATORS)
    authorize(hers, "cancel", person=GRACE, roles=OPERATORS)


def test_a_tool_goes_on_reporting_when_the_owner_of_its_token_has_left() -> None:
    its = token("notify", "run", human="UGONE")
    authorize(its, "notify", person=None, roles=NOBODY)
    with pytest.raises(NotAllowed):  # all else takes the right of somebody who is there
        authorize(its, "cancel", person=None, roles=NOBODY)


@pytest.mark.parametrize(
    ("form", "means_her"),
    [
        ("<@UGRACE>", True),
        ("<@UGRACE|grace>", True),
        ("UGRACE", True),
        ("@grace", True),
        ("@Grace", True),
        ("grace", False),
        ("@gracex", False),
        ("<@UGRACEX>", False),
        ("UGRACE ", False),
        ("@", False),
        ("", False),
        ("role:operator", False),
    ],
)
def test_people_are_named_by_mention_id_or_handle(form: str, means_her: object) -> None:
    assert names_person(form, GRACE) is means_her


def test_nobody_is_named_by_an_empty_handle() -> None:
    assert not names_person("@", person(""))


def test_roles_name_their_holders_and_nobody_else() -> None:
    linus = person("linus")
    assert is_named(["role:operator"], GRACE, OPERATORS)
    assert not is_named(["role:operator"], linus, OPERATORS)
    assert not is_named(["role:operator"], person("root", admin=True), OPERATORS)
    assert is_named(["role:member"], linus, OPERATORS)
    assert not is_named(["role:member"], person(restricted=True), OPERATORS)


def test_workspace_admins_are_admin_until_the_configuration_names_some() -> None:
    root = person("root", admin=True)
    assert Role.ADMIN in NOBODY.of(root)
    named = Roles.read({"admin": ["@grace"]})
    assert Role.ADMIN not in named.of(root)
    assert Role.ADMIN in named.of(GRACE)
    assert Role.ADMIN not in Roles.read({"admin": []}).of(root)


def test_all_mistakes_in_the_roles_are_said_together() -> None:
    with pytest.raises(ValueError, match="no such role") as wrong:
        Roles.read({"boss": ["@grace"], "operator": ["grace"]})
    assert "'grace' is nobody" in str(wrong.value)

"""Who is in which group, who is the same human, and what a name means when two share it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from coordination import directory, votes
from coordination.coordinator import Rules
from coordination.database import definitions as definitions_table
from coordination.database import workflows as workflows_table
from coordination.errors import NotAllowed
from coordination.naming import approver_problems
from coordination.policy import Role, Roles
from coordination.ports import Group
from coordination.store import people as people_store
from tests.coordination.floor import Floor
from tests.coordination.scene import (
    PEOPLE,
    QUESTION,
    ROLES,
    Scene,
    machine,
    open_scene,
    someone,
)

SRE = Group("S0SRE", "sre", "Site reliability", ("UGRACE", "ULINUS", "UGONE", "UBOT", "UGUEST"))
EMPTY = Group("S0EMPTY", "empty", "Nobody", ("UGONE",))
FORMS = ("@sre", "@SRE", "S0SRE", "<!subteam^S0SRE>", "<!subteam^S0SRE|@sre>")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


@pytest.mark.parametrize("form", FORMS)
async def test_the_members_of_a_group_may_answer_and_nobody_else(scene: Scene, form: str) -> None:
    await scene.know(PEOPLE, [SRE])
    for who in ("mallory", "gone", "bot", "guest", "olga"):
        with pytest.raises(NotAllowed):
            await scene.answer(who, await scene.ask(replace(QUESTION, approvers=(form,))))
    asked = await scene.ask(replace(QUESTION, approvers=(form,)))
    assert (await scene.answer("linus", asked)).decided_by == "ULINUS"


async def test_who_left_the_group_does_not_answer_for_it_any_more(scene: Scene) -> None:
    await scene.know(PEOPLE, [SRE])
    asked = await scene.ask(replace(QUESTION, approvers=("@sre",)))
    await scene.know(PEOPLE, [replace(SRE, members=("ULINUS",))])
    with pytest.raises(NotAllowed, match="Only @sre"):
        await scene.answer("grace", asked)


async def test_when_groups_cannot_be_read_nobody_is_in_any(scene: Scene) -> None:
    await scene.know(PEOPLE, [SRE])
    await scene.know(PEOPLE, None)
    asked = await scene.ask(replace(QUESTION, approvers=("@sre", "S0SRE")))
    with pytest.raises(NotAllowed):
        await scene.answer("grace", asked)
    assert not await scene.door.read(people_store.groups_readable)
    await scene.know(PEOPLE, [SRE])
    assert await scene.door.read(people_store.groups_readable)
    assert (await scene.answer("grace", asked)).state == "approved"


async def test_a_handle_of_a_person_and_a_group_means_neither(scene: Scene) -> None:
    """Whoever may choose the one must not thereby become, or replace, the other."""
    people = [*PEOPLE, someone("sre")]
    await scene.know(people, [SRE])
    asked = await scene.ask(replace(QUESTION, approvers=("@sre",)))
    for who in ("sre", "grace"):
        with pytest.raises(NotAllowed, match="Only @sre"):
            await scene.answer(who, asked)
    by_id = await scene.ask(replace(QUESTION, approvers=("S0SRE", "<@USRE>"), digest="d2"), "b")
    assert (await scene.answer("grace", by_id)).state == "approved"


@pytest.mark.parametrize("more", [{"deleted": True}, {"restricted": True}, {"is_bot": True}])
async def test_who_takes_no_part_takes_no_groups_name_either(
    scene: Scene, more: dict[str, Any]
) -> None:
    await scene.know([*PEOPLE, someone("sre", **more)], [SRE])
    asked = await scene.ask(replace(QUESTION, approvers=("@sre",)))
    assert (await scene.answer("grace", asked)).state == "approved"


async def test_roles_may_name_groups(scene: Scene) -> None:
    await scene.know(PEOPLE, [SRE])
    scene.roles = Roles.read({"operator": ["<!subteam^S0SRE>"]})
    asked = await scene.ask(replace(QUESTION, approvers=("role:operator",)))
    with pytest.raises(NotAllowed):
        await scene.answer("olga", asked)
    assert (await scene.answer("linus", asked)).state == "approved"


async def test_reading_the_same_again_changes_nothing(scene: Scene) -> None:
    def read(tx: Any) -> int:
        return directory.replace(tx, PEOPLE, [SRE, EMPTY], now=scene.now)

    assert await scene.door.write(read) == 2
    assert await scene.door.write(read) == 0

    def renamed(tx: Any) -> int:
        return directory.replace(tx, PEOPLE, [replace(SRE, handle="ops"), EMPTY], now=scene.now)

    assert await scene.door.write(renamed) == 1


# One human with two accounts


TWO = (
    someone("ada", email="ada@example.com"),
    someone("ada2", email="ada@example.com"),
    someone("grace", email="grace@example.com"),
    someone("grace2", email="grace@example.com"),
    someone("linus"),
)
BOTH = replace(QUESTION, approvers=("@ada2", "@grace", "@grace2", "@linus"), quorum=2)


async def test_two_accounts_of_one_human_are_one_vote(scene: Scene) -> None:
    await scene.know(TWO)
    asked = await scene.ask(BOTH)
    first = await scene.answer("grace", asked)
    again = await scene.answer("grace2", asked)
    assert again.counted == first.counted
    assert [vote.person for vote in again.votes] == ["UGRACE"]
    with pytest.raises(NotAllowed, match="already said 'approve' to A-1 as <@UGRACE>"):
        await scene.answer("grace2", asked, "reject")
    assert (await scene.answer("linus", asked)).state == "approved"


async def test_nobody_approves_their_own_request_from_another_account(scene: Scene) -> None:
    await scene.know(TWO)
    asked = await scene.ask(BOTH)
    with pytest.raises(NotAllowed, match="You asked"):
        await scene.answer("ada2", asked)
    with pytest.raises(NotAllowed, match="You asked"):
        await scene.answer(machine("cli", "approve", human="UADA2"), asked)
    assert (await scene.answer("linus", asked)).counted[0].person == "ULINUS"


@pytest.mark.parametrize("how", ["is not listed any more", "shows no address", "has a new one"])
async def test_who_asked_is_known_by_the_second_account_whatever_becomes_of_the_first(
    scene: Scene, how: str
) -> None:
    await scene.know(TWO)
    asked = await scene.ask(BOTH)
    ada, *others = TWO
    first = {
        "is not listed any more": [],
        "shows no address": [replace(ada, email=None, deleted=True)],
        "has a new one": [replace(ada, email="new@example.com")],
    }[how]
    await scene.know([*first, *others])
    with pytest.raises(NotAllowed, match="You asked"):
        await scene.answer("ada2", asked)


async def test_whoever_was_gone_before_it_was_asked_is_the_same_human_still(scene: Scene) -> None:
    await scene.know(TWO)
    await scene.know(TWO[1:])
    asked = await scene.ask(BOTH)
    with pytest.raises(NotAllowed, match="You asked"):
        await scene.answer("ada2", asked)
    known = await scene.door.read(directory.read_all)
    assert known["UADA"].deleted
    assert "mallory" in known["UMALLORY"].handle


async def test_who_left_does_not_hide_who_has_their_handle_now(scene: Scene) -> None:
    await scene.know([someone("grace")])
    await scene.know([replace(someone("grace"), id="UANOTHER")])
    known = await scene.door.read(directory.read_all)
    assert directory.ids_by_handle(known)["grace"] == "UANOTHER"
    asked = await scene.ask(replace(QUESTION, approvers=("@grace",)))
    with pytest.raises(NotAllowed, match="deactivated"):
        await scene.answer("grace", asked)


async def test_votes_that_turn_out_to_be_of_one_human_count_once(scene: Scene) -> None:
    strangers = [replace(each, email=None) for each in TWO]
    await scene.know(strangers)
    asked = await scene.ask(replace(BOTH, quorum=3))
    await scene.answer("grace", asked)
    half = await scene.answer("grace2", asked)
    assert len(half.counted) == 2
    await scene.know(TWO)

    def settle(tx: Any) -> Any:
        return votes.settle(tx, scene.judging)

    (settled,) = await scene.door.write(settle)
    assert [(vote.person, vote.state) for vote in settled.votes] == [
        ("UGRACE", "counted"),
        ("UGRACE2", "refused"),
    ]
    assert await scene.door.write(settle) == []


async def test_a_shared_address_of_machines_makes_nobody_one_person(scene: Scene) -> None:
    shared = "bots@example.com"
    await scene.know([someone("grace", email=shared), someone("bot", is_bot=True, email=shared)])
    assert (await scene.answer("grace", await scene.ask())).state == "approved"


# What is wrong with those who are named


async def problems(scene: Scene, *forms: str, **more: Any) -> tuple[str, ...]:
    known = await scene.door.read(directory.read_all)
    return approver_problems(forms, known, more.pop("roles", ROLES), **more)


async def test_each_name_that_means_nobody_is_pointed_out(scene: Scene) -> None:
    people = [*PEOPLE, someone("ops")]
    await scene.know(people, [SRE, EMPTY, Group("S0OPS", "ops", "Operations", ("UGRACE",))])
    assert await problems(scene, "@grace", "<@ULINUS>", "@sre", "S0SRE", "role:operator") == ()
    assert await problems(scene, "source:ci") == ()
    for form, part in (
        ("@nobody", "no person and no group"),
        ("<!subteam^S0NONE>", "no person and no group"),
        ("@gone", "left, or is a bot or a guest"),
        ("<@UBOT>", "left, or is a bot or a guest"),
        ("@empty", "no member who takes part"),
        ("@ops", "both a person and a group"),
        ("role:author", "given to nobody"),
    ):
        (said,) = await problems(scene, form)
        assert part in said, form
        assert said.startswith(form)


async def test_a_group_that_cannot_be_read_names_the_scope(scene: Scene) -> None:
    await scene.know(PEOPLE, None)
    for form in ("@sre", "S0SRE", "<!subteam^S0SRE>"):
        (said,) = await problems(scene, form, readable=False)
        assert "usergroups:read" in said
    assert await problems(scene, "@grace", readable=False) == ()


async def test_a_quorum_that_cannot_be_reached_is_pointed_out(scene: Scene) -> None:
    await scene.know(
        [*PEOPLE, someone("grace2", email="g@x"), someone("grace3", email="g@x")], [SRE]
    )
    assert await problems(scene, "@sre", quorum=2) == ()
    assert await problems(scene, "@sre", quorum=3) == ("3 must agree, but only 2 can.",)
    assert await problems(scene, "@sre", "@grace", "source:ci", quorum=3) == ()
    assert await problems(scene, "@grace2", "@grace3", quorum=2) == (
        "2 must agree, but only 1 can.",
    )
    roles = Roles({Role.OPERATOR: ("@sre",)})
    assert await problems(scene, "role:operator", quorum=2, roles=roles) == ()


# All places at once


async def test_what_definitions_settings_and_roles_name_in_vain_is_found(scene: Scene) -> None:
    await scene.know(PEOPLE, [SRE])
    steps = [
        {"id": "a", "approval": {"title": "x", "approvers": ["@nobody"]}},
        {"id": "b", "approval": {"title": "x", "approvers": "@sre", "quorum": 3}},
        {"id": "c", "approval": {"title": "x"}},
        {"id": "d", "action": "t.x", "on_error": [{"id": "e", "approval": {"approvers": "@no"}}]},
        {"id": "f", "approval": {"approvers": ["{{ run.started_by }}"], "quorum": 9}},
        {"id": "g", "requires_approval": True},
    ]
    body = {"name": "pipeline", "settings": {"approvers": ["S0GONE"]}, "steps": steps}
    floor = Floor(scene)
    await floor.set(definitions_table, body=body)
    roles = Roles.read({"admin": ["@boss"]})
    floor.coordinator.rules = Rules(roles, ("@grace", "@typo"))
    found = await floor.coordinator.staffing_problems()

    assert [each.partition(":")[0] for each in found] == [
        "baton.yaml roles.admin",
        "baton.yaml approvers",
        "pipeline, step a",
        "pipeline, step b",
        "pipeline, step c",
        "pipeline, step e",
        "pipeline, step g",
    ]
    await floor.set(workflows_table, status="draft")
    assert len(await floor.coordinator.staffing_problems()) == 2


async def test_it_is_logged_once_as_people_are_read(scene: Scene) -> None:
    floor = Floor(scene)
    floor.coordinator.rules = Rules(ROLES, ("@typo",))
    with capture_logs() as logs:
        await floor.coordinator.refresh_directory()
        await floor.coordinator.refresh_directory()
    warned = [each["problem"] for each in logs if each["event"] == "nobody_by_that_name"]
    assert [each for each in warned if "@typo" in each] == warned
    assert len(warned) == 1

"""Handing a vote on: who may, to whom, and what the other one's answer is worth."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coordination import delegations, votes
from coordination.database import audit as audit_table
from coordination.database import delegations as delegations_table
from coordination.database import outbox as outbox_table
from coordination.database import votes as votes_table
from coordination.delegations import Handing, LookedUp
from coordination.errors import AlreadyDecided, Conflict, NotAllowed, NotFound
from coordination.policy import Principal
from coordination.questions import Approval, Covered
from tests.coordination.scene import (
    MINUTE,
    PEOPLE,
    QUESTION,
    Scene,
    machine,
    open_scene,
    person,
    someone,
)

ZOE = someone("zoe")
YAN = someone("yan")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    await scene.know([*PEOPLE, ZOE, YAN])
    yield scene
    await scene.door.close()


async def hand(
    scene: Scene, who: str | Principal, asked: Approval, to: str, comment: str | None = None
) -> Approval:
    principal = person(who) if isinstance(who, str) else who
    order = Handing(principal, asked.id, f"U{to.upper()}", comment, "slack")
    return await scene.door.write(lambda tx: delegations.hand(tx, order, scene.judging))


async def take_back(scene: Scene, who: str, asked: Approval) -> Approval:
    order = Handing(person(who), asked.id, None, None, "slack")
    return await scene.door.write(lambda tx: delegations.take_back(tx, order, scene.judging))


async def test_the_delegates_answer_counts_and_says_for_whom(scene: Scene) -> None:
    asked = await scene.ask()
    handed = await hand(scene, "grace", asked, "zoe", "I am on a plane")
    assert handed.handed_by("UGRACE") == handed.handed_to("UZOE")
    decided = await scene.answer("zoe", asked)
    (vote,) = decided.counted
    assert (decided.state, vote.person, vote.for_person) == ("approved", "UZOE", "UGRACE")
    rows = [(row.action, row.actor) for row in await scene.rows(audit_table)]
    assert ("approval.delegated", "UGRACE") in rows
    replies = [row.body["text"] for row in await scene.rows(outbox_table) if row.kind == "reply"]
    assert replies == [
        "<@UGRACE> handed their vote to <@UZOE>",
        "Approved by <@UZOE> for <@UGRACE>",
    ]
    (told,) = [row for row in await scene.rows(outbox_table) if row.kind == "nudge"]
    assert (told.recipient, told.body["why"]) == ("UZOE", "delegate")


async def test_who_handed_their_vote_on_has_none_until_they_take_it_back(scene: Scene) -> None:
    asked = await scene.ask()
    await hand(scene, "grace", asked, "zoe")
    for choice in ("approve", "reject"):
        with pytest.raises(NotAllowed, match="You handed your vote on A-1 to <@UZOE>"):
            await scene.answer("grace", asked, choice)
    assert await scene.rows(votes_table) == []
    back = await take_back(scene, "grace", asked)
    assert back.delegations == ()
    with pytest.raises(NotAllowed, match="Only"):
        await scene.answer("zoe", asked)
    assert (await scene.answer("grace", asked)).decided_by == "UGRACE"


async def test_the_same_again_changes_nothing(scene: Scene) -> None:
    asked = await scene.ask()
    first = await hand(scene, "grace", asked, "zoe")
    before = [await scene.rows(table) for table in (audit_table, outbox_table)]
    scene.now += MINUTE
    assert await hand(scene, "grace", asked, "zoe") == first
    assert [await scene.rows(table) for table in (audit_table, outbox_table)] == before
    await take_back(scene, "grace", asked)
    nothing = await take_back(scene, "grace", asked)
    assert nothing.delegations == ()


@pytest.mark.parametrize(
    ("who", "to", "why"),
    [
        ("mallory", "zoe", "Only"),
        ("ada", "zoe", "You asked"),
        ("guest", "zoe", "Guests"),
        ("gone", "zoe", "deactivated"),
        ("grace", "grace", "That is you"),
        ("grace", "ada", "asked for A-1"),
        ("grace", "bot", "takes no part"),
        ("grace", "guest", "takes no part"),
        ("grace", "gone", "takes no part"),
        ("grace", "linus", "may answer A-1 already"),
    ],
)
async def test_a_vote_goes_from_who_has_one_to_who_has_none(
    scene: Scene, who: str, to: str, why: str
) -> None:
    asked = await scene.ask()
    with pytest.raises(NotAllowed, match=why):
        await hand(scene, who, asked, to)
    assert await scene.rows(delegations_table) == []


async def test_a_machine_hands_nothing_on(scene: Scene) -> None:
    asked = await scene.ask()
    with pytest.raises(NotAllowed, match="Only people"):
        await hand(scene, machine("policy", "approve"), asked, "zoe")
    with pytest.raises(NotAllowed, match="scope"):
        await hand(scene, machine("cli", "run", human="UGRACE"), asked, "zoe")
    handed = await hand(scene, machine("cli", "approve", human="UGRACE"), asked, "zoe")
    assert handed.delegations[0].person == "UGRACE"


async def test_nobody_has_two_votes(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    await hand(scene, "grace", asked, "zoe")
    with pytest.raises(NotAllowed, match="answers A-1 for somebody else already"):
        await hand(scene, "linus", asked, "zoe")
    with pytest.raises(NotAllowed, match="only they can hand that vote on"):
        await hand(scene, "zoe", asked, "yan")
    with pytest.raises(NotAllowed, match="handed their own vote"):
        await hand(scene, "linus", asked, "grace")
    await scene.answer("zoe", asked)
    assert (await scene.answer("zoe", asked)).state == "open"
    assert (await scene.answer("linus", asked)).state == "approved"


async def test_what_was_used_is_not_taken_back_and_what_was_answered_not_handed_on(
    scene: Scene,
) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=3))
    await hand(scene, "grace", asked, "zoe")
    await scene.answer("zoe", asked)
    with pytest.raises(Conflict, match=r"<@UZOE> answered A-1 for you already: approve"):
        await take_back(scene, "grace", asked)
    await scene.answer("linus", asked)
    with pytest.raises(Conflict, match="no vote to hand on"):
        await hand(scene, "linus", asked, "yan")


async def test_a_vote_of_somebody_who_left_meanwhile_is_worth_nothing(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    await hand(scene, "grace", asked, "zoe")
    await scene.answer("zoe", asked)
    left = [each for each in (*PEOPLE, ZOE, YAN) if each.handle != "grace"]
    await scene.know(left)
    (settled,) = await scene.door.write(lambda tx: votes.settle(tx, scene.judging))
    assert settled.counted == ()
    with pytest.raises(NotAllowed):
        await scene.answer("zoe", asked)
    assert (await scene.answer("linus", asked)).state == "open"


async def test_before_the_effect_the_one_behind_the_vote_is_judged_again(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, covers=(Covered("deploy", "shell.run", {}, "d2"),)))
    await hand(scene, "grace", asked, "zoe")
    await scene.answer("zoe", asked)

    async def why() -> str | None:
        return await scene.door.write(
            lambda tx: votes.still_covers(tx, scene.run_key, "deploy", "d2", scene.roles)
        )

    assert await why() is None
    await scene.know([*(each for each in PEOPLE if each.handle != "grace"), ZOE])
    assert "may not any more" in (await why() or "")


async def test_after_the_end_and_under_an_old_directory_nothing_is_handed_on(scene: Scene) -> None:
    asked = await scene.ask()
    scene.now += 6 * MINUTE
    with pytest.raises(LookedUp):
        await hand(scene, "grace", asked, "zoe")
    await scene.know([*PEOPLE, ZOE])
    with pytest.raises(NotFound):
        await hand(scene, "grace", asked, "nobody")
    await scene.answer("linus", asked)
    with pytest.raises(AlreadyDecided):
        await hand(scene, "grace", asked, "zoe")
    assert await scene.rows(delegations_table) == []


async def test_a_changed_question_keeps_who_answers_for_whom(scene: Scene) -> None:
    asked = await scene.ask()
    await hand(scene, "grace", asked, "zoe")
    changed = await scene.ask(replace(QUESTION, digest="d2"))
    assert changed.version == 2
    with pytest.raises(NotAllowed):
        await scene.answer("grace", changed)
    assert (await scene.answer("zoe", changed, version=2)).state == "approved"


async def test_a_second_account_of_who_handed_on_has_no_vote_either(scene: Scene) -> None:
    twice: list[Any] = [
        someone("grace", email="g@x"),
        someone("linus", email="g@x"),
        someone("ada"),
        ZOE,
        someone("zoe2", email="z@x"),
    ]
    await scene.know(twice)
    asked = await scene.ask()
    with pytest.raises(NotAllowed, match="That is you"):
        await hand(scene, "grace", asked, "linus")
    await hand(scene, "grace", asked, "zoe")
    with pytest.raises(NotAllowed, match="You handed your vote"):
        await scene.answer("linus", asked)

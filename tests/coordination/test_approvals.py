"""One decision function: who may answer, who was first, what hangs on a verdict."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coordination import audit
from coordination.changes import Change
from coordination.database import audit as audit_table
from coordination.database import outbox as outbox_table
from coordination.database import timers as timers_table
from coordination.database import votes as votes_table
from coordination.database import waits as waits_table
from coordination.database import wakeups as wakeups_table
from coordination.eligibility import Standing, why_not
from coordination.errors import (
    AlreadyDecided,
    CommentRequired,
    InvalidChoice,
    NotAllowed,
    NotFound,
    Superseded,
)
from coordination.policy import Principal
from coordination.questions import Covered, Question
from tests.coordination.scene import (
    MINUTE,
    QUESTION,
    T0,
    Scene,
    machine,
    open_scene,
    person,
)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


async def told(scene: Scene) -> list[tuple[str, dict[str, Any]]]:
    return [(row.kind, row.body) for row in await scene.rows(outbox_table)]


async def test_a_question_is_stored_as_it_was_asked_and_its_card_is_queued(scene: Scene) -> None:
    question = replace(
        QUESTION,
        description="14 files",
        show=("a", {"file": "x"}),
        covers=(Covered("deploy", "shell.run", {"argv": ["./deploy.sh"]}, "d2"),),
        not_covered=(("announce", "depends on deploy"),),
        expires_at=T0 + MINUTE,
    )
    asked = await scene.ask(question)
    assert asked.question == question
    assert (asked.label, asked.state, asked.version, asked.digest) == ("A-1", "open", 1, "d1")
    assert (asked.run_number, asked.thread_id, asked.requested_by) == (3, "th_1", "UADA")
    assert await told(scene) == [("approval", {"approval_id": asked.id})]
    (timer,) = await scene.rows(timers_table)
    assert (timer.owner_kind, timer.owner_key, timer.due_at) == ("approval", asked.key, T0 + MINUTE)


async def test_the_first_yes_decides_and_all_that_hangs_on_it_is_in_one_unit(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, expires_at=T0 + MINUTE))
    decided = await scene.answer("grace", asked, comment="looks <good>", via="slack")
    assert (decided.state, decided.decided_by, decided.via) == ("approved", "UGRACE", "slack")
    assert [vote.person for vote in decided.votes] == ["UGRACE"]
    (wakeup,) = await scene.rows(wakeups_table)
    assert wakeup.delivery_id == f"{asked.id}.1"
    assert wakeup.payload["path"] == "gate"
    assert wakeup.payload["by"] == "UGRACE"
    assert wakeup.payload["digest"] == "d1"
    assert await scene.rows(timers_table) == []
    actions = [(row.action, row.actor) for row in await scene.rows(audit_table)]
    assert actions == [
        ("approval.open", "UADA"),
        ("vote.counted", "UGRACE"),
        ("approval.approved", "UGRACE"),
    ]
    assert await scene.door.read(audit.verify) is None
    assert (await told(scene))[-1] == (
        "reply",
        {"text": "Approved by <@UGRACE>: looks &lt;good&gt;"},
    )


async def test_the_same_answer_again_is_the_same_answer_and_writes_nothing(scene: Scene) -> None:
    asked = await scene.ask()
    first = await scene.answer("grace", asked)
    before = [await scene.rows(table) for table in (votes_table, audit_table, outbox_table)]
    scene.now += MINUTE
    assert await scene.answer("grace", asked, version=1) == first
    assert [await scene.rows(table) for table in (votes_table, audit_table, outbox_table)] == before


@pytest.mark.parametrize("choice", ["approve", "reject"])
async def test_a_later_click_hears_who_was_first_and_changes_nothing(
    scene: Scene, choice: str
) -> None:
    asked = await scene.ask()
    await scene.answer("grace", asked, "reject", comment="freeze")
    if choice == "reject":  # by somebody else: that is not the same answer either
        late = scene.answer("linus", asked, choice)
    else:
        late = scene.answer("grace", asked, choice)
    with pytest.raises(AlreadyDecided) as refused:
        await late
    assert refused.value.approval.decided_by == "UGRACE"
    assert str(refused.value).endswith("rejected by <@UGRACE> at 12:00 UTC on 2026-03-01: freeze")
    assert len(await scene.rows(wakeups_table)) == 1
    assert len(await scene.rows(votes_table)) == 1


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (person("ada"), "You asked"),
        (person("mallory"), "Only @grace, <@ULINUS>"),
        (person("guest"), "Guests"),
        (person("bot"), "Bots"),
        (person("gone"), "deactivated"),
        (person("stranger"), "does not know"),
        (machine("ci", "approve"), "by people, not by tools"),
        (machine("ci", "approve", human="UMALLORY"), "Only"),
        (machine("ci", "approve", human="UADA"), "You asked"),
    ],
)
@pytest.mark.parametrize("choice", ["approve", "reject"])
async def test_nobody_decides_who_may_not(
    scene: Scene, who: Principal, why: str, choice: str
) -> None:
    asked = await scene.ask()
    with pytest.raises(NotAllowed, match=why) as refused:
        await scene.answer(who, asked, choice)
    assert refused.value.code == "not-eligible"
    assert await scene.rows(votes_table) == []
    assert await scene.rows(wakeups_table) == []
    assert (await scene.rows(waits_table))[0].state == "open"


@pytest.mark.parametrize(
    "who",
    [
        machine("policy", "run", "notify"),
        Principal("token", "x", "UGRACE", "ci", frozenset({"admin"}), admin=True),
        Principal("system", "system"),
        Principal("timer", "timer"),
    ],
)
async def test_without_the_right_scope_not_even_the_question_is_looked_up(
    scene: Scene, who: Principal
) -> None:
    asked = await scene.ask()
    for approval in (asked, replace(asked, id="ap_none")):
        with pytest.raises(NotAllowed) as refused:
            await scene.answer(who, approval)
        assert refused.value.code == "forbidden-scope"


@pytest.mark.parametrize(
    ("who", "voter"),
    [
        (person("grace"), "UGRACE"),
        (person("linus"), "ULINUS"),
        (person("olga"), "UOLGA"),
        (machine("policy", "approve"), "source:policy"),
        (machine("cli", "approve", human="UGRACE"), "UGRACE"),
    ],
)
async def test_everybody_who_is_named_may(scene: Scene, who: Principal, voter: str) -> None:
    decided = await scene.answer(who, await scene.ask())
    assert (decided.state, decided.decided_by) == ("approved", voter)


async def test_a_machine_does_not_approve_what_it_asked_for_itself(scene: Scene) -> None:
    asked = replace(await scene.ask(), requested_by="source:policy")
    standing = Standing(None, fresh=True, roles=scene.roles)
    assert why_not(asked, machine("policy", "approve"), standing) is not None


async def test_the_asker_may_where_the_question_says_so(scene: Scene) -> None:
    question = replace(QUESTION, approvers=("@ada",), allow_self=True)
    assert (await scene.answer("ada", await scene.ask(question))).state == "approved"


async def test_a_quorum_counts_distinct_people(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    for _ in range(3):
        half = await scene.answer("grace", asked)
        assert (half.state, len(half.counted)) == ("open", 1)
    token = machine("cli", "approve", human="UGRACE")
    assert (await scene.answer(token, asked)).state == "open"
    assert await scene.rows(wakeups_table) == []
    assert (await scene.answer("linus", asked)).state == "approved"
    (wakeup,) = await scene.rows(wakeups_table)
    assert [vote["by"] for vote in wakeup.payload["votes"]] == ["UGRACE", "ULINUS"]


async def test_one_no_ends_it_whatever_the_quorum(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    await scene.answer("grace", asked)
    assert (await scene.answer("linus", asked, "reject")).state == "rejected"


async def test_a_yes_can_be_taken_back_while_nothing_is_decided(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    await scene.answer("grace", asked)
    assert (await scene.answer("grace", asked, "reject")).state == "rejected"
    assert [row.choice for row in await scene.rows(votes_table)] == ["reject"]


async def test_custom_answers_are_counted_each_for_itself(scene: Scene) -> None:
    question = replace(QUESTION, decisions=("ship", "wait"), quorum=2)
    asked = await scene.ask(question)
    await scene.answer("grace", asked, "ship")
    assert (await scene.answer("linus", asked, "wait")).state == "open"
    decided = await scene.answer("olga", asked, "ship")
    assert (decided.state, decided.decision) == ("answered", "ship")
    with pytest.raises(InvalidChoice, match="ship, wait, reject"):
        await scene.answer("grace", await scene.ask(question, "other"), "approve")


async def test_a_text_is_an_answer_and_an_empty_one_is_not(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, answer="text"))
    for text in (None, "", "  "):
        with pytest.raises(InvalidChoice, match="asks for a text"):
            await scene.answer("grace", asked, "answer", text=text)
    decided = await scene.answer("grace", asked, "answer", text="in <two> weeks")
    assert (decided.state, decided.text) == ("answered", "in <two> weeks")
    assert (await told(scene))[-1][1]["text"] == "Answered by <@UGRACE>: in &lt;two&gt; weeks"


@pytest.mark.parametrize(
    ("rule", "choice", "needed"),
    [
        ("reject", "reject", True),
        ("reject", "approve", False),
        ("always", "approve", True),
        ("never", "reject", False),
    ],
)
async def test_a_reason_is_asked_for_as_the_question_says(
    scene: Scene, rule: Any, choice: str, needed: object
) -> None:
    asked = await scene.ask(replace(QUESTION, require_reason=rule))
    if needed:
        with pytest.raises(CommentRequired):
            await scene.answer("grace", asked, choice, comment=" ")
        assert await scene.rows(votes_table) == []
    else:
        assert (await scene.answer("grace", asked, choice, comment=None)).ended


async def test_an_old_version_or_other_bytes_do_not_count(scene: Scene) -> None:
    asked = await scene.ask()
    with pytest.raises(Superseded):
        await scene.answer("grace", asked, digest="d0")
    changed = await scene.ask(replace(QUESTION, title="Deploy it all?", digest="d9"))
    assert (changed.id, changed.version) == (asked.id, 2)
    with pytest.raises(Superseded):
        await scene.answer("grace", asked, version=1)
    assert await scene.rows(votes_table) == []
    assert (await scene.answer("grace", asked, version=2, digest="d9")).state == "approved"


async def test_votes_for_an_older_version_do_not_count_for_the_new_one(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    await scene.answer("grace", asked)
    await scene.ask(replace(QUESTION, quorum=2, digest="d9"))
    half = await scene.answer("linus", asked)
    assert (half.state, [vote.person for vote in half.votes]) == ("open", ["ULINUS"])
    assert len(await scene.rows(votes_table)) == 2


async def test_the_same_question_again_is_not_asked_twice(scene: Scene) -> None:
    asked = await scene.ask()
    assert await scene.ask() == asked
    assert len(await scene.rows(waits_table)) == 1
    assert len(await scene.rows(outbox_table)) == 1


async def test_another_step_or_a_second_round_has_an_approval_of_its_own(scene: Scene) -> None:
    first = await scene.ask()
    await scene.answer("grace", first)
    second = await scene.ask()
    other = await scene.ask(path="other")
    assert len({first.id, second.id, other.id}) == 3
    assert (second.state, other.state) == ("open", "open")


@pytest.mark.parametrize("ref", ["ap_none", "A-99", "A-", "A-1x", "", "run_1", "A-" + "9" * 40])
async def test_what_is_not_there_is_not_found(scene: Scene, ref: str) -> None:
    asked = await scene.ask()
    with pytest.raises(NotFound):
        await scene.answer("grace", replace(asked, id=ref))


async def test_the_number_on_the_card_finds_it_too(scene: Scene) -> None:
    asked = await scene.ask()
    assert (await scene.answer("grace", replace(asked, id="A-1"))).id == asked.id


async def test_watchers_hear_of_a_decision_after_it_is_stored(scene: Scene) -> None:
    asked = await scene.ask()
    cursor = scene.door.changes.cursor
    await scene.answer("grace", asked)
    heard = [each.change for each in scene.door.changes.since(cursor) or ()]
    assert Change("approval", asked.id, "th_1") in heard
    with pytest.raises(AlreadyDecided):
        await scene.answer("linus", asked)


def test_a_question_reads_back_as_it_was_written_and_forgives_later_members() -> None:
    question = Question("T", covers=(Covered("a", "b", {"c": 1}, "d"),), not_covered=(("e", "f"),))
    assert Question.from_json(question.to_json() | {"later": 1}) == question

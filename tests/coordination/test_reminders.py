"""What comes by itself while a question is open: reminders, more people, and never too much of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coordination import deadlines
from coordination.database import Row
from coordination.database import audit as audit_table
from coordination.database import outbox as outbox_table
from coordination.database import timers as timers_table
from coordination.errors import AlreadyDecided, NotAllowed
from coordination.questions import Escalation, Question
from coordination.timers import Due
from tests.coordination.floor import Floor
from tests.coordination.scene import (
    MINUTE,
    PEOPLE,
    QUESTION,
    T0,
    Scene,
    open_scene,
    person,
    someone,
)

HOUR = timedelta(hours=1)
LATER = replace(
    QUESTION,
    approvers=("@grace", "<@ULINUS>"),
    remind=(30 * MINUTE, 2 * HOUR),
    escalate=(Escalation(HOUR, ("@olga",)), Escalation(3 * HOUR, ("@mallory", "@ada"))),
)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


async def pass_to(scene: Scene, at: timedelta) -> None:
    """Let time pass, and fire what is due on the way, in its order."""
    until = T0 + at
    while due := [row for row in await scene.rows(timers_table) if row.due_at <= until]:
        first = min(due, key=lambda row: (row.due_at, row.slot))
        scene.now = max(scene.now, first.due_at)
        await scene.know()
        await fire(scene, first)
    scene.now = until
    await scene.know()


async def fire(scene: Scene, row: Row) -> None:
    due = Due(row.owner_kind, row.owner_key, row.slot, row.due_at)

    def unit(tx: Any) -> None:
        from coordination import timers  # noqa: PLC0415  # beside the table of the same name

        timers.clear(tx, due.owner_kind, due.owner_key, due.slot)
        deadlines.fire(tx, due, scene.judging)

    await scene.door.write(unit)


async def nudges(scene: Scene) -> list[tuple[str | None, str, tuple[str, ...]]]:
    return [
        (row.recipient, row.body["why"], tuple(row.body["people"]))
        for row in await scene.rows(outbox_table)
        if row.kind == "nudge"
    ]


async def test_who_has_not_answered_is_reminded_in_the_thread_and_by_a_message(
    scene: Scene,
) -> None:
    asked = await scene.ask(replace(LATER, quorum=2))
    await pass_to(scene, 29 * MINUTE)
    assert await nudges(scene) == []
    await scene.answer("linus", asked)
    await pass_to(scene, 30 * MINUTE)
    assert await nudges(scene) == [
        (None, "remind", ("UGRACE",)),
        ("UGRACE", "remind", ("UGRACE",)),
    ]


async def test_nobody_is_nudged_twice_within_an_hour_and_no_nudge_is_lost(scene: Scene) -> None:
    both = replace(QUESTION, approvers=("@grace",))
    await scene.ask(replace(both, remind=(30 * MINUTE,)), "one")
    second = await scene.ask(replace(both, remind=(40 * MINUTE,), digest="d2"), "two")
    await pass_to(scene, 45 * MINUTE)
    direct = [told for told in await nudges(scene) if told[0]]
    assert direct == [("UGRACE", "remind", ("UGRACE",))]
    await pass_to(scene, 89 * MINUTE)
    assert len([told for told in await nudges(scene) if told[0]]) == 1
    await pass_to(scene, 90 * MINUTE)
    last = [row for row in await scene.rows(outbox_table) if row.recipient][-1]
    assert last.body["approval_id"] == second.id


async def test_after_an_answer_nothing_comes_any_more(scene: Scene) -> None:
    asked = await scene.ask(LATER)
    slots = {row.slot for row in await scene.rows(timers_table)}
    assert slots == {"remind:0", "remind:1", "escalate:0", "escalate:1"}
    await scene.answer("grace", asked)
    assert await scene.rows(timers_table) == []


async def test_a_timer_that_comes_after_the_answer_does_nothing(scene: Scene) -> None:
    asked = await scene.ask(LATER)
    rows = await scene.rows(timers_table)
    await scene.answer("grace", asked)
    before = await scene.rows(outbox_table)
    for row in rows:
        await fire(scene, row)
    assert await scene.rows(outbox_table) == before
    assert (await scene.answer("grace", asked)).escalated == ()


async def test_an_escalation_lets_more_people_answer_and_tells_them(scene: Scene) -> None:
    asked = await scene.ask(LATER)
    with pytest.raises(NotAllowed):
        await scene.answer("olga", asked)
    await pass_to(scene, HOUR)
    told = await nudges(scene)
    assert (None, "escalate", ("@olga",)) in told
    assert ("UOLGA", "escalate", ("UOLGA",)) in told
    (row,) = [row for row in await scene.rows(audit_table) if row.action == "approval.escalated"]
    assert (row.actor, row.detail["to"]) == ("timer", ["@olga"])
    decided = await scene.answer("olga", asked)
    assert decided.decided_by == "UOLGA"
    assert decided.approvers == ("@grace", "<@ULINUS>", "@olga")
    assert [raised.at for raised in decided.escalated] == [T0 + HOUR]


async def test_an_escalation_asks_nobody_who_asked(scene: Scene) -> None:
    asked = await scene.ask(LATER)
    await pass_to(scene, 3 * HOUR)
    assert "UADA" not in {recipient for recipient, _, _ in await nudges(scene)}
    with pytest.raises(NotAllowed, match="You asked"):
        await scene.answer("ada", asked)
    assert (await scene.answer("mallory", asked)).decided_by == "UMALLORY"


async def test_a_changed_question_begins_from_the_front(scene: Scene) -> None:
    asked = await scene.ask(LATER)
    await pass_to(scene, HOUR)
    scene.now = T0 + HOUR
    changed = await scene.ask(replace(LATER, digest="d2"))
    assert (changed.version, changed.escalated) == (2, ())
    with pytest.raises(NotAllowed):
        await scene.answer("olga", asked)
    due = {row.slot: row.due_at for row in await scene.rows(timers_table)}
    assert due["remind:0"] == T0 + HOUR + 30 * MINUTE
    assert due["escalate:0"] == T0 + 2 * HOUR


async def test_a_crowd_is_named_in_the_thread_and_not_written_to(scene: Scene) -> None:
    crowd = [someone(f"p{number}") for number in range(12)]
    question = replace(QUESTION, approvers=("role:member",), remind=(30 * MINUTE,))
    await scene.know([*PEOPLE, *crowd])
    await scene.ask(question)
    scene.now += 30 * MINUTE
    (timer,) = await scene.rows(timers_table)
    await fire(scene, timer)
    ((recipient, why, people),) = await nudges(scene)
    assert (recipient, why, len(people)) == (None, "remind", 11)


async def test_two_accounts_are_nudged_once(scene: Scene) -> None:
    await scene.know([someone("grace", email="g@x"), someone("linus", email="g@x")])
    await scene.ask(replace(LATER, escalate=()))
    scene.now += 30 * MINUTE
    timer = min(await scene.rows(timers_table), key=lambda row: row.due_at)
    await fire(scene, timer)
    assert [told[0] for told in await nudges(scene)] == [None, "UGRACE"]


def test_a_question_survives_being_stored() -> None:
    assert Question.from_json(LATER.to_json()) == LATER
    old = {
        name: value
        for name, value in LATER.to_json().items()
        if name not in ("remind", "escalate", "labels")
    }
    assert Question.from_json(old) == replace(LATER, remind=(), escalate=())


# Putting it off


async def test_who_puts_it_off_is_reminded_in_an_hour_and_not_before(scene: Scene) -> None:
    asked = await scene.ask(replace(LATER, escalate=(), remind=(30 * MINUTE, 70 * MINUTE)))
    floor = Floor(scene)
    await pass_to(scene, 40 * MINUTE)
    floor.world.clock.at = scene.now
    assert (await floor.coordinator.snooze(person("grace"), asked.id, via="slack")).id == asked.id
    before = len(await nudges(scene))
    await pass_to(scene, 99 * MINUTE)
    since = (await nudges(scene))[before:]
    assert [told[0] for told in since if told[0] == "UGRACE"] == []
    await pass_to(scene, 100 * MINUTE)
    assert (await nudges(scene))[-1] == ("UGRACE", "remind", ("UGRACE",))


async def test_only_who_is_asked_puts_it_off_and_only_while_it_is_open(scene: Scene) -> None:
    asked = await scene.ask()
    floor = Floor(scene)
    with pytest.raises(NotAllowed):
        await floor.coordinator.snooze(person("mallory"), asked.id, via="slack")
    await scene.answer("grace", asked)
    with pytest.raises(AlreadyDecided):
        await floor.coordinator.snooze(person("linus"), asked.id, via="slack")
    assert await scene.rows(timers_table) == []

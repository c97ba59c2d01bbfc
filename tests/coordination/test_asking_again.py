"""Who stands behind a question, and asking again what nobody answered."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coordination import votes
from coordination.coordinator import Rules
from coordination.database import approvals as approvals_table
from coordination.database import outbox as outbox_table
from coordination.database import processes as processes_table
from coordination.database import runs as runs_table
from coordination.database import wakeups as wakeups_table
from coordination.errors import Conflict, NotAllowed, NotFound
from coordination.questions import Approval
from coordination.tokens import Credential
from tests.coordination.floor import SOURCE, TOOL, Floor
from tests.coordination.scene import (
    MINUTE,
    PEOPLE,
    QUESTION,
    ROLES,
    T0,
    Scene,
    machine,
    open_scene,
    person,
    someone,
)

ASKED: dict[str, Any] = {"prompt": "Delete 3 files?", "approvers": ["@grace", "@linus"]}
OTHER = Credential("def", SOURCE, frozenset({"notify"}), owner="ULINUS", channel="#builds")
NOBODYS = Credential("ghi", SOURCE, frozenset({"notify"}), channel="#builds")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


@pytest.fixture
def floor(scene: Scene) -> Floor:
    floor = Floor(scene)
    floor.coordinator.rules = Rules(ROLES, (), "#general")
    return floor


async def ask(floor: Floor, *, who: Credential = TOOL, **more: Any) -> Approval:
    asks = {**ASKED, **more.pop("approval", {})}
    body = {"process_id": "agent-1", "status": "pending_approval", "approval": asks, **more}
    accepted = await floor.report(body, who=who)
    return await floor.coordinator.approval(accepted.approval_id)


# Who stands behind it


async def test_neither_the_owner_of_the_process_nor_of_the_asking_token_answers(
    floor: Floor,
) -> None:
    await floor.report({"process_id": "agent-1", "status": "started"})
    asked = await ask(floor, who=OTHER, approval={"approvers": ["@ada", "@linus", "@grace"]})
    assert asked.behind == ("UADA", "source:ci", "ULINUS")
    for who in ("ada", "linus"):
        with pytest.raises(NotAllowed, match="You asked"):
            await floor.scene.answer(who, asked)
    assert (await floor.scene.answer("grace", asked)).state == "approved"


@pytest.mark.parametrize("actor", [{"id": "UGRACE"}, {"email": "Grace@Example.com"}])
async def test_whom_an_agent_acts_for_does_not_answer_it(
    floor: Floor, actor: dict[str, str]
) -> None:
    await floor.scene.know(
        [
            *(each for each in PEOPLE if each.handle != "grace"),
            someone("grace", email="grace@example.com"),
        ]
    )
    asked = await ask(floor, who=NOBODYS, actor=actor)
    with pytest.raises(NotAllowed, match="You asked"):
        await floor.scene.answer("grace", asked)
    assert (await floor.scene.answer("linus", asked)).state == "approved"


async def test_what_a_tool_calls_a_bot_keeps_nobody_from_answering(floor: Floor) -> None:
    asked = await ask(floor, who=NOBODYS, actor={"id": "UGRACE", "kind": "bot"})
    assert (await floor.scene.answer("grace", asked)).state == "approved"


async def test_who_launched_the_agent_that_launched_it_does_not_answer(floor: Floor) -> None:
    await floor.report({"process_id": "session", "status": "started"}, who=OTHER)
    asked = await ask(floor, who=NOBODYS, parent={"process_id": "session"})
    with pytest.raises(NotAllowed, match="You asked"):
        await floor.scene.answer("linus", asked)


async def test_a_machine_does_not_answer_what_it_asked(floor: Floor) -> None:
    asked = await ask(floor, who=NOBODYS, approval={"approvers": ["source:ci", "@grace"]})
    with pytest.raises(NotAllowed, match="You asked"):
        await floor.scene.answer(machine("ci", "approve"), asked)
    assert (await floor.scene.answer("grace", asked)).state == "approved"


async def test_a_second_asker_joins_the_first(floor: Floor) -> None:
    first = await ask(floor, who=NOBODYS)
    again = await ask(floor, who=OTHER, approval={"prompt": "Delete 300 files?"})
    assert (again.id, again.version) == (first.id, 2)
    with pytest.raises(NotAllowed, match="You asked"):
        await floor.scene.answer("linus", again)


async def test_who_stands_behind_the_event_that_started_a_run_does_not_answer_it(
    floor: Floor,
) -> None:
    await floor.report({"process_id": "build", "status": "started"}, who=OTHER)
    trigger = {"kind": "event", "namespace": "ci", "process_id": "build", "actor": {"id": "UOLGA"}}
    await floor.set(runs_table, trigger=trigger, started_by="trigger:0", requested_by=None)
    asked = await floor.scene.ask()
    for who in ("linus", "olga"):
        with pytest.raises(NotAllowed, match="You asked"):
            await floor.scene.answer(who, asked)
    assert (await floor.scene.answer("grace", asked)).state == "approved"


# Asking again


async def expire(floor: Floor, asked: Approval) -> Approval:
    scene = floor.scene
    scene.now += timedelta(hours=1)
    floor.world.clock.at = scene.now
    expired = await scene.door.write(
        lambda tx: votes.expire(tx, asked.key, now=scene.now, ids=scene.ids)
    )
    assert expired is not None
    await scene.know()
    return expired


def in_an_hour() -> dict[str, Any]:
    return {"expires_at": (T0 + timedelta(hours=1)).isoformat(), "scope": "step"}


async def again(floor: Floor, who: str, asked: Approval) -> Approval:
    return await floor.coordinator.ask_again(person(who), asked.id, request_id="r", via="slack")


async def test_what_nobody_answered_is_asked_again_for_as_long_and_once(floor: Floor) -> None:
    asked = await ask(floor, approval=in_an_hour())
    with pytest.raises(Conflict, match="still open"):
        await again(floor, "grace", asked)
    expired = await expire(floor, asked)
    assert (expired.state, expired.unanswered) == ("rejected", True)
    second = await again(floor, "grace", asked)
    assert second.id != asked.id
    assert (second.state, second.again_of) == ("open", asked.id)
    assert second.expires_at == floor.scene.now + timedelta(hours=1)
    assert (await again(floor, "linus", asked)).id == second.id
    assert len(await floor.scene.rows(approvals_table)) == 2
    first = await floor.coordinator.approval(asked.id)
    assert (first.unanswered, first.again_as) == (False, second.number)
    (process,) = await floor.scene.rows(processes_table)
    assert process.status == "pending_approval"
    with pytest.raises(NotAllowed, match="You asked"):
        await floor.scene.answer("ada", second)
    assert (await floor.scene.answer("linus", second)).state == "approved"


async def test_who_has_nothing_to_do_with_it_cannot_ask_again(floor: Floor) -> None:
    asked = await ask(floor, approval=in_an_hour())
    await expire(floor, asked)
    for who in ("mallory", "guest"):
        with pytest.raises(NotAllowed):
            await again(floor, who, asked)
    with pytest.raises(NotAllowed):
        await floor.coordinator.ask_again(
            machine("cli", "run", human="UGRACE"), asked.id, request_id="r", via="api"
        )
    with pytest.raises(NotFound):
        await floor.coordinator.ask_again(person("grace"), "A-99", request_id="r", via="slack")
    assert len(await floor.scene.rows(approvals_table)) == 1
    assert (await again(floor, "ada", asked)).again_of == asked.id


async def test_what_was_answered_or_whose_process_ended_is_not_asked_again(floor: Floor) -> None:
    asked = await ask(floor, approval={**in_an_hour(), "require_reason": "never"})
    await floor.scene.answer("grace", asked, "reject")
    with pytest.raises(Conflict, match="not asked again"):
        await again(floor, "grace", asked)
    whole = await ask(floor, approval={**in_an_hour(), "scope": "process"})
    await expire(floor, whole)
    with pytest.raises(Conflict, match="the process that asked has ended"):
        await again(floor, "grace", whole)


async def test_an_answer_by_the_clock_that_says_yes_is_an_answer(floor: Floor) -> None:
    options = [{"id": "keep", "label": "Keep"}, {"id": "drop", "label": "Drop"}]
    asked = await ask(floor, approval={**in_an_hour(), "options": options, "on_timeout": "keep"})
    expired = await expire(floor, asked)
    assert (expired.state, expired.unanswered) == ("answered", False)
    with pytest.raises(Conflict):
        await again(floor, "grace", asked)


async def test_a_run_asks_again_by_retrying_the_step_that_asked(floor: Floor) -> None:
    scene = floor.scene
    question = replace(QUESTION, expires_at=T0 + MINUTE)
    asked = await scene.ask(question)
    await expire(floor, asked)
    await floor.set(runs_table, status="failed")
    with pytest.raises(NotFound, match="step"):  # the scene's run has no rows of steps
        await again(floor, "grace", asked)
    with pytest.raises(NotAllowed):
        await again(floor, "mallory", asked)
    assert [row.kind for row in await scene.rows(wakeups_table)] == ["approval"]
    second = await scene.ask(question)
    assert second.again_of == asked.id
    assert (await floor.coordinator.approval(asked.id)).again_as == second.number


async def test_a_card_is_drawn_again_on_demand(floor: Floor) -> None:
    asked = await floor.scene.ask()
    before = len(await floor.scene.rows(outbox_table))
    await floor.coordinator.redraw_approval("A-1")
    (_, notice) = (await floor.scene.rows(outbox_table))[before - 1 :]
    assert (notice.slot, notice.kind) == (f"approval:{asked.id}", "approval")
    with pytest.raises(NotFound):
        await floor.coordinator.redraw_approval("A-2")


async def test_one_look_says_who_is_waited_for_and_what_one_can_do(floor: Floor) -> None:
    asked = await floor.scene.ask()
    hers = await floor.coordinator.look_at(person("grace"), asked.id)
    assert (hers.why_not, hers.voted, hers.handed) == (None, False, False)
    assert set(hers.waiting) == {"grace", "linus", "olga"}
    his = await floor.coordinator.look_at(person("mallory"), asked.id)
    assert his.why_not == "Only @grace, @linus, role:operator, source:policy can answer A-1."
    await floor.coordinator.delegate(person("grace"), asked.id, "UMALLORY", via="slack")
    assert (await floor.coordinator.look_at(person("grace"), asked.id)).handed
    assert (await floor.coordinator.look_at(person("mallory"), asked.id)).why_not is None
    with pytest.raises(NotAllowed):
        await floor.coordinator.look_at(person("guest"), asked.id)

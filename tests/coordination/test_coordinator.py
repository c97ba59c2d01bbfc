"""The face that every edge calls: stored first, then a hint, and one answer for all."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coordination.database import approvals as approvals_table
from coordination.database import definitions as definitions_table
from coordination.database import directory as directory_table
from coordination.database import runs as runs_table
from coordination.database import votes as votes_table
from coordination.database import wakeups as wakeups_table
from coordination.database import workflows as workflows_table
from coordination.errors import (
    AlreadyDecided,
    Conflict,
    IdempotencyMismatch,
    InvalidInputs,
    NotAllowed,
    NotFound,
)
from coordination.ports import RunView
from coordination.runs import RunFilter
from tests.coordination.floor import Floor
from tests.coordination.scene import (
    PEOPLE,
    machine,
    open_scene,
    person,
)


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    floor = Floor(await open_scene(tmp_path / "baton.db"))
    yield floor
    floor.world.tasks.drop()
    await floor.scene.door.close()


async def test_a_decision_is_stored_before_the_runtime_hears_of_it(floor: Floor) -> None:
    asked = await floor.scene.ask()
    decided = await floor.coordinator.decide(person("grace"), asked.id, "approve", via="slack")
    assert decided.state == "approved"
    (wakeup,) = await floor.scene.rows(wakeups_table)
    assert floor.runtime.delivered == []
    await floor.world.tasks.run()
    assert floor.runtime.delivered == [wakeup.key]


async def test_the_same_decision_again_hints_again_and_another_is_refused(floor: Floor) -> None:
    asked = await floor.scene.ask()
    first = await floor.coordinator.decide(person("grace"), "A-1", "approve", via="slack")
    assert await floor.coordinator.decide(person("grace"), "A-1", "approve", via="cli") == first
    with pytest.raises(AlreadyDecided):
        await floor.coordinator.decide(person("linus"), asked.id, "approve", via="api")
    assert await floor.coordinator.approval("a-1") == first


async def test_an_answer_under_an_old_directory_settles_itself(floor: Floor) -> None:
    asked = await floor.scene.ask()
    floor.world.clock.at += timedelta(minutes=6)
    for who in ("grace", "linus"):
        checking = await floor.coordinator.decide(person(who), asked.id, "approve", via="slack")
        assert checking.state == "checking"
    assert floor.world.tasks.names == ["read the directory"]
    await floor.world.tasks.run()
    assert floor.workspace.asked == 1
    settled = await floor.coordinator.approval(asked.id)
    assert (settled.state, settled.decided_by) == ("approved", "UGRACE")
    assert len(floor.runtime.delivered) == 1


async def test_an_answer_of_somebody_who_is_gone_meanwhile_is_refused(floor: Floor) -> None:
    asked = await floor.scene.ask()
    floor.world.clock.at += timedelta(minutes=6)
    await floor.coordinator.decide(person("grace"), asked.id, "approve", via="slack")
    floor.workspace.members = tuple(each for each in PEOPLE if each.handle != "grace")
    await floor.world.tasks.run()
    assert (await floor.coordinator.approval(asked.id)).state == "open"
    assert [row.state for row in await floor.scene.rows(votes_table)] == ["refused"]
    assert floor.runtime.delivered == []


async def test_the_directory_is_read_whole_and_kept_as_it_is(floor: Floor) -> None:
    assert await floor.coordinator.refresh_directory() == 0
    floor.workspace.members = PEOPLE[:2]
    assert await floor.coordinator.refresh_directory() == len(PEOPLE) - 3  # one had left before
    rows = await floor.scene.rows(directory_table)
    assert sorted(row.person for row in rows if not row.deleted) == ["UADA", "UGRACE"]
    assert len(rows) == len(PEOPLE)  # nobody is forgotten: a second account of theirs may come


async def test_why_somebody_cannot_answer_is_said_before_they_try(floor: Floor) -> None:
    asked = await floor.scene.ask()
    assert await floor.coordinator.can_decide(person("grace"), asked) is None
    no = await floor.coordinator.can_decide(person("mallory"), asked)
    assert (no or "").startswith("Only @grace")
    no = await floor.coordinator.can_decide(machine("cli", "read", human="UGRACE"), asked)
    assert "scope" in (no or "")
    decided = await floor.scene.answer("grace", asked)
    no = await floor.coordinator.can_decide(person("linus"), decided)
    assert "already approved by <@UGRACE>" in (no or "")


async def test_lists_of_approvals_are_for_a_state_a_person_or_a_run(floor: Floor) -> None:
    first = await floor.scene.ask()
    second = await floor.scene.ask(path="other")
    await floor.scene.answer("grace", first)
    every = await floor.coordinator.approvals()
    assert [each.id for each in every] == [second.id, first.id]
    assert [each.id for each in await floor.coordinator.approvals(state="open")] == [second.id]
    assert [each.id for each in await floor.coordinator.approvals(state="approved")] == [first.id]
    theirs = await floor.coordinator.approvals(for_person="ULINUS")
    assert [each.id for each in theirs] == [second.id]
    assert await floor.coordinator.approvals(for_person="UMALLORY") == ()
    of_run = await floor.coordinator.approvals(run="R-3")
    assert [each.id for each in of_run] == [first.id, second.id]
    with pytest.raises(NotFound):
        await floor.coordinator.approvals(run="R-99")


async def test_a_start_by_hand_is_a_row_and_a_hint(floor: Floor) -> None:
    with floor.scene.door.changes.subscribe("start") as begun:
        run = await floor.coordinator.start(
            person("mallory"), "pipeline", {}, request_id="q1", via="slack"
        )
        row = (await floor.scene.rows(runs_table))[-1]
        assert [change.id for change in await begun.wait(0)] == [str(row.key)]
    assert (run.status, run.label, run.started_by) == ("queued", "R-1", "UMALLORY")
    assert run.inputs == {"target": "staging"}
    assert run.trigger == {"kind": "manual", "by": "UMALLORY"}
    thread = await floor.coordinator.thread(run.thread_id or "")
    assert thread.channel == "#general"


async def test_the_same_start_again_is_the_same_run_of_that_person(floor: Floor) -> None:
    async def start(who: str, target: str = "staging") -> RunView:
        return await floor.coordinator.start(
            person(who), "pipeline", {"target": target}, request_id="q1", via="slack"
        )

    run = await start("mallory")
    assert (await start("mallory")).id == run.id
    with pytest.raises(IdempotencyMismatch):
        await start("mallory", "production")
    assert (await start("grace")).id != run.id
    assert len(await floor.scene.rows(runs_table)) == 3


async def test_a_start_is_refused_with_all_its_problems_and_leaves_nothing(floor: Floor) -> None:
    with pytest.raises(InvalidInputs) as wrong:
        await floor.coordinator.start(
            person("ada"), "pipeline", {"a": 1, "b": 2}, request_id="q1", via="slack"
        )
    assert len(wrong.value.problems) == 2
    with pytest.raises(NotFound, match="Did you mean 'pipeline'"):
        await floor.coordinator.start(person("ada"), "pipelin", {}, request_id="q", via="slack")
    assert len(await floor.scene.rows(runs_table)) == 1
    assert floor.world.tasks.names == []


@pytest.mark.parametrize("status", ["draft", "paused", "archived"])
async def test_only_an_active_workflow_starts(floor: Floor, status: str) -> None:
    await floor.set(workflows_table, status=status)
    with pytest.raises(Conflict, match=f"`pipeline` is {status}"):
        await floor.coordinator.start(person("ada"), "pipeline", {}, request_id="q", via="slack")
    assert len(await floor.scene.rows(runs_table)) == 1


@pytest.mark.parametrize(
    ("start_by", "who", "allowed"),
    [
        (["role:operator"], person("olga"), True),
        (["<@UGRACE>"], person("grace"), True),
        (["<@UGRACE>"], person("olga"), False),
        (["source:ci"], machine("ci", "run"), True),
        (["source:ci"], machine("other", "run"), False),
        ([], machine("other", "run"), True),
        ([], machine("other", "notify"), False),
        ([], person("guest"), False),
        ([], person("stranger"), False),
    ],
)
async def test_who_may_start_is_what_the_definition_says(
    floor: Floor, start_by: list[str], who: Any, allowed: object
) -> None:
    await floor.set(definitions_table, body={"settings": {"start_by": start_by}})
    call = floor.coordinator.start(who, "pipeline", {}, request_id="q", via="api")
    if allowed:
        assert (await call).started_by == who.actor
    else:
        with pytest.raises(NotAllowed):
            await call
        assert len(await floor.scene.rows(runs_table)) == 1


async def test_who_started_a_run_cannot_approve_it_not_even_a_machine(floor: Floor) -> None:
    run = await floor.coordinator.start(
        machine("policy", "run", "approve"), "pipeline", {}, request_id="q", via="api"
    )
    rows = await floor.scene.rows(runs_table)
    floor.scene.run_key = next(row.key for row in rows if row.id == run.id)
    asked = await floor.scene.ask()
    with pytest.raises(NotAllowed, match="You asked"):
        await floor.coordinator.decide(
            machine("policy", "run", "approve"), asked.id, "approve", via="api"
        )


async def test_orders_are_rows_and_hints_and_show_the_run(floor: Floor) -> None:
    run = await floor.coordinator.cancel(
        person("ada"), "last", reason="", request_id="q", via="slack"
    )
    assert run.label == "R-3"
    await floor.set(runs_table, status="failed")
    with pytest.raises(NotFound, match="no step"):
        await floor.coordinator.resolve(
            person("olga"), "R-3", "x", "done", request_id="r", via="slack"
        )
    await floor.coordinator.retry(person("ada"), "R-3", request_id="s", via="slack")
    await floor.world.tasks.run()
    assert len(floor.runtime.delivered) == 2


async def test_runs_come_in_pages_and_a_wrong_status_is_said(floor: Floor) -> None:
    for request in ("a", "b"):
        await floor.coordinator.start(
            person("ada"), "pipeline", {}, request_id=request, via="slack"
        )
    page = await floor.coordinator.runs(RunFilter(limit=2))
    assert [run.number for run in page.items] == [3, 2]
    rest = await floor.coordinator.runs(RunFilter(limit=2, before=page.next))
    assert ([run.number for run in rest.items], rest.next) == ([1], None)
    with pytest.raises(InvalidInputs, match="use one of queued"):
        await floor.coordinator.runs(RunFilter(status="broken"))
    with pytest.raises(NotFound, match="no output of the step"):
        await floor.coordinator.step_log("R-3", "unit")


async def test_names_are_handles_where_people_read_them(floor: Floor) -> None:
    assert await floor.coordinator.name_of(person("grace")) == "@grace"
    assert await floor.coordinator.name_of(machine("ci")) == "source:ci"
    text = await floor.coordinator.readable("by <@UGRACE> and <@UNOBODY|x>")
    assert text == "by @grace and <@UNOBODY|x>"
    (problem,) = await floor.coordinator.approver_problems(["@grace", "role:operator", "@sre"])
    assert problem.startswith("@sre is no person")


async def test_workflows_are_shown_as_they_are(floor: Floor) -> None:
    (view,) = await floor.coordinator.workflows()
    assert (view.name, view.title, view.status, view.revision) == (
        "pipeline",
        "Pipeline",
        "active",
        1,
    )
    assert view == await floor.coordinator.workflow("pipeline")
    assert len(await floor.scene.rows(approvals_table)) == 0

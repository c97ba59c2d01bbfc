"""The face that every edge calls: stored first, then a hint, and one answer for all."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.reading import Source, read_event
from coordination import tokens
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import Transaction, update
from coordination.database import approvals as approvals_table
from coordination.database import definitions as definitions_table
from coordination.database import directory as directory_table
from coordination.database import events as events_table
from coordination.database import raw_bodies as raw_table
from coordination.database import runs as runs_table
from coordination.database import threads as threads_table
from coordination.database import tokens as tokens_table
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
from coordination.ports import Definition, Person, RunView
from coordination.runs import RunFilter
from coordination.threads_view import EventFilter, ProcessFilter
from coordination.tokens import Credential
from tests.coordination.scene import (
    MINUTE,
    PEOPLE,
    ROLES,
    T0,
    Scene,
    SmallWorld,
    machine,
    open_scene,
    person,
)

SOURCE = Source("ci", "ci", "generic")
TOOL = Credential("abc", SOURCE, frozenset({"notify"}), owner="UADA", channel="#builds")


class NotedRuntime:
    """Remembers what it was told; the rows are there without it."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.delivered: list[int] = []

    async def start(self, run_id: str) -> None:
        self.started.append(run_id)

    async def deliver(self, wakeup_id: int) -> None:
        self.delivered.append(wakeup_id)

    async def publish_definition(self, definition: Definition, *, by: str) -> Any:
        raise NotImplementedError

    async def describe(self, run_id: str) -> RunView:
        raise NotImplementedError


class TargetsOnly:
    """Takes one input, `target`, which has a default."""

    def check(self, definition: Definition, values: Mapping[str, Any]) -> Mapping[str, Any]:
        problems = [(name, "is unknown") for name in values if name != "target"]
        if problems:
            raise InvalidInputs(problems)
        return {"target": "staging"} | dict(values)


class Workspace:
    def __init__(self) -> None:
        self.members: tuple[Person, ...] = PEOPLE
        self.asked = 0

    async def people(self) -> tuple[Person, ...]:
        self.asked += 1
        return self.members


class Floor:
    """A scene with a Coordinator on it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.world = SmallWorld()
        self.world.ids = scene.ids
        self.runtime = NotedRuntime()
        self.workspace = Workspace()
        ports = Ports(self.runtime, TargetsOnly(), self.workspace)
        rules = Rules(ROLES, ("@grace",), "#general")
        self.coordinator = Coordinator(scene.door, self.world, ports, rules)  # type: ignore[arg-type]

    async def set(self, table: Any, **values: Any) -> None:
        def unit(tx: Transaction) -> None:
            tx.execute(update(table), **values)

        await self.scene.door.write(unit)

    async def report(
        self, body: Mapping[str, Any], *, who: Credential = TOOL, raw: bytes = b"{}", **more: Any
    ) -> Any:
        reading = read_event(
            dict(body),
            credential=who.source,
            received_at=self.world.clock.now(),
            event_id=self.world.ids.new("ev"),
            new_id=lambda: self.world.ids.new("id"),
        )
        (accepted,) = await self.coordinator.accept(who, [reading], raw=raw, **more)
        return accepted


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
    assert await floor.coordinator.refresh_directory() == len(PEOPLE) - 2
    known = [row.person for row in await floor.scene.rows(directory_table)]
    assert sorted(known) == ["UADA", "UGRACE"]


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
    run = await floor.coordinator.start(
        person("mallory"), "pipeline", {}, request_id="q1", via="slack"
    )
    assert (run.status, run.label, run.started_by) == ("queued", "R-1", "UMALLORY")
    assert run.inputs == {"target": "staging"}
    assert run.trigger == {"kind": "manual", "by": "UMALLORY"}
    await floor.world.tasks.run()
    assert floor.runtime.started == [run.id]
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


async def test_a_report_is_stored_whole_with_its_masked_body(floor: Floor) -> None:
    body = {"process_id": "b-1", "name": "build", "status": "started"}
    accepted = await floor.report(body, raw=b'{"token": "bt_abcdefghijkl_0123456789abcdefgh"}')
    assert accepted.effect == "created"
    (raw,) = await floor.scene.rows(raw_table)
    assert b"0123456789" not in raw.body
    thread = await floor.coordinator.thread(accepted.thread_id)
    assert (thread.channel, thread.processes[0].process_id) == ("#builds", "b-1")
    assert thread.processes[0].owner == "UADA"
    found = await floor.coordinator.process("ci", "b-1")
    assert found.status == "started"
    listed = await floor.coordinator.processes(ProcessFilter(namespace="ci"))
    assert [each.process_id for each in listed] == ["b-1"]
    (event,) = await floor.coordinator.events(EventFilter(thread=accepted.thread_id))
    assert event == await floor.coordinator.event(accepted.event_id)


async def test_a_repeat_gets_the_first_answer(floor: Floor) -> None:
    body = {"id": "one", "process_id": "b-1", "name": "build", "status": "started"}
    first = await floor.report(body)
    again = await floor.report(body)
    assert (again.event_id, again.duplicate) == (first.event_id, True)
    assert len(await floor.scene.rows(events_table)) == 1


async def test_a_dry_run_stores_nothing(floor: Floor) -> None:
    body = {"process_id": "b-1", "name": "build", "status": "started"}
    accepted = await floor.report(body, dry_run=True)
    assert accepted.effect == "created"
    assert await floor.scene.rows(events_table) == []
    assert len(await floor.scene.rows(threads_table)) == 1


async def test_a_bulk_with_a_verdict_in_it_leaves_nothing(floor: Floor) -> None:
    def read(status: str) -> Any:
        return read_event(
            {"process_id": "b-1", "name": "build", "status": status},
            credential=SOURCE,
            received_at=T0,
            event_id=floor.world.ids.new("ev"),
            new_id=lambda: floor.world.ids.new("id"),
        )

    with pytest.raises(NotAllowed, match="Answer its approval"):
        await floor.coordinator.accept(TOOL, [read("started"), read("approved")], raw=b"[]")
    assert await floor.scene.rows(events_table) == []
    done = await floor.coordinator.accept(
        TOOL, [read("started"), read("completed")], raw=b"[]", idempotency_key="k"
    )
    assert [each.status for each in done] == ["started", "completed"]
    assert len(await floor.scene.rows(raw_table)) == 1


async def test_a_token_without_notify_reports_nothing(floor: Floor) -> None:
    reader = Credential("abc", SOURCE, frozenset({"read", "approve"}))
    with pytest.raises(NotAllowed, match="notify"):
        await floor.report({"process_id": "b", "name": "b", "status": "started"}, who=reader)
    assert await floor.scene.rows(events_table) == []


async def test_what_a_tool_asks_is_answered_like_everything_else(floor: Floor) -> None:
    body = {
        "process_id": "agent-1",
        "name": "agent",
        "status": "pending_approval",
        "approval": {"prompt": "Drop the table?"},
    }
    accepted = await floor.report(body)
    asked = await floor.coordinator.approval(accepted.approval_id)
    assert (asked.title, asked.question.approvers) == ("Drop the table?", ("@grace",))
    assert asked.process is not None
    assert asked.process.id == "agent-1"
    with pytest.raises(NotAllowed, match="You asked"):
        await floor.coordinator.decide(person("ada"), asked.id, "approve", via="slack")
    floor.world.clock.at += MINUTE
    await floor.coordinator.decide(person("grace"), asked.id, "approve", via="slack")
    assert (await floor.coordinator.process("ci", "agent-1")).status == "in_progress"
    (told,) = [row for row in await floor.scene.rows(events_table) if row.source == "baton"]
    assert (told.type, told.effect) == ("dev.baton.process.approved", "updated")
    assert await floor.scene.rows(wakeups_table) == []


async def test_a_process_that_goes_on_beside_its_question_shows_it_again_when_answered(
    floor: Floor,
) -> None:
    body = {"process_id": "agent-1", "name": "agent", "status": "started"}
    await floor.report(body)
    asking = {**body, "status": "pending_approval", "approval": {"prompt": "Go on?"}}
    accepted = await floor.report(asking)
    floor.world.clock.at += MINUTE
    await floor.report({**body, "status": "in_progress"})
    assert (await floor.coordinator.process("ci", "agent-1")).status == "pending_approval"
    await floor.coordinator.decide(
        person("grace"), accepted.approval_id, "reject", comment="no", via="slack"
    )
    assert (await floor.coordinator.process("ci", "agent-1")).status == "in_progress"


async def test_a_token_is_known_by_its_text_and_its_use_is_noted_once(floor: Floor) -> None:
    token = tokens.make(floor.world.ids)

    def unit(tx: Transaction) -> None:
        tokens.put_source(tx, SOURCE, channel=None, now=T0)
        tokens.create(tx, token, tokens.Grant(source="ci", scopes=["notify"]), now=T0)

    await floor.scene.door.write(unit)
    assert await floor.coordinator.authenticate("bt_nothing") is None
    for _ in range(2):
        found = await floor.coordinator.authenticate(token.text)
        assert found is not None
        assert found.source.source == "ci"
    assert len(floor.world.tasks.names) == 1
    await floor.world.tasks.run()
    (row,) = await floor.scene.rows(tokens_table)
    assert row.last_used_at == T0


async def test_a_login_link_works_once(floor: Floor) -> None:
    assert await floor.coordinator.claim_login("n1")
    assert not await floor.coordinator.claim_login("n1")
    assert await floor.coordinator.claim_login("n2")


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

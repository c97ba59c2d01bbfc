"""What tools report and ask through the Coordinator, and who they are."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baton.reading import read_event
from coordination import tokens
from coordination.database import Transaction
from coordination.database import events as events_table
from coordination.database import identities as identities_table
from coordination.database import outbox as outbox_table
from coordination.database import processes as processes_table
from coordination.database import raw_bodies as raw_table
from coordination.database import threads as threads_table
from coordination.database import tokens as tokens_table
from coordination.database import wakeups as wakeups_table
from coordination.errors import (
    NotAllowed,
)
from coordination.events_view import EventFilter
from coordination.threads_view import ProcessFilter
from coordination.tokens import Credential
from tests.coordination.floor import SOURCE, TOOL, Floor
from tests.coordination.scene import (
    MINUTE,
    T0,
    open_scene,
    person,
)


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    floor = Floor(await open_scene(tmp_path / "baton.db"))
    yield floor
    floor.world.tasks.drop()
    await floor.scene.door.close()


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


async def test_a_rehearsal_explains_each_event_and_stores_nothing(floor: Floor) -> None:
    begun = await floor.report({"process_id": "a-1", "status": "started", "keys": ["ci:h:1"]})
    new = {"process_id": "b-1", "name": "build", "status": "started"}
    joins = {"process_id": "b-2", "status": "completed", "keys": ["ci:h:1"]}
    tables = (events_table, threads_table, processes_table, outbox_table, identities_table)
    before = [await floor.scene.rows(table) for table in tables]

    first, second, third = await floor.rehearse(new, joins, {**new, "status": "completed"})

    assert [await floor.scene.rows(table) for table in tables] == before
    assert (first.effect, first.rule, first.status) == (
        "created",
        ("new", "nobody had heard of the process"),
        "started",
    )
    assert ("process", "b-1", "no match") in [
        (each.evidence, each.value, each.outcome) for each in first.steps
    ]
    assert second.thread_id == begun.thread_id
    assert [(each.key, each.thread_id) for each in second.keys] == [("ci:h:1", begun.thread_id)]
    assert (third.was, third.status) == ("started", "completed")
    assert first.lines()[0] == "A rehearsal: nothing of this is stored"
    assert f"Thread: would have opened {first.thread_id}" in first.lines()
    assert f"Thread: would have joined {begun.thread_id}" in second.lines()
    assert "Triggers: none has this name of an event" in first.lines()


async def test_a_rehearsal_needs_the_right_to_report(floor: Floor) -> None:
    with pytest.raises(NotAllowed, match="notify"):
        await floor.rehearse(
            {"process_id": "b-1", "status": "started"},
            who=replace(TOOL, scopes=frozenset({"read"})),
        )


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
    asking = {
        **body,
        "status": "pending_approval",
        "approval": {"prompt": "Go on?", "scope": "step"},
    }
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
    assert await floor.coordinator.claim("login", "n1")
    assert not await floor.coordinator.claim("login", "n1")
    assert await floor.coordinator.claim("login", "n2")

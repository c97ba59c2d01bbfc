"""One event into the store: what is written, what is answered, and what is not done twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.events import ApprovalRequest, Event, Progress
from coordination import identities
from coordination.accept import Accepted, Incoming
from coordination.changes import Change, Changes
from coordination.database import InlineDoor, open_sqlite, outbox, raw_bodies, update, waits
from coordination.database import events as events_table
from coordination.database import processes as processes_table
from coordination.errors import IdempotencyMismatch, NotAllowed
from coordination.store.events import Raw
from tests.coordination.inbox import T0, Inbox, event, open_inbox

_SPOIL = update(processes_table)


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = open_inbox(tmp_path / "x.db")
    yield inbox
    await inbox.door.close()


async def test_an_accepted_event_is_stored_with_its_process_and_thread(inbox: Inbox) -> None:
    with inbox.door.changes.subscribe() as heard:
        done = await inbox.report("build", "completed", name="Build web", id="b-1")
        touched = await heard.wait(0)

    (thread,) = await inbox.threads()
    process = await inbox.process("build")
    stored = await inbox.event(done.event_id)
    assert done == Accepted(
        event_id=stored.id,
        id="b-1",
        namespace="ci",
        process_id="build",
        attempt=1,
        thread_id=thread.id,
        run_id=None,
        status="completed",
        effect="created",
    )
    assert (process.status, process.name, process.thread_key) == (
        "completed",
        "Build web",
        thread.key,
    )
    assert (stored.process_key, stored.applied, stored.dispatched_at) == (process.key, True, T0)
    assert Event.from_json(stored.body).name == "Build web"
    assert {change.kind for change in touched} == {"event", "process", "thread", "outbox"}
    assert Change("process", "ci:build", thread.id) in touched


async def test_the_answer_says_how_the_process_stands_afterwards(inbox: Inbox) -> None:
    answers = [
        await inbox.report("build", "started", 1),
        await inbox.report("build", "in_progress", 2),
        await inbox.report("build", "started", 1.5),
        await inbox.report("build", "completed", 5),
        await inbox.report("build", "failed", 6),
        await inbox.report("build", "completed", 7, attempt=1),
        await inbox.report("build", "started", 60),
    ]
    assert [(one.effect, one.status, one.attempt) for one in answers] == [
        ("created", "started", 1),
        ("updated", "in_progress", 1),
        ("late", "in_progress", 1),
        ("updated", "completed", 1),
        ("late", "completed", 1),
        ("late", "completed", 1),
        ("created", "started", 2),
    ]
    assert answers[4].warnings == ("conflicting end: the process is completed already",)


async def test_a_status_is_taken_once_in_an_attempt(inbox: Inbox) -> None:
    for at, status in enumerate(["in_progress", "pending_approval", "in_progress", "failed"]):
        await inbox.report("build", status, at)
    await inbox.report("build", "in_progress", 20, attempt=2)
    applied = [(row.status, row.applied) for row in await inbox.rows(events_table)]
    assert applied == [
        ("in_progress", True),
        ("pending_approval", True),
        ("in_progress", False),
        ("failed", True),
        ("in_progress", True),
    ]


async def test_an_event_out_of_order_is_folded_among_the_stored_ones(inbox: Inbox) -> None:
    await inbox.report("build", "in_progress", 5, message="later", result={"a": 5})
    late = await inbox.report("build", "in_progress", 3, message="earlier", result={"a": 3, "b": 3})
    state = (await inbox.process("build")).state
    assert (late.effect, state["message"], state["result"]) == ("late", "later", {"a": 5, "b": 3})


async def test_news_of_an_earlier_attempt_do_not_change_what_is_shown(inbox: Inbox) -> None:
    await inbox.report("build", "started", 1, attempt=1)
    await inbox.report("build", "started", 5, attempt=2)
    queued = await inbox.queued()
    old = await inbox.report("build", "failed", 9, attempt=1)
    assert (old.effect, old.attempt, old.status) == ("late", 1, "started")
    assert (await inbox.process("build")).attempt == 2
    assert await inbox.queued() == queued


# Once


async def test_d1_a_repeat_gets_the_first_answer_and_changes_nothing(inbox: Inbox) -> None:
    first = await inbox.report("build", "started", id="b-1")
    await inbox.report("build", "completed", 5)
    before = [await inbox.rows(table) for table in (events_table, outbox, processes_table)]
    again = await inbox.report("build", "started", id="b-1")
    assert again == first._replace(effect="duplicate", duplicate=True)
    after = [await inbox.rows(table) for table in (events_table, outbox, processes_table)]
    assert after == before


async def test_a_repeat_is_known_by_what_it_says_not_by_when_it_came(inbox: Inbox) -> None:
    await inbox.report("build", "started", id="b-1")
    again = await inbox.report("build", "started", 3, id="b-1")
    assert (again.duplicate, again.warnings) == (True, ())


async def test_d15_another_body_under_the_same_id_is_only_noted(inbox: Inbox) -> None:
    await inbox.report("build", "started", id="b-1")
    other = await inbox.report("build", "failed", id="b-1")
    assert (other.duplicate, other.status) == (True, "started")
    assert other.warnings == ("body differs from the first time",)


async def test_d16_another_body_under_the_same_key_is_refused(inbox: Inbox) -> None:
    async def send(status: str) -> Accepted:
        told = event("build", status, ids=inbox.ids)
        return await inbox.take(
            Incoming(event=told, identity=identities.identity_of(told, key="k"))
        )

    first = await send("started")
    assert (await send("started")).event_id == first.event_id
    with pytest.raises(IdempotencyMismatch, match="'k' was used for a different request"):
        await send("failed")
    assert (await inbox.process("build")).status == "started"


async def test_sources_do_not_share_identities(inbox: Inbox) -> None:
    await inbox.report("build", "started", id="1")
    other = await inbox.report("build", "started", id="1", source="lab", namespace="lab")
    assert not other.duplicate


async def test_an_identity_is_forgotten_after_seven_days(inbox: Inbox) -> None:
    await inbox.report("build", "started", id="b-1")
    week = timedelta(days=7).total_seconds()
    assert (await inbox.report("build", "started", week - 1, id="b-1")).duplicate
    assert not (await inbox.report("build", "in_progress", week + 1, id="b-1")).duplicate
    dropped = await inbox.write(lambda tx: identities.forget(tx, now=T0 + timedelta(days=15)))
    assert dropped == 1


async def test_d13_many_first_events_at_once_make_one_process(tmp_path: Path) -> None:
    door = await open_sqlite(tmp_path / "x.db", changes=Changes("a"))
    inbox = Inbox(door)  # type: ignore[arg-type]  # the door with its thread
    answers = await asyncio.gather(
        *(inbox.report("build", "started", place / 1000) for place in range(40))
    )
    assert [one.effect for one in answers].count("created") == 1
    assert len({one.thread_id for one in answers}) == 1
    assert len(await inbox.rows(processes_table)) == 1
    assert [slot for slot, _ in await inbox.queued()] == ["root"]
    await door.close()


async def test_d20_after_a_crash_behind_the_commit_the_retry_is_a_repeat(tmp_path: Path) -> None:
    crash = [True]

    def hook(moment: str) -> None:
        if moment == "after commit" and crash.pop():
            raise KeyboardInterrupt

    inbox = Inbox(InlineDoor(tmp_path / "x.db", changes=Changes("a"), hook=hook, durable=False))
    with pytest.raises(KeyboardInterrupt):
        await inbox.report("build", "started", id="b-1")
    crash.append(False)
    again = await inbox.report("build", "started", id="b-1")
    assert (again.duplicate, len(await inbox.rows(events_table))) == (True, 1)


# What is told


async def test_ends_outrank_news_in_the_queue(inbox: Inbox) -> None:
    await inbox.report("build", "started")
    (first,) = await inbox.rows(outbox)
    assert (first.slot, first.lane, first.due_at) == ("root", 4, T0)
    await inbox.report("build", "in_progress", 0.5, progress=Progress(fraction=0.1))
    assert await inbox.queued() == [("root", 4)]
    await inbox.report("build", "completed", 0.7)
    assert await inbox.queued() == [("root", 2)]


async def test_nothing_is_told_where_nothing_looks_different(inbox: Inbox) -> None:
    await inbox.report("build", "completed")
    before = await inbox.rows(outbox)
    await inbox.report("build", "in_progress", 1, heartbeat=True)
    await inbox.report("build", "failed", 2)
    await inbox.report("build", "in_progress", -5, heartbeat=True)
    assert await inbox.rows(outbox) == before


async def test_a_failed_process_posts_its_last_lines(inbox: Inbox) -> None:
    await inbox.report("build", "failed", message="F\n1 failed")
    key = (await inbox.process("build")).key
    assert await inbox.queued() == [("root", 2), (f"output:{key}:1", 3)]
    await inbox.report("other", "completed", message="all\nfine")
    await inbox.report("third", "failed")
    assert [slot for slot, _ in await inbox.queued()].count(f"output:{key}:1") == 1
    assert len(await inbox.queued()) == 4


async def test_an_event_without_a_status_opens_a_thread_that_is_not_shown_yet(
    inbox: Inbox,
) -> None:
    pushed = await inbox.report(None, type="github.push", data={"commits": 3})
    assert (pushed.effect, pushed.status, pushed.process_id) == ("created", None, None)
    stored = await inbox.event(pushed.event_id)
    assert (stored.applied, stored.type, stored.process_key) == (True, "github.push", None)
    assert await inbox.queued() == []


async def test_a_thread_is_posted_where_the_event_or_its_source_says(inbox: Inbox) -> None:
    for name, channel in (("a", "#own"), ("b", None)):
        told = event(name, "started", ids=inbox.ids, channel=channel)
        await inbox.take(Incoming(event=told, identity=None, channel="#source"))
    assert [row.channel for row in await inbox.threads()] == ["#own", "#source"]


async def test_the_raw_body_is_kept_for_a_week(inbox: Inbox) -> None:
    told = event("build", "started", ids=inbox.ids)
    await inbox.take(Incoming(event=told, identity=None, raw=Raw(b'{"status": "started"}', {})))
    (row,) = await inbox.rows(raw_bodies)
    assert (row.body, row.expires_at) == (b'{"status": "started"}', T0 + timedelta(days=7))


# Questions


async def test_what_a_tool_asks_outweighs_other_news_until_the_end(inbox: Inbox) -> None:
    asked = await inbox.report(
        "agent", "pending_approval", 1, approval=ApprovalRequest("Run rm?", approvers=("@ada",))
    )
    assert asked.approval_id is not None
    works = await inbox.report("agent", "in_progress", 2)
    assert (works.status, (await inbox.process("agent")).status) == ("pending_approval",) * 2
    done = await inbox.report("agent", "completed", 3)
    assert done.status == "completed"
    assert [row.state for row in await inbox.rows(waits)] == ["withdrawn"]


async def test_d4_a_question_after_the_end_is_not_asked(inbox: Inbox) -> None:
    await inbox.report("agent", "completed", 1)
    late = await inbox.report("agent", "pending_approval", 2, approval=ApprovalRequest("Sure?"))
    assert (late.effect, late.approval_id, late.status) == ("ignored", None, "completed")
    assert await inbox.rows(waits) == []


async def test_d12_the_next_attempt_withdraws_what_the_last_one_asked(inbox: Inbox) -> None:
    await inbox.report("agent", "pending_approval", 1, approval=ApprovalRequest("Sure?"))
    again = await inbox.report("agent", "started", 5, attempt=2)
    assert (again.effect, again.status) == ("created", "started")
    assert [row.state for row in await inbox.rows(waits)] == ["withdrawn"]


@pytest.mark.parametrize("status", ["approved", "rejected"])
async def test_no_report_approves_or_rejects_anything(inbox: Inbox, status: str) -> None:
    await inbox.report("agent", "pending_approval", 1, approval=ApprovalRequest("Sure?"))
    with pytest.raises(NotAllowed, match="Answer its approval instead"):
        await inbox.report("agent", status, 2)
    assert [row.state for row in await inbox.rows(waits)] == ["open"]
    assert len(await inbox.rows(events_table)) == 1


# When our own cleverness fails


async def test_an_event_whose_fold_fails_is_stored_and_answered(inbox: Inbox) -> None:
    await inbox.report("build", "started", 1)
    before = await inbox.process("build")

    def spoil(tx: Any) -> None:
        tx.execute(_SPOIL, state={"no": "fold"})

    await inbox.write(spoil)
    odd = await inbox.report("build", "completed", 2, id="b-2")
    assert (odd.effect, odd.thread_id, odd.status) == ("stored", None, None)
    stored = await inbox.event(odd.event_id)
    assert (stored.effect, stored.applied, stored.process_key) == ("stored", False, None)
    assert (await inbox.process("build")).updated_at == before.updated_at
    assert (await inbox.report("build", "completed", 2, id="b-2")).duplicate

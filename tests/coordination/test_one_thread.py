"""One piece of work is one thread: keys over time, on a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baton.events import Parent, Subject
from coordination import threads as unit
from coordination.database import keys as keys_table
from coordination.database import outbox as outbox_table
from coordination.database import processes as processes_table
from coordination.database import related_threads as related_table
from tests.coordination.inbox import T0, Inbox, open_inbox

HOUR = timedelta(hours=1).total_seconds()
DAY = 24 * HOUR
REPO = "github.com/acme/web"


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = open_inbox(tmp_path / "x.db")
    yield inbox
    await inbox.door.close()


def about(**members: Any) -> Subject:
    return Subject(repo=REPO, **members)


async def said(inbox: Inbox) -> list[str]:
    """Return the lines that threads were told beside their cards."""
    rows = await inbox.rows(outbox_table)
    return [row.body["text"] for row in rows if row.kind == "reply"]


async def ties(inbox: Inbox) -> list[tuple[int, int, str]]:
    rows = await inbox.rows(related_table)
    return [(row.thread_key, row.other_key, row.because) for row in rows]


async def test_a_thread_follows_the_work_from_the_session_to_the_deployment(inbox: Inbox) -> None:
    session, branch = ("agent:claude:s1",), about(ref="topic")
    agent = await inbox.report("turn", "started", keys=session, subject=branch)
    push = await inbox.report(
        None, type="ci.push", at=60, subject=about(ref="topic", sha="abc1234", pr=7)
    )
    build = await inbox.report(
        "build", "started", 90, keys=("ci:github.com:1",), subject=about(sha="abc1234")
    )
    deploy = await inbox.report(
        "deploy", "started", 200, keys=("ci:github.com:1", f"deploy:{REPO}:9")
    )
    status = await inbox.report("check", "completed", 300, keys=(f"deploy:{REPO}:9",))
    assert {one.thread_id for one in (push, build, deploy, status)} == {agent.thread_id}
    assert await said(inbox) == [
        "joined: build (same commit)",
        "joined: deploy (same CI run)",
        "joined: check (same deployment)",
    ]


async def test_what_tells_its_run_or_its_parent_joins_without_a_word(inbox: Inbox) -> None:
    first = await inbox.report("a", "started", run_id="r")
    await inbox.report("b", "started", 1, run_id="r")
    await inbox.report("c", "started", 2, parent=Parent("a"))
    last = await inbox.report("a", "in_progress", 3, correlation_id="x")
    assert (last.thread_id, await said(inbox)) == (first.thread_id, [])


async def test_a_process_that_joins_before_anything_is_shown_needs_no_word(inbox: Inbox) -> None:
    push = await inbox.report(None, type="ci.push", subject=about(sha="abc1234"))
    build = await inbox.report("build", "started", 1, subject=about(sha="abc1234"))
    assert (build.thread_id, await said(inbox)) == (push.thread_id, [])


# Weak keys


async def test_a_weak_key_leads_nowhere_once_the_work_has_ended(inbox: Inbox) -> None:
    first = await inbox.report("build-1", "completed", subject=about(sha="abc1234", ref="topic"))
    second = await inbox.report("build-2", "started", 60, subject=about(sha="abc1234", ref="topic"))
    assert first.thread_id != second.thread_id


async def test_a_weak_key_of_two_open_threads_leads_to_neither(inbox: Inbox) -> None:
    one = await inbox.report("a", "started", run_id="one", subject=about(ref="topic"))
    two = await inbox.report("b", "started", 1, run_id="two", subject=about(ref="topic"))
    third = await inbox.report("c", "started", 2, subject=about(ref="topic"))
    assert len({one.thread_id, two.thread_id, third.thread_id}) == 3
    (row,) = [row for row in await inbox.rows(keys_table) if row.thread_key == 3]
    assert (row.key, row.strong) == (f"branch:{REPO}#topic", False)
    stored = (await inbox.event(third.event_id)).explain
    assert [f"branch:{REPO}#topic", None, "in 3 threads"] in stored["keys"]
    assert ["branch", f"branch:{REPO}#topic", "ambiguous (2 threads)"] in stored["correlation"]
    assert (await ties(inbox), await said(inbox)) == ([], [])

    await inbox.report("a", "completed", 10)
    await inbox.report("c", "completed", 11)
    fourth = await inbox.report("d", "started", 12, subject=about(ref="topic"))
    assert fourth.thread_id == two.thread_id


async def test_a_stronger_key_outranks_an_ambiguous_one(inbox: Inbox) -> None:
    await inbox.report("a", "started", run_id="one", subject=about(sha="abc1234"))
    two = await inbox.report(
        "b", "started", 1, run_id="two", subject=about(sha="abc1234"), keys=("ci:h:1",)
    )
    third = await inbox.report("c", "started", 2, subject=about(sha="abc1234"), keys=("ci:h:1",))
    assert third.thread_id == two.thread_id


async def test_a_commit_is_forgotten_seven_days_after_it_was_last_seen(inbox: Inbox) -> None:
    first = await inbox.report("a", "started", subject=about(sha="abc1234"))
    await inbox.report("a", "in_progress", 5 * DAY, subject=about(sha="abc1234"))
    joins = await inbox.report("b", "started", 11 * DAY, subject=about(sha="abc1234"))
    later = await inbox.report("c", "started", 19 * DAY, subject=about(sha="abc1234"))
    assert joins.thread_id == first.thread_id != later.thread_id


async def test_a_push_waits_a_day_for_work_on_its_branch(inbox: Inbox) -> None:
    push = await inbox.report(None, type="ci.push", subject=about(ref="topic"))
    soon = await inbox.report("a", "started", 23 * HOUR, subject=about(ref="topic"))
    assert soon.thread_id == push.thread_id
    other = await inbox.report(None, type="ci.push", at=0, subject=about(ref="other"))
    late = await inbox.report("b", "started", 25 * HOUR, subject=about(ref="other"))
    assert late.thread_id != other.thread_id


# Strong keys


async def test_a_strong_key_outlives_the_work_by_its_time(inbox: Inbox) -> None:
    first = await inbox.report("a", "completed", correlation_id="c")
    within = await inbox.report("b", "completed", 29 * DAY, correlation_id="c")
    after = await inbox.report("c", "started", 60 * DAY, correlation_id="c")
    assert within.thread_id == first.thread_id != after.thread_id
    again = await inbox.report("d", "started", 61 * DAY, correlation_id="c")
    assert again.thread_id == after.thread_id


async def test_a_thread_in_which_work_goes_on_keeps_its_keys(inbox: Inbox) -> None:
    first = await inbox.report("a", "started", keys=("agent:claude:s",))
    later = await inbox.report("b", "started", 20 * DAY, keys=("agent:claude:s",))
    assert later.thread_id == first.thread_id


async def test_threads_that_turn_out_to_be_one_are_linked_once_and_nothing_moves(
    inbox: Inbox,
) -> None:
    one = await inbox.report("a", "started", keys=("ci:h:1",), name="Build <web>")
    two = await inbox.report("b", "started", 1, keys=("agent:claude:s",))
    both = ("ci:h:1", "agent:claude:s")
    for at in (2, 3):
        told = await inbox.report("b", "in_progress", at, keys=both)
        assert told.thread_id == two.thread_id
    assert await ties(inbox) == [(1, 2, "ci:h:1")]
    assert await said(inbox) == [
        "Related: Build &lt;web&gt; (same CI run)",
        "Related: b (same CI run)",
    ]
    assert (await inbox.process("a")).thread_key == 1
    later = await inbox.report("c", "started", 4, keys=("ci:h:1",))
    assert later.thread_id == one.thread_id


async def test_who_ties_everything_to_everything_is_not_told_of_for_ever(inbox: Inbox) -> None:
    for number in range(25):
        await inbox.report(f"p{number}", "started", keys=(f"ci:h:{number}",))
    for start in (0, 10, 20):
        keys = tuple(f"ci:h:{number}" for number in range(start, min(start + 10, 25)))
        await inbox.report("hub", "in_progress", 60 + start, run_id="hub", keys=keys)
    assert len(await ties(inbox)) == 25
    hub = (await inbox.process("hub")).thread_key
    rows = [row for row in await inbox.rows(outbox_table) if row.kind == "reply"]
    assert len([row for row in rows if row.thread_key == hub]) == 20


# Traces


async def test_a_trace_counts_where_its_first_event_opened_the_thread(inbox: Inbox) -> None:
    trace = "f" * 32
    first = await inbox.report("a", "started", trace_id=trace)
    second = await inbox.report("b", "started", 1, trace_id=trace)
    assert second.thread_id == first.thread_id
    assert await said(inbox) == ["joined: b (same trace)"]


async def test_the_trace_of_a_long_lived_agent_glues_nothing(inbox: Inbox) -> None:
    trace = "e" * 32
    await inbox.report("a", "started", run_id="one")
    joined = await inbox.report("b", "started", 1, run_id="one", trace_id=trace)
    free = await inbox.report("c", "started", 2, trace_id="d" * 32)
    stranger = await inbox.report("d", "started", 3, trace_id=trace)
    assert len({joined.thread_id, free.thread_id, stranger.thread_id}) == 3
    stored = (await inbox.event(joined.event_id)).explain
    assert [f"trace:{trace}", None, "unused"] in stored["keys"]


async def test_a_trace_is_forgotten_a_day_after_its_thread_ended(inbox: Inbox) -> None:
    first = await inbox.report("a", "completed", trace_id="f" * 32)
    later = await inbox.report("b", "started", 25 * HOUR, trace_id="f" * 32)
    assert later.thread_id != first.thread_id


# What keys never do


async def test_no_key_lets_one_namespace_change_the_process_of_another(inbox: Inbox) -> None:
    first = await inbox.report("build", "started", keys=("ci:h:1",))
    other = await inbox.report(
        "build", "failed", 1, keys=("ci:h:1",), source="lab", namespace="lab"
    )
    assert other.thread_id == first.thread_id
    rows = {row.namespace: row.status for row in await inbox.rows(processes_table)}
    assert rows == {"ci": "started", "lab": "failed"}


async def test_keys_that_lead_nowhere_any_more_are_dropped(inbox: Inbox) -> None:
    await inbox.report("a", "completed", keys=("ci:h:1",), subject=about(ref="topic"))
    await inbox.report("b", "started", 25 * DAY, keys=("ci:h:2",))
    drop = T0 + timedelta(days=31)
    assert await inbox.write(lambda tx: unit.forget_keys(tx, now=drop)) == 2
    assert [row.key for row in await inbox.rows(keys_table)] == ["ci:h:2"]

"""Which thread an event belongs to."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from baton.events import Event, Parent, Subject
from coordination import outbox
from coordination.correlation import Known, correlate
from coordination.outbox import Slot
from tests.coordination.inbox import T0, CountingIds, Inbox, event, open_inbox

IDS = CountingIds()


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    inbox = open_inbox(tmp_path / "x.db")
    yield inbox
    await inbox.door.close()


def told(**more: Any) -> Event:
    return event(more.pop("process_id", "b"), "started", ids=IDS, **more)


EVERYTHING: dict[str, Any] = {
    "run_id": "r",
    "parent": Parent("p"),
    "correlation_id": "c",
    "channel": "C1",
    "thread_ts": "1.2",
}


@pytest.mark.parametrize(
    ("given", "known", "thread"),
    [
        (EVERYTHING, Known(1, 2, 3, {"corr:ci:c": (4,), "slack:C1:1.2": (5,)}), 1),
        (EVERYTHING | {"run_id": None}, Known(None, 2, 3, {"corr:ci:c": (4,)}), 2),
        (EVERYTHING | {"run_id": None}, Known(None, None, 3, {"corr:ci:c": (4,)}), 3),
        (EVERYTHING | {"run_id": None}, Known(keys={"corr:ci:c": (4,), "slack:C1:1.2": (5,)}), 4),
        (EVERYTHING | {"run_id": None}, Known(keys={"slack:C1:1.2": (5,)}), 5),
        (EVERYTHING, Known(None, 2, 3, {"corr:ci:c": (4,)}), None),
        ({}, Known(), None),
    ],
)
def test_the_strongest_evidence_that_is_known_decides(
    given: dict[str, Any], known: Known, thread: int | None
) -> None:
    assert correlate(told(**given), known).thread_key == thread


def test_keys_are_tried_in_their_order_and_an_ambiguous_one_is_passed_over() -> None:
    event = told(
        correlation_id="c",
        trace_id="f" * 32,
        keys=("ci:h:1", "agent:claude:s"),
        subject=Subject(repo="h/o/n", sha="abc1234", ref="topic", pr=7),
    )
    known = Known(keys={"pr:h/o/n!7": (1, 2), "sha:h/o/n@abc1234": (3,)})
    found = correlate(event, known)
    assert found.thread_key == 3
    assert [(step.evidence, step.outcome) for step in found.steps[3:]] == [
        ("corr", "no match"),
        ("trace", "no match"),
        ("ci", "no match"),
        ("agent", "no match"),
        ("pr", "ambiguous (2 threads)"),
        ("sha", "matched"),
        ("branch", "not tried"),
    ]


def test_an_attempt_that_has_begun_stays_where_it_is() -> None:
    assert correlate(told(run_id="r"), Known(run=1, process=2), begun=True).thread_key == 2
    assert correlate(told(run_id="r"), Known(run=1, process=2)).thread_key == 1


def test_what_was_tried_can_be_explained() -> None:
    steps = correlate(told(parent=Parent("p"), correlation_id="c"), Known(parent=3)).steps
    assert [(step.evidence, step.outcome) for step in steps] == [
        ("run_id", "not given"),
        ("process", "no match"),
        ("parent", "matched"),
        ("corr", "not tried"),
    ]


# The same against the store


async def test_an_unknown_run_id_opens_a_thread_that_it_names_from_then_on(inbox: Inbox) -> None:
    first = await inbox.report("a", "started", run_id="release-7")
    second = await inbox.report("b", "started", 1, run_id="release-7")
    by_its_own_id = await inbox.report("c", "started", 2, run_id=first.thread_id)
    assert {second.thread_id, by_its_own_id.thread_id} == {first.thread_id}
    (thread,) = await inbox.threads()
    assert (thread.external_id, thread.title) == ("release-7", "a")


async def test_a_known_thread_learns_the_id_that_a_tool_gives_it_later(inbox: Inbox) -> None:
    first = await inbox.report("a", "started")
    await inbox.report("a", "in_progress", 1, run_id="release-8")
    other = await inbox.report("b", "started", 2, run_id="release-8")
    assert other.thread_id == first.thread_id
    assert len(await inbox.threads()) == 1


async def test_the_same_id_in_two_namespaces_is_two_processes(inbox: Inbox) -> None:
    one = await inbox.report("a", "started")
    other = await inbox.report("a", "started", 1, source="lab", namespace="lab")
    assert one.thread_id != other.thread_id


async def test_a_child_is_a_line_in_the_thread_of_its_parent(inbox: Inbox) -> None:
    parent = await inbox.report("a", "started")
    child = await inbox.report("a.1", "started", 1, parent=Parent("a"))
    assert child.thread_id == parent.thread_id
    assert (await inbox.process("a.1")).parent_key == (await inbox.process("a")).key


async def test_d22_a_parent_that_comes_after_its_child_is_linked_and_nothing_moves(
    inbox: Inbox,
) -> None:
    child = await inbox.report("a.1", "started", parent=Parent("a"))
    assert (await inbox.process("a.1")).parent_key is None
    parent = await inbox.report("a", "started", 1)
    assert child.thread_id != parent.thread_id
    found = await inbox.process("a.1")
    assert (found.parent_key, found.parent_ref) == ((await inbox.process("a")).key, None)


async def test_no_process_becomes_its_own_ancestor(inbox: Inbox) -> None:
    await inbox.report("a", "started", parent=Parent("c"))
    await inbox.report("b", "started", 1, parent=Parent("a"))
    await inbox.report("c", "started", 2, parent=Parent("b"))
    a, b, c = [await inbox.process(name) for name in "abc"]
    assert b.parent_key == a.key
    assert [a.parent_key, c.parent_key].count(None) == 1


async def test_one_correlation_id_is_one_thread(inbox: Inbox) -> None:
    first = await inbox.report("a", "started", correlation_id="chain-1")
    second = await inbox.report(None, type="ci.note", at=1, correlation_id="chain-1")
    stranger = await inbox.report(
        "z", "started", 2, correlation_id="chain-1", source="lab", namespace="lab"
    )
    assert second.thread_id == first.thread_id
    assert stranger.thread_id != first.thread_id


async def test_a_key_stays_with_the_thread_that_had_it_first(inbox: Inbox) -> None:
    first = await inbox.report("a", "started", correlation_id="chain-1")
    second = await inbox.report("b", "started", 1)
    both = await inbox.report("b", "in_progress", 2, correlation_id="chain-1")
    later = await inbox.report("c", "started", 3, correlation_id="chain-1")
    assert both.thread_id == second.thread_id
    assert later.thread_id == first.thread_id


async def test_an_event_in_the_slack_thread_of_a_card_joins_it(inbox: Inbox) -> None:
    first = await inbox.report("a", "started")
    key = (await inbox.threads())[0].key
    slot = Slot(key, outbox.ROOT, "C1", "17.5", "hash", permalink="https://slack/17")
    await inbox.write(lambda tx: outbox.put_slot(tx, slot, now=T0))
    reply = await inbox.report("b", "started", 1, channel="C1", thread_ts="17.5")
    assert (reply.thread_id, reply.thread_url) == (first.thread_id, "https://slack/17")


async def test_a_new_attempt_may_be_told_to_another_thread(inbox: Inbox) -> None:
    await inbox.report("nightly", "started", run_id="monday")
    await inbox.report("nightly", "completed", 5)
    again = await inbox.report("nightly", "started", 900, run_id="tuesday")
    assert (again.attempt, again.effect) == (2, "created")
    threads = {row.external_id: row for row in await inbox.threads()}
    assert again.thread_id == threads["tuesday"].id
    assert (await inbox.process("nightly")).thread_key == threads["tuesday"].key

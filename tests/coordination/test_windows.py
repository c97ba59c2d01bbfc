"""Triggers of several events: all of them within a time, and one that does not come."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from baton.events import Subject
from coordination import windows
from coordination.database import timers, trigger_windows
from tests.coordination.shop import Shop, open_shop

MINUTE = timedelta(minutes=1)
BOTH = """triggers:
  - all_of:
      - event: build.completed
      - event: test.completed
        where: trigger.result.failed == 0
    within: 10m
    correlate: "{{ trigger.subject.sha }}"
    inputs: {sha: "{{ trigger.events[0].subject.sha }}", tests: "{{ trigger.events[1].name }}"}
inputs: {sha: {type: string}, tests: {type: string}}
"""
SILENT = """triggers:
  - absence:
      after: {event: deploy.completed}
      of: {event: test.completed}
      within: 30m
    inputs: {of: "{{ trigger.after.process_id }}"}
inputs: {of: {type: string}}
"""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = open_shop(tmp_path)
    yield shop
    await shop.inbox.door.close()


async def build(shop: Shop, number: int, sha: str = "abcdef1", status: str = "completed") -> str:
    told = await shop.report(f"b{number}", status, category="build", subject=Subject(sha=sha))
    await shop.work()
    return told


async def suite(shop: Shop, number: int, sha: str = "abcdef1", failed: int = 0) -> str:
    result = {"failed": failed}
    told = await shop.report(
        f"t{number}", "completed", category="test", subject=Subject(sha=sha), result=result
    )
    await shop.work()
    return told


# All of them


async def test_all_of_them_start_one_run_that_sees_each(shop: Shop) -> None:
    await shop.publish(BOTH)
    first = await build(shop, 1)
    assert await shop.runs() == []
    assert (await shop.why(first))[0].startswith("1 of 2 events with 'abcdef1' in common")
    await shop.pass_time(9 * MINUTE)
    second = await suite(shop, 1)

    (run,) = await shop.runs()
    assert run.inputs == {"sha": "abcdef1", "tests": "t1"}
    assert [each["event_id"] for each in run.trigger["events"]] == [first, second]
    assert run.trigger["kind"] == "all_of"
    assert await shop.why(second) == ["all 2 events came"]
    assert await shop.inbox.rows(trigger_windows) == []
    assert await shop.inbox.rows(timers) == []
    tests = await shop.inbox.process("t1")
    assert run.thread_key == tests.thread_key  # that of the event that came last


async def test_the_order_in_which_they_come_does_not_matter(shop: Shop) -> None:
    await shop.publish(BOTH)
    second = await suite(shop, 1)
    first = await build(shop, 1)
    (run,) = await shop.runs()
    assert [each["event_id"] for each in run.trigger["events"]] == [first, second]


async def test_events_too_far_apart_start_nothing(shop: Shop) -> None:
    await shop.publish(BOTH)
    await build(shop, 1)
    await shop.pass_time(11 * MINUTE)
    assert await shop.inbox.rows(trigger_windows) == []
    await suite(shop, 1)
    assert await shop.runs() == []

    await shop.pass_time(5 * MINUTE)
    await build(shop, 2)
    assert len(await shop.runs()) == 1


async def test_the_window_slides(shop: Shop) -> None:
    await shop.publish(BOTH)
    await build(shop, 1)
    await shop.pass_time(8 * MINUTE)
    newer = await build(shop, 2)
    await shop.pass_time(8 * MINUTE)
    await suite(shop, 1)
    (run,) = await shop.runs()
    assert run.trigger["events"][0]["event_id"] == newer


async def test_events_that_have_nothing_in_common_do_not_count_together(shop: Shop) -> None:
    await shop.publish(BOTH)
    await build(shop, 1, "aaaaaaa")
    await suite(shop, 1, "bbbbbbb")
    assert await shop.runs() == []
    assert len(await shop.inbox.rows(trigger_windows)) == 2
    await suite(shop, 2, "aaaaaaa")
    (run,) = await shop.runs()
    assert run.inputs["sha"] == "aaaaaaa"


async def test_each_part_has_its_own_condition(shop: Shop) -> None:
    await shop.publish(BOTH)
    await build(shop, 1)
    told = await suite(shop, 1, failed=3)
    assert await shop.why(told) == ["where is false: trigger.result.failed == 0"]
    assert await shop.runs() == []


async def test_an_event_without_what_they_have_in_common_says_so(shop: Shop) -> None:
    await shop.publish(BOTH)
    told = await shop.report("b1", "completed", category="build")
    await shop.work()
    (why,) = await shop.why(told)
    assert why.startswith("correlate failed: ")


async def test_one_event_counts_for_one_part(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - all_of: [{event: test.completed}, {event: test.completed}]\n    within: 1h\n"
    )
    await suite(shop, 1)
    assert await shop.runs() == []
    await suite(shop, 2)
    assert len(await shop.runs()) == 1
    await suite(shop, 3)
    assert len(await shop.runs()) == 1


async def test_a_slot_and_an_event_can_belong_together(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - all_of: [{schedule: '0 11 * * *'}, {event: test.completed}]\n"
        "    within: 1h\n    id: release\n"
    )
    await shop.pass_time(40 * MINUTE)
    await suite(shop, 1)
    assert await shop.runs() == []
    await shop.pass_time(20 * MINUTE)
    (run,) = await shop.runs()
    assert [each["kind"] for each in run.trigger["events"]] == ["schedule", "event"]


async def test_a_window_survives_a_restart(shop: Shop) -> None:
    await shop.publish(BOTH)
    await build(shop, 1)
    shop.open()
    await shop.publish(BOTH)  # as every start does
    await suite(shop, 1)
    assert len(await shop.runs()) == 1


async def test_a_window_of_another_form_of_the_trigger_counts_no_more(shop: Shop) -> None:
    await shop.publish(BOTH)
    await build(shop, 1)
    await shop.publish(BOTH.replace("within: 10m", "within: 20m"))
    told = await suite(shop, 1)
    assert await shop.runs() == []
    assert (await shop.why(told))[0].startswith("1 of 2 events")


async def test_there_is_an_end_to_open_windows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST", 3)
    await shop.publish(BOTH)
    told = [await build(shop, number, f"aaaaaa{number}") for number in range(4)]
    assert await shop.why(told[-1]) == ["more than 3 windows of this trigger are open"]
    assert len(await shop.inbox.rows(trigger_windows)) == 3


# What does not come


async def test_what_does_not_come_starts_a_run(shop: Shop) -> None:
    await shop.publish(SILENT)
    began = await shop.report("d1", "completed", category="deploy", name="Deploy")
    await shop.work()
    assert (await shop.why(began))[0].startswith("waits until 2026-03-02 10:30:00 UTC")
    await shop.pass_time(29 * MINUTE)
    assert await shop.runs() == []
    await shop.pass_time(MINUTE)

    (run,) = await shop.runs()
    assert run.inputs == {"of": "d1"}
    assert run.trigger["after"]["event_id"] == began
    assert run.trigger["kind"] == "absence"
    assert run.thread_key == (await shop.inbox.process("d1")).thread_key
    await shop.pass_time(60 * MINUTE)
    assert len(await shop.runs()) == 1


async def test_what_comes_in_time_starts_nothing(shop: Shop) -> None:
    await shop.publish(SILENT)
    await shop.report("d1", "completed", category="deploy")
    await shop.pass_time(20 * MINUTE)
    told = await suite(shop, 1)
    assert await shop.why(told) == ["it was expected: 1 waits are over"]
    await shop.pass_time(60 * MINUTE)
    assert await shop.runs() == []
    assert await shop.inbox.rows(timers) == []


async def test_what_came_in_time_counts_though_it_is_looked_at_late(shop: Shop) -> None:
    await shop.publish(SILENT)
    await shop.report("d1", "completed", category="deploy")
    await shop.work()
    await shop.pass_time(29 * MINUTE)
    await shop.report("t1", "completed", category="test")
    shop.inbox.clock.advance(30 * MINUTE)  # Baton was down meanwhile, and the timer comes first
    assert await shop.timers.fire_due() == 1
    await shop.pass_time(timedelta(seconds=2))
    assert await shop.runs() == []


async def test_what_is_expected_ends_the_waits_that_it_has_something_in_common_with(
    shop: Shop,
) -> None:
    await shop.publish(
        SILENT.replace(
            "    inputs: {of", '    correlate: "{{ trigger.subject.sha }}"\n    inputs: {of'
        )
    )
    for number, sha in ((1, "abcdef1"), (2, "abcdef2"), (3, "abcdef2")):
        about = Subject(sha=sha)
        await shop.report(f"d{number}", "completed", category="deploy", subject=about)
        await shop.work()
    assert await shop.why(await suite(shop, 1, "abcdef9")) == ["nobody waits for it"]
    assert await shop.why(await suite(shop, 2, "abcdef2")) == ["it was expected: 2 waits are over"]
    nothing = await shop.report("t3", "completed", category="test")
    await shop.work()
    assert (await shop.why(nothing))[0].startswith("correlate failed")
    await shop.pass_time(31 * MINUTE)
    assert [run.inputs["of"] for run in await shop.runs()] == ["d1"]


async def test_each_of_several_that_began_is_waited_for(shop: Shop) -> None:
    await shop.publish(SILENT)
    for number in (1, 2):
        await shop.report(f"d{number}", "completed", category="deploy")
        await shop.pass_time(10 * MINUTE)
    await shop.pass_time(30 * MINUTE)
    assert [run.inputs["of"] for run in await shop.runs()] == ["d1", "d2"]


async def test_a_heartbeat_that_stops_is_found(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - absence:\n      after: {event: test.completed}\n"
        "      of: {event: test.completed}\n      within: 10m\n"
    )
    for number in range(5):
        await suite(shop, number)
        await shop.pass_time(9 * MINUTE)
    assert await shop.runs() == []
    await shop.pass_time(2 * MINUTE)
    assert len(await shop.runs()) == 1


async def test_nothing_is_missed_while_the_workflow_is_paused(shop: Shop) -> None:
    await shop.publish(SILENT)
    await shop.report("d1", "completed", category="deploy")
    await shop.work()
    await shop.become("paused")
    await shop.pass_time(60 * MINUTE)
    assert await shop.runs() == []
    assert await shop.inbox.rows(trigger_windows) == []


async def test_an_absence_survives_a_restart(shop: Shop) -> None:
    await shop.publish(SILENT)
    await shop.report("d1", "completed", category="deploy")
    await shop.work()
    shop.open()
    await shop.publish(SILENT)
    await shop.pass_time(31 * MINUTE)
    assert len(await shop.runs()) == 1

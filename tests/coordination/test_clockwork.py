"""Triggers by the clock: each slot once, whatever happens in between."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baton.events import Adapter
from coordination.database import events, timers
from coordination.errors import NotAllowed
from coordination.store import triggers as trigger_store
from tests.coordination.inbox import T0
from tests.coordination.shop import Shop, open_shop

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOURLY = "triggers:\n  - schedule: '0 * * * *'\n"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = open_shop(tmp_path)
    yield shop
    await shop.inbox.door.close()


async def due(shop: Shop, workflow: str = "tidy") -> list[str]:
    """Return the slots for which runs were started, in order."""
    return [run.trigger["due_at"] for run in await shop.runs(workflow)]


async def test_a_slot_starts_a_run_that_knows_when_it_was_due(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - schedule: '30 10 * * *'\n    inputs: {day: '{{ trigger.due_at }}'}\ninputs: {day: {type: string}}\n"
    )
    await shop.pass_time(29 * MINUTE)
    assert await shop.runs() == []

    await shop.pass_time(MINUTE)
    (run,) = await shop.runs()
    assert run.trigger["kind"] == "schedule"
    assert run.inputs == {"day": "2026-03-02T10:30:00Z"}
    assert run.started_by == "trigger:0"
    assert shop.hints.started == [run.id]
    (thread,) = await shop.inbox.threads()  # its own, opened by the run and not by the slot
    assert (thread.key, thread.channel) == (run.thread_key, "#default")


async def test_every_slot_starts_one_run(shop: Shop) -> None:
    await shop.publish(HOURLY)
    for _ in range(12):
        await shop.pass_time(15 * MINUTE)
        await shop.work()

    assert await due(shop) == [f"2026-03-02T1{hour}:00:00Z" for hour in (1, 2, 3)]


async def test_every_so_often_counts_from_when_it_was_published(shop: Shop) -> None:
    shop.inbox.clock.advance(7 * MINUTE)
    await shop.publish("triggers:\n  - every: 15m\n")
    for _ in range(31):
        await shop.pass_time(MINUTE)

    assert await due(shop) == ["2026-03-02T10:22:00Z", "2026-03-02T10:37:00Z"]
    assert (await shop.runs())[0].trigger["kind"] == "every"


@pytest.mark.parametrize(
    ("rule", "made_up"),
    [("none", []), ("latest", [5]), ("all", [1, 2, 3, 4, 5])],
)
async def test_what_becomes_of_slots_while_baton_was_down(
    shop: Shop, rule: str, made_up: list[int]
) -> None:
    await shop.publish(f"{HOURLY}    catch_up: {rule}\n")
    shop.inbox.clock.advance(5 * HOUR + 30 * MINUTE)  # nobody looks
    shop.open()
    await shop.clockwork.settle()
    await shop.work()
    assert await due(shop) == [f"2026-03-02T{10 + hour}:00:00Z" for hour in made_up]

    await shop.pass_time(30 * MINUTE)
    assert (await due(shop))[-1] == "2026-03-02T16:00:00Z"
    assert len(await shop.runs()) == len(made_up) + 1


async def test_a_slot_that_is_due_as_baton_comes_back_is_not_missed(shop: Shop) -> None:
    await shop.publish(f"{HOURLY}    catch_up: none\n")
    await shop.pass_time(3 * HOUR + timedelta(seconds=10))
    assert await due(shop) == ["2026-03-02T13:00:00Z"]


async def test_at_most_a_hundred_slots_are_made_up_for_the_newest_ones(shop: Shop) -> None:
    await shop.publish("triggers:\n  - schedule: '* * * * *'\n    catch_up: all\n")
    shop.inbox.clock.advance(40 * DAY)
    assert await shop.timers.fire_due() == 1
    await shop.work()

    slots = await due(shop)
    assert len(slots) == 100
    assert slots[-1] == "2026-04-11T10:00:00Z"
    assert slots[0] == "2026-04-11T08:21:00Z"
    assert await shop.timers.fire_due() == 0


async def test_a_schedule_counts_from_its_publication_though_baton_went_down_right_after(
    shop: Shop,
) -> None:
    settle, shop.clockwork.settle = shop.clockwork.settle, _nothing  # type: ignore[method-assign]
    await shop.publish(HOURLY)
    shop.clockwork.settle = settle  # type: ignore[method-assign]
    shop.inbox.clock.advance(HOUR)
    await shop.clockwork.settle()
    await shop.work()

    assert await due(shop) == ["2026-03-02T11:00:00Z"]


async def test_a_paused_workflow_makes_up_for_nothing(shop: Shop) -> None:
    await shop.publish(f"{HOURLY}    catch_up: all\n")
    await shop.become("paused")
    await shop.pass_time(3 * HOUR)
    assert await shop.runs() == []

    await shop.become("active")
    await shop.work()
    assert await shop.runs() == []
    await shop.pass_time(HOUR)
    assert await due(shop) == ["2026-03-02T14:00:00Z"]


async def test_a_pause_that_nobody_settled_yet_fires_nothing(shop: Shop) -> None:
    await shop.publish(HOURLY)
    settle, shop.clockwork.settle = shop.clockwork.settle, _nothing  # type: ignore[method-assign]
    await shop.become("archived")
    shop.clockwork.settle = settle  # type: ignore[method-assign]
    await shop.pass_time(HOUR)
    assert await shop.runs() == []


async def _nothing() -> None:
    """Take the place of what settles timers."""


async def test_another_revision_moves_the_timer_only_if_it_says_another_time(shop: Shop) -> None:
    await shop.publish("triggers:\n  - every: 1h\n")
    shop.inbox.clock.advance(40 * MINUTE)
    await shop.publish("triggers:\n  - every: 1h\n    catch_up: none\n")
    await shop.pass_time(20 * MINUTE)
    assert await due(shop) == ["2026-03-02T11:00:00Z"]

    await shop.publish("triggers:\n  - every: 2h\n")
    await shop.pass_time(2 * HOUR)
    assert await due(shop) == ["2026-03-02T11:00:00Z", "2026-03-02T13:00:00Z"]


async def test_a_revision_without_it_takes_the_timer_back(shop: Shop) -> None:
    await shop.publish(HOURLY)
    await shop.publish("triggers:\n  - event: test.completed\n")
    assert await shop.inbox.rows(timers) == []
    await shop.pass_time(2 * HOUR)
    assert await shop.runs() == []


async def test_a_trigger_that_is_switched_off_has_no_timer(shop: Shop) -> None:
    await shop.publish(f"{HOURLY}    enabled: false\n")
    assert await shop.inbox.rows(timers) == []


async def test_the_clock_of_a_zone_counts_also_when_it_is_changed(shop: Shop) -> None:
    berlin = "triggers:\n  - schedule: '30 2 * * *'\n    timezone: Europe/Berlin\n"
    shop.inbox.clock.advance(datetime(2026, 3, 28, tzinfo=UTC) - T0)
    await shop.publish(berlin)
    for _ in range(3):
        await shop.pass_time(DAY)
    # In the night of the 29th there is no half past two; cronsim takes the hour after it.
    assert await due(shop) == [
        "2026-03-28T01:30:00Z",
        "2026-03-29T01:00:00Z",
        "2026-03-30T00:30:00Z",
    ]


async def test_jitter_is_the_same_in_every_life_and_stays_before_the_next_slot(shop: Shop) -> None:
    await shop.publish("triggers:\n  - every: 10m\n    jitter: 1h\n")
    (timer,) = await shop.inbox.rows(timers)
    slot = T0 + 10 * MINUTE
    assert slot < timer.due_at < slot + 10 * MINUTE
    await shop.clockwork.settle()
    assert (await shop.inbox.rows(timers)) == [timer]

    for _ in range(60):
        await shop.pass_time(MINUTE)
    slots = [f"2026-03-02T10:{minute}:00Z" for minute in (10, 20, 30, 40, 50)]
    assert await due(shop) == slots


async def test_a_slot_fires_once_though_the_unit_is_tried_by_two(shop: Shop) -> None:
    await shop.publish(HOURLY)
    other = open_twin(shop)
    shop.inbox.clock.advance(HOUR)
    await shop.timers.fire_due()
    await other.timers.fire_due()
    await shop.work()
    await other.work()
    assert len(await shop.runs()) == 1


def open_twin(shop: Shop) -> Shop:
    return Shop(shop.inbox)


async def test_a_run_by_the_clock_can_be_explained(shop: Shop) -> None:
    await shop.publish(HOURLY)
    await shop.pass_time(HOUR)
    (run,) = await shop.runs()
    row = await shop.inbox.event(run.trigger["event_id"])
    assert (row.type, row.source, row.body["data"]["due_at"]) == (
        "baton.schedule",
        "baton",
        "2026-03-02T11:00:00Z",
    )
    assert await shop.why(row.id) == ["started"]


FORGED = {
    "type": "baton.schedule",
    "adapter": Adapter("generic", "1"),
    "data": {"for": ["tidy", "0"], "due_at": "now"},
}


async def test_an_event_of_that_name_from_elsewhere_starts_nothing(shop: Shop) -> None:
    await shop.publish(HOURLY)
    forged = await shop.report(None, source="ci", **FORGED)
    await shop.work()
    assert (await shop.runs(), await shop.why(forged)) == ([], [])


async def test_an_event_that_says_to_be_of_baton_is_refused_and_stored_nowhere(shop: Shop) -> None:
    await shop.publish(HOURLY)
    for own in ({"source": "baton"}, {"namespace": "baton"}, {"source": "workflow_engine"}):
        with pytest.raises(NotAllowed, match="Only Baton itself reports as"):
            await shop.report(None, **own, **FORGED)
    await shop.work()
    assert (await shop.runs(), await shop.inbox.rows(events)) == ([], [])


async def test_no_other_trigger_sees_what_the_clock_did(shop: Shop) -> None:
    await shop.publish(HOURLY)
    await shop.publish("triggers:\n  - event: webhook\n", name="nosy")
    await shop.pass_time(HOUR)
    assert len(await shop.runs("tidy")) == 1
    assert await shop.runs("nosy") == []


async def test_states_of_triggers_that_are_gone_are_forgotten(shop: Shop) -> None:
    await shop.publish(HOURLY)
    await shop.publish("")
    assert await shop.inbox.door.read(trigger_store.states) == {}

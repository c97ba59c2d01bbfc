"""Promised times: kept once, in the unit that they are about, and moved or taken back before."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from coordination import counters, timers
from coordination.changes import Changes
from coordination.database import InlineDoor, Transaction
from coordination.database import timers as timers_table
from coordination.retry import next_delay
from coordination.timers import Due, Timers
from coordination.world import Ids
from tests.coordination.inbox import T0, Inbox, settle

HOUR = timedelta(hours=1)


class Bell:
    """Notes what fired; one owner can be told to fail."""

    def __init__(self) -> None:
        self.rung: list[tuple[int, str, datetime]] = []
        self.fails = 0

    def __call__(self, tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:
        counters.next(tx, "rung")
        if due.owner_key == self.fails:
            raise ValueError("not this one")
        self.rung.append((due.owner_key, due.slot, now))


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    # A plain door: the bell remembers a run that is not kept.
    inbox = Inbox(InlineDoor(tmp_path / "x.db", changes=Changes("test"), durable=False))
    yield inbox
    await inbox.door.close()


def loop_of(inbox: Inbox, bell: Bell) -> Timers:
    return Timers(inbox.door, inbox.world, {"run": bell})


async def promise(inbox: Inbox, owner: int, slot: str, at: datetime) -> None:
    await inbox.write(lambda tx: timers.set(tx, "run", owner, slot, at))


async def test_a_timer_fires_once_when_it_is_due(inbox: Inbox) -> None:
    bell = Bell()
    loop = loop_of(inbox, bell)
    await promise(inbox, 1, "timeout", T0 + HOUR)
    assert await loop.fire_due() == 0
    inbox.clock.advance(HOUR)
    assert [await loop.fire_due(), await loop.fire_due()] == [1, 0]
    assert bell.rung == [(1, "timeout", T0 + HOUR)]
    assert await inbox.rows(timers_table) == []


async def test_a_second_promise_moves_the_first(inbox: Inbox) -> None:
    bell = Bell()
    await promise(inbox, 1, "timeout", T0 + HOUR)
    await promise(inbox, 1, "timeout", T0 + 2 * HOUR)
    await promise(inbox, 1, "other", T0 + HOUR)
    inbox.clock.advance(HOUR)
    await loop_of(inbox, bell).fire_due()
    assert [slot for _, slot, _ in bell.rung] == ["other"]


async def test_what_is_taken_back_does_not_fire(inbox: Inbox) -> None:
    bell = Bell()
    for owner, slot in ((1, "a"), (1, "b"), (2, "a"), (2, "b")):
        await promise(inbox, owner, slot, T0)
    assert await inbox.write(lambda tx: timers.clear(tx, "run", 1)) == 2
    assert await inbox.write(lambda tx: timers.clear(tx, "run", 2, "a")) == 1
    assert await inbox.write(lambda tx: timers.clear(tx, "approval", 2)) == 0
    await loop_of(inbox, bell).fire_due()
    assert [(owner, slot) for owner, slot, _ in bell.rung] == [(2, "b")]


async def test_two_loops_fire_a_timer_once(inbox: Inbox) -> None:
    bells = [Bell(), Bell()]
    await promise(inbox, 1, "a", T0)
    await asyncio.gather(*(loop_of(inbox, bell).fire_due() for bell in bells))
    assert sum(len(bell.rung) for bell in bells) == 1


async def test_a_timer_that_fails_stays_and_stops_no_other(inbox: Inbox) -> None:
    bell = Bell()
    bell.fails = 1
    loop = loop_of(inbox, bell)
    await promise(inbox, 1, "a", T0)
    await promise(inbox, 2, "a", T0)
    await loop.fire_due()
    assert [owner for owner, _, _ in bell.rung] == [2]
    assert len(await inbox.rows(timers_table)) == 1
    bell.fails = 0
    assert await loop.fire_due() == 0  # not before a pause
    inbox.clock.advance(timedelta(minutes=2))
    assert await loop.fire_due() == 1


async def test_a_timer_that_could_not_be_written_is_tried_again_within_a_second(
    inbox: Inbox,
) -> None:
    """It is not itself at fault: the room may be back at any moment."""
    bell = Bell()
    loop = loop_of(inbox, bell)
    await promise(inbox, 1, "a", T0)
    inbox.door._session._raw.execute("PRAGMA query_only = 1")
    assert await loop.fire_due() == 0

    inbox.door._session._raw.execute("PRAGMA query_only = 0")
    assert await loop._pause() <= timedelta(seconds=1)
    inbox.clock.advance(timedelta(seconds=1))
    assert await loop.fire_due() == 1


async def test_the_loop_sleeps_until_the_earliest_and_hears_of_earlier_ones(inbox: Inbox) -> None:
    bell = Bell()
    await promise(inbox, 1, "late", T0 + timedelta(seconds=50))
    loop = asyncio.ensure_future(loop_of(inbox, bell).run())
    try:
        await settle()
        await promise(inbox, 2, "soon", T0 + timedelta(seconds=10))
        await settle()
        inbox.clock.advance(timedelta(seconds=10))
        await settle()
        assert [slot for _, slot, _ in bell.rung] == ["soon"]
        inbox.clock.advance(timedelta(seconds=40))
        await settle()
        assert [slot for _, slot, _ in bell.rung] == ["soon", "late"]
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


async def test_numbers_count_up_from_one_and_a_failed_unit_uses_none(inbox: Inbox) -> None:
    def fails(tx: Transaction) -> None:
        counters.next(tx, "run")
        raise KeyError

    assert await inbox.write(lambda tx: counters.next(tx, "run")) == 1
    with pytest.raises(KeyError):
        await inbox.write(fails)
    assert await inbox.write(lambda tx: counters.next(tx, "run")) == 2
    assert await inbox.write(lambda tx: counters.next(tx, "approval")) == 1


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [(1, 0.0, 1.0), (2, 0.0, 2.0), (3, 1.0, 3.0), (7, 0.0, 60.0), (5000, 0.0, 60.0)],
)
def test_delays_double_up_to_a_minute(attempt: int, jitter: float, seconds: float) -> None:
    assert next_delay(attempt, jitter=jitter) == timedelta(seconds=seconds)


def test_what_the_other_side_asks_for_is_not_cut() -> None:
    asked = timedelta(minutes=5)
    assert next_delay(1, jitter=1.0, retry_after=asked) == asked
    with pytest.raises(ValueError, match="counted from 1, got 0"):
        next_delay(0, jitter=0.0)

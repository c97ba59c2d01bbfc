"""A wall clock that is set back by an hour: what was put off by seconds comes after seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from coordination import outbox, timers, turns, wakeups
from coordination.changes import Changes
from coordination.database import InlineDoor, Transaction
from coordination.outbox import ROOT, Lane, Notice
from coordination.setbacks import LEAST, Setback
from coordination.store import newest
from coordination.store.postponed import PROMISED
from coordination.timers import Due, Timers
from coordination.world import Ids
from tests.coordination.inbox import Inbox, StillClock, settle
from tests.coordination.scene import open_scene
from tests.coordination.tray import LEASE, SECOND, Tray, open_tray, slots

HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def tray(tmp_path: Path) -> AsyncIterator[Tray]:
    async with open_tray(tmp_path) as opened:
        yield opened


@pytest.fixture
async def inbox(tmp_path: Path, clock: StillClock) -> AsyncIterator[Inbox]:
    inbox = Inbox(InlineDoor(tmp_path / "x.db", changes=Changes("test"), durable=False))
    inbox.clock = clock
    yield inbox
    await inbox.door.close()


# What is seen


def test_a_clock_that_only_goes_on_was_not_set_back(clock: StillClock) -> None:
    setback = Setback(clock)
    found = [setback.look()]
    clock.advance(HOUR)
    found.append(setback.look())
    clock.skew += HOUR  # ahead, as after a suspension
    found.append(setback.look())
    clock.skew -= LEAST - SECOND  # as clocks are kept right
    found.append(setback.look())

    assert found == [timedelta()] * 4


def test_by_how_much_is_known_until_it_was_made_good(clock: StillClock) -> None:
    setback = Setback(clock)
    setback.look()
    clock.skew -= HOUR
    clock.advance(60 * SECOND)
    assert [setback.look(), setback.look()] == [HOUR, HOUR]

    clock.skew -= HOUR  # again, while the first could not be written
    assert setback.look() == 2 * HOUR
    setback.made_good(2 * HOUR)
    assert setback.look() == timedelta()


def test_what_an_earlier_life_wrote_tells_of_a_clock_that_was_set_in_between(
    clock: StillClock,
) -> None:
    setback = Setback(clock)
    setback.since(None)
    setback.since(clock.now() - HOUR)
    assert setback.look() == timedelta()

    setback.since(clock.now() + HOUR)
    assert setback.look() == HOUR


async def test_what_was_written_last_counts_and_not_what_is_due_last(tray: Tray) -> None:
    assert await tray.door.read(newest.notice) is None
    thread = await tray.thread()
    late = Notice(thread, "digest:1", Lane.FAILURE, "digest", {}, "C1")
    added = partial(outbox.add_later, notice=late, id="nt_d", due_at=tray.now + HOUR, now=tray.now)
    await tray.write(added)

    assert await tray.door.read(newest.notice) == tray.now


# Notices


async def test_a_notice_that_was_put_off_comes_as_soon_as_it_would_have(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (leased,) = await tray.claim()
    retry = partial(outbox.retry, leased=leased, error="ratelimited")
    await tray.write(partial(retry, due_at=tray.now + 30 * SECOND))
    tray.now -= HOUR
    await tray.write(lambda tx: turns.pull_in(tx, HOUR, lease=LEASE, now=tray.now))

    tray.now += 29 * SECOND
    assert await tray.claim() == []
    tray.now += SECOND
    assert slots(await tray.claim()) == [ROOT]


async def test_what_is_promised_for_a_time_follows_the_clock_on_the_wall(tray: Tray) -> None:
    thread = await tray.thread()
    morning = tray.now + 60 * SECOND
    for kind in PROMISED:
        notice = Notice(thread, f"{kind}:1", Lane.DECISION, kind, {}, "C1")
        added = partial(outbox.add_later, notice=notice, id=kind, due_at=morning, now=tray.now)
        await tray.write(added)
    tray.now -= HOUR
    await tray.write(lambda tx: turns.pull_in(tx, HOUR, lease=LEASE, now=tray.now))

    assert {row.due_at for row in await tray.rows()} == {morning}


async def test_a_lease_lasts_no_longer_than_a_lease(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.claim()
    tray.now -= HOUR
    await tray.write(lambda tx: turns.pull_in(tx, HOUR, lease=LEASE, now=tray.now))

    tray.now += LEASE - SECOND  # whoever holds it, holds it
    assert await tray.claim() == []
    tray.now += SECOND
    assert slots(await tray.claim()) == [ROOT]


# Timers


class Bell:
    def __init__(self) -> None:
        self.rung: list[tuple[str, datetime]] = []

    def __call__(self, tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:
        self.rung.append((due.slot, due.due_at))


async def promise(inbox: Inbox, slot: str, after: timedelta) -> datetime:
    at = inbox.clock.now() + after
    await inbox.write(lambda tx: timers.set(tx, "run", 1, slot, at))
    return at


async def test_a_rest_before_a_retry_is_over_and_a_deadline_is_not(
    inbox: Inbox, clock: StillClock
) -> None:
    bell = Bell()
    loop = Timers(inbox.door, inbox.world, {"run": bell})
    await loop.fire_due()
    retry = await promise(inbox, "retry:call", 40 * SECOND)
    turn = await promise(inbox, "turn:poll", 5 * SECOND)
    for slot in ("wait:a", "event:b", "run", "timeout:c"):
        await promise(inbox, slot, 50 * SECOND)
    clock.skew -= HOUR

    assert await loop.fire_due() == 2
    assert sorted(bell.rung) == [("retry:call", retry), ("turn:poll", turn)]
    assert await loop.fire_due() == 0


async def test_a_rest_that_is_longer_than_the_clock_was_set_back_goes_on(
    inbox: Inbox, clock: StillClock
) -> None:
    bell = Bell()
    loop = Timers(inbox.door, inbox.world, {"run": bell})
    await loop.fire_due()
    await promise(inbox, "retry:call", HOUR)
    clock.skew -= 30 * SECOND

    assert await loop.fire_due() == 0
    clock.advance(HOUR + 30 * SECOND)
    assert await loop.fire_due() == 1


@asynccontextmanager
async def running(loop: Timers) -> AsyncIterator[None]:
    work = asyncio.ensure_future(loop.run())
    try:
        await settle()
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_the_loop_looks_by_itself_though_nothing_happens(
    inbox: Inbox, clock: StillClock
) -> None:
    bell = Bell()
    await promise(inbox, "wait:a", 2 * HOUR)
    await promise(inbox, "retry:call", 90 * SECOND)
    async with running(Timers(inbox.door, inbox.world, {"run": bell})):
        clock.skew -= HOUR
        clock.advance(timers.SWEEP)
        await settle()
        assert [slot for slot, _ in bell.rung] == ["retry:call"]

        clock.skew += 4 * HOUR
        clock.advance(timers.SWEEP)
        await settle()
        assert [slot for slot, _ in bell.rung] == ["retry:call", "wait:a"]


async def test_a_clock_that_was_set_back_while_nothing_ran_is_seen_at_the_start(
    tmp_path: Path, clock: StillClock
) -> None:
    scene, bell = await open_scene(tmp_path / "y.db"), Bell()
    inbox = Inbox(scene.door)
    inbox.clock = clock
    told = partial(wakeups.add, run_key=scene.run_key, kind="timer", payload={}, delivery_id="1")
    await scene.door.write(partial(told, now=clock.now()))
    await promise(inbox, "retry:call", 40 * SECOND)
    clock.skew -= HOUR

    async with running(Timers(inbox.door, inbox.world, {"run": bell})):
        assert {slot for slot, _ in bell.rung} == {"retry:call"}
    await scene.door.close()

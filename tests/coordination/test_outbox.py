"""What is told to Slack: in which order, how often, and what happens when it does not get there."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from coordination import outbox, threads
from coordination.changes import Changes
from coordination.database import InlineDoor, Reader, Row, Transaction, select
from coordination.database import outbox as outbox_table
from coordination.outbox import ROOT, Lane, Leased, Notice, Slot
from tests.coordination.inbox import T0, CountingIds

T = TypeVar("T")
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


@dataclass
class Desk:
    """Short words for queueing, claiming and reporting back."""

    door: InlineDoor
    ids: CountingIds = field(default_factory=CountingIds)
    now: datetime = T0

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        return await self.door.write(unit)

    async def thread(self) -> int:
        return await self.write(
            lambda tx: threads.open_thread(tx, title="t", channel="#x", now=self.now, ids=self.ids)
        )

    async def add(self, thread: int, slot: str, lane: int = 4, **body: Any) -> str:
        notice_id = self.ids.new("nt")
        notice = Notice(thread, slot, lane, "thread", body)
        await self.write(lambda tx: outbox.add(tx, notice, id=notice_id, now=self.now))
        return notice_id

    async def claim(self, limit: int = 10, **more: Any) -> list[Leased]:
        return await self.write(
            lambda tx: outbox.claim(tx, now=self.now, lease=LEASE, limit=limit, **more)
        )

    async def post(self, leased: Leased) -> None:
        """Report that a notice became the message of its slot."""
        slot = Slot(leased.notice.thread_key, leased.notice.slot, "C1", leased.id, "hash")

        def unit(tx: Transaction) -> None:
            outbox.put_slot(tx, slot, now=self.now)
            assert outbox.sent(tx, leased, now=self.now)

        await self.write(unit)

    async def rows(self) -> list[Row]:
        async def query(reader: Reader) -> list[Row]:
            return await reader.fetch_all(select(outbox_table).order_by(outbox_table.c.key))

        return await self.door.read(query)

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    async def due(self) -> datetime | None:
        return await self.door.read(outbox.next_due)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(InlineDoor(tmp_path / "x.db", changes=Changes("t"), durable=False))
    yield desk
    await desk.door.close()


def slots(leased: list[Leased]) -> list[str]:
    return [each.notice.slot for each in leased]


# Joining


async def test_newer_progress_takes_the_place_of_older_and_keeps_its_turn(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT)
    due = (await desk.rows())[0].due_at
    desk.now += SECOND / 2
    await desk.add(thread, ROOT)
    rows = await desk.rows()
    assert [row.state for row in rows] == ["superseded", "queued"]
    assert rows[1].due_at == due == T0 + SECOND


async def test_an_end_goes_out_at_once_and_joins_what_waited(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT)
    await desk.add(thread, ROOT, Lane.RESULT)
    rows = await desk.rows()
    assert [(row.state, row.lane) for row in rows] == [("superseded", 4), ("queued", 2)]
    assert rows[1].due_at == T0


async def test_progress_does_not_replace_something_more_urgent(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    await desk.add(thread, ROOT, Lane.PROGRESS)
    assert await desk.states() == ["queued", "queued"]


async def test_decisions_are_never_superseded(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, "approval:a", Lane.DECISION)
    await desk.add(thread, "approval:a", Lane.DECISION)
    assert await desk.states() == ["queued", "queued"]


async def test_other_slots_and_other_threads_are_left_alone(desk: Desk) -> None:
    one, other = await desk.thread(), await desk.thread()
    await desk.add(one, ROOT)
    await desk.add(other, ROOT)
    await desk.add(one, "reply:1")
    assert await desk.states() == ["queued"] * 3


async def test_what_is_in_flight_is_not_superseded(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    (leased,) = await desk.claim()
    await desk.add(thread, ROOT, Lane.RESULT)
    assert await desk.states() == ["leased", "queued"]
    assert await desk.claim() == []  # one in flight
    await desk.post(leased)
    assert slots(await desk.claim()) == [ROOT]


async def test_a_card_is_edited_every_three_seconds_at_most(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    await desk.post((await desk.claim())[0])
    desk.now += SECOND
    await desk.add(thread, ROOT)
    assert await desk.due() == T0 + 3 * SECOND
    assert await desk.claim() == []
    desk.now = T0 + 3 * SECOND
    assert slots(await desk.claim()) == [ROOT]


# Order


async def test_replies_wait_for_their_root_and_pull_it(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT)
    await desk.add(thread, "approval:a", Lane.DECISION)
    (root,) = await desk.claim()  # although it was not due yet
    assert root.notice.slot == ROOT
    assert await desk.claim() == []
    await desk.post(root)
    assert slots(await desk.claim()) == ["approval:a"]


async def test_replies_leave_in_the_order_in_which_they_came_up(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    await desk.post((await desk.claim())[0])
    for slot, lane in (("reply:1", 3), ("approval:a", 1), ("reply:2", 2)):
        await desk.add(thread, slot, lane)
    order = []
    while claimed := await desk.claim():
        order += slots(claimed)
        await desk.post(claimed[0])
    assert order == ["reply:1", "approval:a", "reply:2"]


async def test_an_edit_passes_replies_that_are_less_urgent(desk: Desk) -> None:
    thread = await desk.thread()
    for slot in (ROOT, "approval:a"):
        await desk.add(thread, slot, Lane.DECISION)
        await desk.post((await desk.claim())[0])
    await desk.add(thread, "reply:1", Lane.FAILURE)
    await desk.add(thread, "approval:a", Lane.DECISION)
    assert slots(await desk.claim()) == ["approval:a"]


async def test_the_most_urgent_threads_come_first_but_not_always(desk: Desk) -> None:
    keys = [await desk.thread() for _ in range(3)]
    for key, lane in zip(keys, (3, 1, 2), strict=True):
        await desk.add(key, ROOT, lane)
    lanes = [one.notice.lane for one in await desk.claim(limit=1)]
    lanes += [one.notice.lane for one in await desk.claim(limit=1, low_first=True)]
    lanes += [one.notice.lane for one in await desk.claim()]
    assert lanes == [1, 3, 2]


# Leases


async def test_a_lease_that_runs_out_is_handed_out_again(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    (first,) = await desk.claim()
    assert await desk.due() == T0  # due since then, and leased until
    desk.now += LEASE
    (second,) = await desk.claim()
    assert (second.id, second.attempt) == (first.id, 2)
    assert await desk.write(lambda tx: outbox.sent(tx, first, now=desk.now)) is False
    assert await desk.write(lambda tx: outbox.sent(tx, second, now=desk.now)) is True
    assert await desk.write(lambda tx: outbox.sent(tx, second, now=desk.now)) is False
    assert await desk.states() == ["sent"]


async def test_of_two_roots_the_one_that_may_have_arrived_is_tried_again(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    (cut_off,) = await desk.claim()
    await desk.add(thread, ROOT, Lane.RESULT)
    await desk.write(lambda tx: outbox.take_back(tx, now=desk.now))
    (again,) = await desk.claim()
    assert (again.id, again.attempt) == (cut_off.id, 2)


async def test_what_replaces_a_notice_that_may_have_arrived_looks_back_as_far(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    await desk.claim()
    await desk.write(lambda tx: outbox.take_back(tx, now=desk.now))
    desk.now += timedelta(hours=1)
    await desk.add(thread, ROOT, Lane.RESULT)
    (again,) = await desk.claim()
    assert (again.attempt, again.created_at) == (2, T0)


async def test_a_retry_holds_up_its_thread_and_no_other(desk: Desk) -> None:
    one, other = await desk.thread(), await desk.thread()
    await desk.add(one, ROOT, Lane.RESULT)
    (leased,) = await desk.claim()
    until = T0 + 8 * SECOND
    await desk.write(lambda tx: outbox.retry(tx, leased, due_at=until, error="timeout"))
    await desk.add(one, "approval:a", Lane.DECISION)
    await desk.add(other, ROOT, Lane.RESULT)
    assert [each.notice.thread_key for each in await desk.claim()] == [other]
    desk.now = until
    (again,) = await desk.claim()
    assert (again.id, again.attempt) == (leased.id, 2)


async def test_slowing_down_is_no_attempt(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    (leased,) = await desk.claim()
    await desk.write(lambda tx: outbox.retry(tx, leased, due_at=T0, error="429", counted=False))
    (again,) = await desk.claim()
    assert again.attempt == 1


async def test_a_newer_card_does_not_jump_the_pause_of_the_one_it_replaces(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    (leased,) = await desk.claim()
    until = T0 + 8 * SECOND
    await desk.write(lambda tx: outbox.retry(tx, leased, due_at=until, error="timeout"))
    await desk.add(thread, ROOT, Lane.RESULT)
    assert await desk.claim() == []
    desk.now = until
    (again,) = await desk.claim()
    assert (again.id != leased.id, again.attempt) == (True, 2)


async def test_what_failed_for_good_lets_the_thread_go_on(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    await desk.post((await desk.claim())[0])
    await desk.add(thread, "reply:1", Lane.FAILURE)
    await desk.add(thread, "reply:2", Lane.FAILURE)
    (first,) = await desk.claim()
    await desk.write(lambda tx: outbox.fail(tx, first, error="message_not_found"))
    assert slots(await desk.claim()) == ["reply:2"]
    assert await desk.states() == ["sent", "failed", "leased"]


async def test_what_shows_already_is_not_sent(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    (leased,) = await desk.claim()
    assert await desk.write(lambda tx: outbox.needless(tx, leased))
    assert await desk.states() == ["superseded"]


async def test_a_parked_thread_says_everything_later(desk: Desk) -> None:
    thread = await desk.thread()
    await desk.add(thread, ROOT, Lane.RESULT)
    await desk.add(thread, "reply:1", Lane.FAILURE)
    (leased,) = await desk.claim()
    await desk.write(lambda tx: outbox.park(tx, leased, error="not_in_channel"))
    await desk.add(thread, "approval:a", Lane.DECISION)
    assert await desk.states() == ["parked"] * 3
    assert (await desk.claim(), await desk.due()) == ([], None)

    desk.now += timedelta(hours=1)
    assert await desk.write(lambda tx: outbox.unpark(tx, thread, now=desk.now)) == 3
    order = []
    while claimed := await desk.claim():
        order += slots(claimed)
        await desk.post(claimed[0])
    assert order == [ROOT, "reply:1", "approval:a"]


# Slots


async def test_a_slot_remembers_its_message_until_it_is_forgotten(desk: Desk) -> None:
    thread = await desk.thread()
    slot = Slot(thread, ROOT, "C1", "1.2", "h1", permalink="https://x", version=3)
    await desk.write(lambda tx: outbox.put_slot(tx, slot, now=T0))
    await desk.write(
        lambda tx: outbox.put_slot(tx, Slot(thread, ROOT, "C1", "1.2", "h2"), now=desk.now)
    )
    (found,) = await desk.door.read(lambda reader: outbox.slots(reader, thread))
    assert (found.ts, found.hash, found.updated_at) == ("1.2", "h2", T0)
    await desk.write(lambda tx: outbox.drop_slot(tx, thread, ROOT))
    assert await desk.write(lambda tx: outbox.slot(tx, thread, ROOT)) is None

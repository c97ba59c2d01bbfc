"""What is told to Slack: how often, and what happens when it does not get there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coordination import outbox
from coordination.database import Transaction
from coordination.outbox import ROOT, Lane, Notice, Slot
from tests.coordination.inbox import T0
from tests.coordination.tray import LEASE, SECOND, Tray, open_tray, slots


@pytest.fixture
async def tray(tmp_path: Path) -> AsyncIterator[Tray]:
    async with open_tray(tmp_path) as opened:
        yield opened


# Joining


async def test_progress_that_waits_stands_for_what_comes_after_it_and_keeps_its_turn(
    tray: Tray,
) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT)
    await tray.post((await tray.claim())[0])  # a new card is not kept back
    await tray.add(thread, ROOT)
    tray.now += SECOND / 2
    await tray.add(thread, ROOT)
    rows = await tray.rows()
    assert [row.state for row in rows] == ["sent", "queued"]
    assert (rows[1].due_at, rows[1].created_at) == (T0 + SECOND, tray.now)  # it is as new as that


async def test_an_end_goes_out_at_once_and_joins_what_waited(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT)
    await tray.add(thread, ROOT, Lane.RESULT)
    rows = await tray.rows()
    assert [(row.state, row.lane) for row in rows] == [("superseded", 4), ("queued", 2)]
    assert rows[1].due_at == T0


async def test_progress_does_not_replace_something_more_urgent(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.add(thread, ROOT, Lane.PROGRESS)
    assert await tray.states() == ["queued", "queued"]


async def test_decisions_are_never_superseded(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, "approval:a", Lane.DECISION)
    await tray.add(thread, "approval:a", Lane.DECISION)
    assert await tray.states() == ["queued", "queued"]


async def test_other_slots_and_other_threads_are_left_alone(tray: Tray) -> None:
    one, other = await tray.thread(), await tray.thread()
    await tray.add(one, ROOT)
    await tray.add(other, ROOT)
    await tray.add(one, "reply:1")
    assert await tray.states() == ["queued"] * 3


async def test_what_is_in_flight_is_not_superseded(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (leased,) = await tray.claim()
    await tray.add(thread, ROOT, Lane.RESULT)
    assert await tray.states() == ["leased", "queued"]
    assert await tray.claim() == []  # one in flight
    await tray.post(leased)
    assert slots(await tray.claim()) == [ROOT]


async def test_a_card_is_edited_every_three_seconds_at_most(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0], turns=1)
    tray.now += SECOND
    await tray.add(thread, ROOT)
    assert await tray.due() == T0 + 3 * SECOND
    assert await tray.claim() == []
    tray.now = T0 + 3 * SECOND
    assert slots(await tray.claim()) == [ROOT]


# Order


async def test_replies_wait_for_their_root_and_pull_it(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT)
    await tray.add(thread, "approval:a", Lane.DECISION)
    (root,) = await tray.claim()  # although it was not due yet
    assert root.notice.slot == ROOT
    assert await tray.claim() == []
    await tray.post(root)
    assert slots(await tray.claim()) == ["approval:a"]


async def test_replies_leave_in_the_order_in_which_they_came_up(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    for slot, lane in (("reply:1", 3), ("approval:a", 1), ("reply:2", 2)):
        await tray.add(thread, slot, lane)
    order = []
    while claimed := await tray.claim():
        order += slots(claimed)
        await tray.post(claimed[0])
    assert order == ["reply:1", "approval:a", "reply:2"]


async def test_an_edit_passes_replies_that_are_less_urgent(tray: Tray) -> None:
    thread = await tray.thread()
    for slot in (ROOT, "approval:a"):
        await tray.add(thread, slot, Lane.DECISION)
        await tray.post((await tray.claim())[0])
    await tray.add(thread, "reply:1", Lane.FAILURE)
    await tray.add(thread, "approval:a", Lane.DECISION)
    assert slots(await tray.claim()) == ["approval:a"]


# Beside a thread


async def test_what_goes_to_a_person_waits_for_nobody_in_the_thread(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (root,) = await tray.claim()
    await tray.write(lambda tx: outbox.park(tx, root, error="not_in_channel"))
    await tray.add(thread, "nudge:1", Lane.DECISION, recipient="U1")
    assert slots(await tray.claim()) == ["nudge:1"]
    assert await tray.states() == ["parked", "leased"]


async def test_who_heard_of_a_card_elsewhere_hears_how_it_goes_on(tray: Tray) -> None:
    thread = await tray.thread()
    copy = Slot(thread, "approval:a@U1", "D1", "1.1", "hash")
    await tray.write(lambda tx: outbox.put_slot(tx, copy, now=tray.now))
    await tray.add(thread, "approval:a", Lane.DECISION)
    await tray.add(thread, "approval:b", Lane.DECISION)
    rows = await tray.rows()
    assert [(row.slot, row.recipient) for row in rows] == [
        ("approval:a", None),
        ("approval:a@U1", "U1"),
        ("approval:b", None),
    ]


async def test_a_promise_is_made_once(tray: Tray) -> None:
    thread = await tray.thread()
    notice = Notice(thread, "digest:C1:1", Lane.FAILURE, "digest", {}, "C1")
    later = tray.now + timedelta(hours=2)

    def unit(tx: Transaction) -> bool:
        return outbox.add_later(tx, notice, id="nt_digest", due_at=later, now=tray.now)

    assert [await tray.write(unit), await tray.write(unit)] == [True, False]
    assert (await tray.claim(), await tray.due()) == ([], later)


# Leases


async def test_a_lease_that_runs_out_is_handed_out_again(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (first,) = await tray.claim()
    assert await tray.due() == T0 + LEASE
    tray.now += LEASE
    (second,) = await tray.claim()
    assert (second.id, second.attempt) == (first.id, 2)
    assert await tray.write(lambda tx: outbox.sent(tx, first, now=tray.now)) is False
    assert await tray.write(lambda tx: outbox.sent(tx, second, now=tray.now)) is True
    assert await tray.write(lambda tx: outbox.sent(tx, second, now=tray.now)) is False
    assert await tray.states() == ["sent"]


async def test_of_two_roots_the_one_that_may_have_arrived_is_tried_again(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (cut_off,) = await tray.claim()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.write(lambda tx: outbox.take_back(tx, now=tray.now))
    (again,) = await tray.claim()
    assert (again.id, again.attempt) == (cut_off.id, 2)


async def test_what_replaces_a_notice_that_may_have_arrived_looks_back_as_far(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.claim()
    await tray.write(lambda tx: outbox.take_back(tx, now=tray.now))
    tray.now += timedelta(hours=1)
    await tray.add(thread, ROOT, Lane.RESULT)
    (again,) = await tray.claim()
    assert (again.attempt, again.created_at) == (2, T0)


async def test_a_retry_holds_up_its_thread_and_no_other(tray: Tray) -> None:
    one, other = await tray.thread(), await tray.thread()
    await tray.add(one, ROOT, Lane.RESULT)
    (leased,) = await tray.claim()
    until = T0 + 8 * SECOND
    await tray.write(lambda tx: outbox.retry(tx, leased, due_at=until, error="timeout"))
    await tray.add(one, "approval:a", Lane.DECISION)
    await tray.add(other, ROOT, Lane.RESULT)
    assert [each.notice.thread_key for each in await tray.claim()] == [other]
    tray.now = until
    (again,) = await tray.claim()
    assert (again.id, again.attempt) == (leased.id, 2)


async def test_slowing_down_is_no_attempt(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (leased,) = await tray.claim()
    await tray.write(lambda tx: outbox.retry(tx, leased, due_at=T0, error="429", counted=False))
    (again,) = await tray.claim()
    assert again.attempt == 1


async def test_a_newer_card_does_not_jump_the_pause_of_the_one_it_replaces(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (leased,) = await tray.claim()
    until = T0 + 8 * SECOND
    await tray.write(lambda tx: outbox.retry(tx, leased, due_at=until, error="timeout"))
    await tray.add(thread, ROOT, Lane.RESULT)
    assert await tray.claim() == []
    tray.now = until
    (again,) = await tray.claim()
    assert (again.id != leased.id, again.attempt) == (True, 2)


async def test_what_failed_for_good_lets_the_thread_go_on(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    await tray.add(thread, "reply:1", Lane.FAILURE)
    await tray.add(thread, "reply:2", Lane.FAILURE)
    (first,) = await tray.claim()
    await tray.write(lambda tx: outbox.fail(tx, first, error="message_not_found"))
    assert slots(await tray.claim()) == ["reply:2"]
    assert await tray.states() == ["sent", "failed", "leased"]


async def test_what_shows_already_is_not_sent(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    (leased,) = await tray.claim()
    assert await tray.write(lambda tx: outbox.needless(tx, leased))
    assert await tray.states() == ["superseded"]


async def test_a_parked_thread_says_everything_later(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.add(thread, "reply:1", Lane.FAILURE)
    (leased,) = await tray.claim()
    await tray.write(lambda tx: outbox.park(tx, leased, error="not_in_channel"))
    await tray.add(thread, "approval:a", Lane.DECISION)
    assert await tray.states() == ["parked"] * 3
    assert (await tray.claim(), await tray.due()) == ([], None)

    tray.now += timedelta(hours=1)
    assert await tray.write(lambda tx: outbox.unpark(tx, thread, now=tray.now)) == 3
    order = []
    while claimed := await tray.claim():
        order += slots(claimed)
        await tray.post(claimed[0])
    assert order == [ROOT, "reply:1", "approval:a"]


# Slots


async def test_a_slot_remembers_its_message_until_it_is_forgotten(tray: Tray) -> None:
    thread = await tray.thread()
    slot = Slot(thread, ROOT, "C1", "1.2", "h1", permalink="https://x", version=3)
    await tray.write(lambda tx: outbox.put_slot(tx, slot, now=T0))
    await tray.write(
        lambda tx: outbox.put_slot(tx, Slot(thread, ROOT, "C1", "1.2", "h2"), now=tray.now)
    )
    (found,) = await tray.door.read(lambda reader: outbox.slots(reader, thread))
    assert (found.ts, found.hash, found.updated_at) == ("1.2", "h2", T0)
    await tray.write(lambda tx: outbox.drop_slot(tx, thread, ROOT, now=tray.now))
    assert await tray.write(lambda tx: outbox.slot(tx, thread, ROOT)) is None
    (earlier,) = await tray.door.read(lambda reader: outbox.slots(reader, thread))
    assert (earlier.slot, earlier.ts) == ("root~", "1.2")  # so that the next one can say so

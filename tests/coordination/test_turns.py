"""Whose turn it is: lanes, the floor below them, and what need not be said any more."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from coordination import outbox
from coordination.outbox import ROOT, Lane, Notice
from coordination.turns import FLOOR, Floor, Hold
from tests.coordination.tray import FIRST, SECOND, Tray, open_tray, slots


@pytest.fixture
async def tray(tmp_path: Path) -> AsyncIterator[Tray]:
    async with open_tray(tmp_path) as opened:
        yield opened


async def test_the_most_urgent_threads_come_first_but_not_always(tray: Tray) -> None:
    for lane in (3, 1, 2, 4):
        await tray.add(await tray.thread(), ROOT, lane)
    tray.now += SECOND
    assert [one.notice.lane for one in await tray.claim()] == [1, 2, 3, 4]

    for lane in (3, 3, *[1] * 20):
        await tray.add(await tray.thread(), ROOT, lane)
    lanes = [one.notice.lane for one in await tray.claim(limit=18, floor=Floor())]
    assert lanes == [*[1] * (FLOOR - 1), 3, *[1] * (FLOOR - 1), 3, 1, 1]


async def test_the_floor_holds_across_claims(tray: Tray) -> None:
    for lane in (4, 4, 4, *[2] * 20):
        await tray.add(await tray.thread(), ROOT, lane)
    tray.now += SECOND
    lanes = [(await tray.claim(limit=1))[0].notice.lane for _ in range(17)]
    assert lanes == [*[2] * 7, 4, *[2] * 7, 4, 2]


async def test_at_a_stop_only_what_is_urgent_leaves(tray: Tray) -> None:
    for lane in (1, 2, 3, 4):
        await tray.add(await tray.thread(), ROOT, lane)
    tray.now += SECOND
    assert [one.notice.lane for one in await tray.claim(urgent=True)] == [1, 2]


async def test_a_reply_about_progress_does_not_hold_up_a_decision(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    for slot, lane in (("reply:1", 4), ("reply:2", 3), ("reply:3", 4), ("approval:a", 1)):
        await tray.add(thread, slot, lane)
    tray.now += FIRST
    said = []
    while claimed := await tray.claim():
        said += slots(claimed)
        await tray.post(claimed[0])

    assert said == ["reply:2", "approval:a", ROOT]  # and the card tells of the others
    rolled = [row.slot for row in await tray.rows() if row.state == "rolled"]
    assert rolled == ["reply:1", "reply:3"]


async def test_replies_about_progress_are_said_while_nothing_waits_behind_them(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    await tray.add(thread, "reply:1", Lane.PROGRESS)
    tray.now += FIRST
    assert slots(await tray.claim()) == ["reply:1"]


async def test_a_thread_is_as_urgent_as_the_most_urgent_it_has_to_say(tray: Tray) -> None:
    one, other = await tray.thread(), await tray.thread()
    for key in (one, other):
        await tray.add(key, ROOT, Lane.RESULT)
        await tray.post((await tray.claim())[0])
    await tray.add(other, "reply:0", Lane.RESULT)
    await tray.add(one, "reply:1", Lane.FAILURE)
    await tray.add(one, "approval:a", Lane.DECISION)
    (first,) = await tray.claim(limit=1)
    assert (first.notice.slot, first.notice.lane, first.urgency) == ("reply:1", 3, 1)


async def test_progress_that_grew_old_is_dropped_and_nothing_else(tray: Tray) -> None:
    one, other = await tray.thread(), await tray.thread()
    await tray.add(one, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    await tray.add(one, ROOT, Lane.PROGRESS)
    await tray.add(other, ROOT, Lane.PROGRESS)  # nobody has seen anything of this one yet
    await tray.add(one, "reply:1", Lane.FAILURE)
    tray.now += timedelta(minutes=11)
    assert sorted(slots(await tray.claim())) == ["reply:1", ROOT]
    assert await tray.states() == ["sent", "superseded", "leased", "leased"]


async def test_a_card_rests_longer_while_only_progress_changes(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    waits = []
    for turns_so_far in range(5):
        await tray.add(thread, ROOT)
        due = (await tray.rows())[-1].due_at
        waits.append((due - tray.now).total_seconds())
        tray.now = due
        await tray.post((await tray.claim())[0], turns=turns_so_far + 1)
    assert waits == [1, 3, 4.5, 6.75, 10]


def no_room(tray: Tray, budget: str = "C1", *, but: int = 0) -> Hold:
    return Hold(tray.now + 60 * SECOND, 2 * SECOND, budget, but)


async def test_first_cards_wait_apart_where_their_channel_has_no_room(tray: Tray) -> None:
    for channel in ("#x", "#x", None, "#roomy"):
        await tray.add(await tray.thread(channel), ROOT, Lane.PROGRESS)
    await tray.add(await tray.thread("#x"), ROOT, Lane.RESULT)
    hold = no_room(tray)

    done = await tray.round(posts={"#x": hold, "C1": hold, None: no_room(tray, "C2")})

    assert done.held == {"C1": 2, "C2": 1}
    assert [one.home.channel for one in done.leased] == ["#x", "#roomy"]  # the first is a result
    *put_off, roomy, result = await tray.rows()
    assert [(row.state, row.attempts) for row in put_off] == [("queued", 0)] * 3
    assert [row.due_at - tray.now for row in put_off] == [60 * SECOND, 62 * SECOND, 60 * SECOND]
    assert {roomy.state, result.state} == {"leased"}
    tray.now += 62 * SECOND
    assert len(await tray.claim()) == 5  # with those that nobody reported back


async def test_a_reply_waits_for_the_channel_of_its_card_with_all_of_its_thread(tray: Tray) -> None:
    thread = await tray.thread("#x")
    await tray.add(thread, ROOT)
    (card,) = await tray.claim()
    await tray.post(card)  # into C1
    await tray.add(thread, "reply:1", Lane.FAILURE)
    await tray.add(thread, "reply:2", Lane.PROGRESS)
    await tray.add(thread, "follow:U1", Lane.FAILURE, recipient="U1")

    first = await tray.round(posts={"C1": no_room(tray)})
    second = await tray.round(posts={"C1": no_room(tray)})

    assert (first.held, first.leased) == ({"C1": 1}, ())
    assert [one.notice.recipient for one in second.leased] == ["U1"]
    assert [row.due_at - tray.now for row in (await tray.rows())[1:3]] == [60 * SECOND] * 2


async def test_a_decision_takes_the_rest_of_its_thread_past_a_channel_without_room(
    tray: Tray,
) -> None:
    thread = await tray.thread("#x")
    await tray.add(thread, ROOT, Lane.PROGRESS)
    await tray.add(thread, "approval:1", Lane.DECISION)

    done = await tray.round(posts={"#x": no_room(tray)})

    assert (slots(list(done.leased)), done.held) == ([ROOT], {})


async def test_as_much_leaves_as_a_channel_has_room_for_and_the_rest_waits(tray: Tray) -> None:
    threads = [await tray.thread("#x") for _ in range(6)]
    for thread in threads:
        await tray.add(thread, ROOT, Lane.PROGRESS)
    for thread in threads[:2]:  # threads that say more are looked at one by one
        await tray.add(thread, "reply:1", Lane.FAILURE)

    done = await tray.round(posts={"#x": no_room(tray, but=2)})

    assert done.held == {"C1": 4}
    assert len(done.leased) == 2
    waits = [row.due_at - tray.now for row in await tray.rows() if row.state == "queued"]
    assert {60 * SECOND, 62 * SECOND} <= set(waits)


async def promise(tray: Tray, thread: int, kind: str, *, due_at: datetime, **more: Any) -> None:
    """Queue what is to be said at *due_at* and not before."""
    notice = Notice(thread, f"{kind}:1", Lane.DECISION, kind, {}, **more)
    added = partial(outbox.add_later, notice=notice, id=f"{kind}.1", due_at=due_at, now=tray.now)
    assert await tray.write(added)


@pytest.mark.parametrize(("kind", "to"), [("mention", None), ("digest", "C1")])
async def test_what_is_promised_for_later_holds_up_nothing_and_leaves_in_its_time(
    tray: Tray, kind: str, to: str | None
) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    await promise(tray, thread, kind, due_at=tray.now + 60 * SECOND, recipient=to)
    await tray.add(thread, "reply:1", Lane.RESULT, to)

    (leased,) = await tray.claim()
    assert leased.notice.slot == "reply:1"
    await tray.post(leased)
    tray.now += 59 * SECOND
    assert await tray.claim() == []
    tray.now += SECOND
    assert slots(await tray.claim()) == [f"{kind}:1"]


async def test_a_promise_that_was_refused_once_keeps_its_place(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await tray.post((await tray.claim())[0])
    await promise(tray, thread, "mention", due_at=tray.now)
    (leased,) = await tray.claim()
    slow = partial(outbox.retry, leased=leased, error="ratelimited", counted=False)
    await tray.write(partial(slow, due_at=tray.now + 30 * SECOND))
    await tray.add(thread, "reply:1", Lane.RESULT)

    tray.now += 10 * SECOND
    assert slots(await tray.claim()) in ([], ["mention:1"])


async def test_a_promise_that_was_put_aside_is_not_said_before_its_time(tray: Tray) -> None:
    thread = await tray.thread()
    await tray.add(thread, ROOT, Lane.RESULT)
    await promise(tray, thread, "mention", due_at=tray.now + 60 * SECOND)
    (leased,) = await tray.claim()
    await tray.write(partial(outbox.park, leased=leased, error="is_archived"))
    await tray.write(partial(outbox.unpark, thread_key=thread, now=tray.now))
    await tray.post((await tray.claim())[0])

    assert await tray.claim() == []
    tray.now += 60 * SECOND
    assert slots(await tray.claim()) == ["mention:1"]

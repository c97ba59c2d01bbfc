"""Waits for events: whatever comes before, during or after, each wait is answered exactly once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from baton.events import Subject
from coordination import waits
from tests.coordination.hall import Hall, Wanted, inline, of_sha, open_hall
from tests.coordination.inbox import T0


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with open_hall(inline(tmp_path / "x.db")) as made:
        yield made


async def test_an_event_that_comes_later_wakes_the_wait(hall: Hall) -> None:
    await hall.wait(of_sha("3f1c"))
    await hall.settle()
    assert await hall.woken() == []
    other = await hall.tell("t-0", subject=Subject(sha="9999"))
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    again = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert await hall.woken() == [(hall.keys["run_a"], "wait", told)]
    assert await hall.states() == ["answered"]
    assert await hall.why(told) == ["woken"]
    assert await hall.why(other) == []
    assert await hall.why(again) == []  # nobody waits any more when it comes


async def test_an_event_that_came_before_is_found_by_looking_back_and_the_oldest_first(
    hall: Hall,
) -> None:
    first = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.settle()  # dispatched long before anybody waits
    await hall.wait(of_sha("3f1c"))
    await hall.tell("t-3", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [first]


async def test_what_came_before_the_run_does_not_count(tmp_path: Path, hall: Hall) -> None:
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.run("run_b")
    await hall.wait(of_sha("3f1c"), "run_b")
    await hall.settle()

    assert await hall.woken() == []
    assert await hall.states() == ["open"]


async def test_what_came_after_the_event_that_started_the_run_counts_however_late_it_starts(
    hall: Hall,
) -> None:
    before = await hall.tell("t-0", subject=Subject(sha="3f1c"))
    cause = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    after = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.settle()  # all were dispatched, and the start of the run was put off
    await hall.run("run_b", kind="event", event_id=cause)
    await hall.wait(of_sha("3f1c"), "run_b")
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [after], (before, cause)


async def test_since_now_looks_at_nothing_that_was_there(hall: Hall) -> None:
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c", since="now"))
    await hall.settle()
    assert await hall.woken() == []
    told = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_an_event_that_comes_while_the_wait_looks_back_waits_for_its_turn(
    hall: Hall,
) -> None:
    older = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c"))
    newer = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.dispatcher.dispatch_all()
    assert await hall.woken() == []
    assert await hall.why(newer) == ["woken, unless an older event fits"]
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [older]


async def test_an_event_that_came_meanwhile_is_taken_where_no_older_one_fits(hall: Hall) -> None:
    await hall.tell("t-0", subject=Subject(sha="other"))
    await hall.wait(of_sha("3f1c"))
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.tell("t-2", subject=Subject(sha="3f1c"))
    await hall.dispatcher.dispatch_all()
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_duplicates_late_events_and_old_ones_wake_nobody(hall: Hall) -> None:
    await hall.wait(Wanted("process.started", since="now"))
    await hall.tell("t-1", sequence=2)
    await hall.tell("t-1", "started", sequence=1)  # late
    await hall.tell("t-2", "started", received_at=T0 + timedelta(days=40))  # of another age
    await hall.settle()
    assert await hall.woken() == []
    told = await hall.tell("t-3", "started", id="once")
    await hall.tell("t-3", "started", id="once")
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_two_steps_of_a_run_may_each_get_the_same_event(hall: Hall) -> None:
    await hall.wait(of_sha("3f1c", path="one"))
    await hall.wait(of_sha("3f1c", path="two"))
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert sorted(await hall.woken()) == [
        (hall.keys["run_a"], "one", told),
        (hall.keys["run_a"], "two", told),
    ]


async def test_one_step_gets_an_event_once_however_often_it_waits(hall: Hall) -> None:
    first = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    second = await hall.tell("t-2", subject=Subject(sha="3f1c"))
    for attempt in (1, 2, 3):
        await hall.wait(of_sha("3f1c", attempt=attempt))
        await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [first, second]
    assert await hall.states() == ["answered", "answered", "open"]


async def test_an_event_of_which_the_run_never_heard_is_there_for_the_next_wait(
    hall: Hall,
) -> None:
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c"))
    await hall.settle()
    key = hall.keys["run_a"]
    await hall.inbox.write(lambda tx: waits.close(tx, run_key=key, path="wait", attempt=1))
    assert await hall.woken() == []
    await hall.wait(of_sha("3f1c", attempt=2))
    await hall.settle()

    assert [event for _, _, event in await hall.woken()] == [told]


async def test_a_closed_wait_is_not_woken(hall: Hall) -> None:
    await hall.wait(of_sha("3f1c"))
    key = hall.keys["run_a"]
    await hall.inbox.write(lambda tx: waits.close(tx, run_key=key, path="wait", attempt=7))
    assert await hall.states() == ["open"]  # it was another attempt
    await hall.inbox.write(lambda tx: waits.close(tx, run_key=key, path="wait", attempt=1))
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.settle()

    assert await hall.woken() == []
    assert await hall.states() == ["closed"]


async def test_of_the_clock_and_an_event_the_first_commit_wins(hall: Hall) -> None:
    key = hall.keys["run_a"]
    await hall.wait(of_sha("3f1c", path="one"))
    await hall.wait(of_sha("9999", path="two"))
    assert await hall.inbox.write(lambda tx: waits.expire(tx, run_key=key, path="one")) is True
    await hall.tell("t-1", subject=Subject(sha="3f1c"))
    told = await hall.tell("t-2", subject=Subject(sha="9999"))
    await hall.settle()

    assert await hall.woken() == [(key, "two", told)]
    assert await hall.inbox.write(lambda tx: waits.expire(tx, run_key=key, path="two")) is False
    assert await hall.states() == ["expired", "answered"]


async def test_the_clock_waits_until_a_wait_has_looked_back(hall: Hall) -> None:
    key = hall.keys["run_a"]
    told = await hall.tell("t-1", subject=Subject(sha="3f1c"))
    await hall.wait(of_sha("3f1c"))
    assert await hall.inbox.write(lambda tx: waits.expire(tx, run_key=key, path="wait")) is None
    await hall.settle()

    assert await hall.woken() == [(key, "wait", told)]


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("wait", "wait"),
        ("fan[3].wait", "fan.wait"),
        ("fan[a-b].poll#12.race.fast.wait", "fan.poll.race.fast.wait"),
        ('fan["a]#1.\\"b"].wait', "fan.wait"),
        ("fetch~error.wait", "fetch~error.wait"),
    ],
)
def test_a_run_knows_an_event_by_the_step_and_not_by_its_turn(path: str, step: str) -> None:
    assert waits.delivery_of("ev_1", path) == f"event:ev_1:{step}"

"""Tasks that somebody owns, and time, identity and chance from the system."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

from structlog.testing import capture_logs

from bot.world.system import BASE_32, SystemClock, SystemIds, SystemRng, written
from bot.world.tasks import OwnedTasks


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_task_is_kept_until_it_ends() -> None:
    tasks, done = OwnedTasks(), asyncio.Event()

    async def work() -> None:
        await done.wait()

    tasks.start("work", work())
    assert [task.get_name() for task in tasks._running] == ["work"]
    done.set()
    await settle()

    assert tasks._running == set()


async def test_a_task_that_fails_is_recorded_and_hurts_nobody() -> None:
    tasks = OwnedTasks()

    async def work() -> None:
        raise ValueError("no")

    with capture_logs() as logs:
        tasks.start("note", work())
        await settle()

    (entry,) = logs
    assert (entry["event"], entry["task"]) == ("task_failed", "note")
    assert tasks.down == {}


async def test_a_loop_that_fails_shows_and_is_begun_again() -> None:
    tasks, lives, again = OwnedTasks(again=timedelta(seconds=0.01)), 0, asyncio.Event()

    async def loop() -> None:
        nonlocal lives
        lives += 1
        if lives == 1:
            raise OSError("the disk")
        again.set()
        await asyncio.sleep(60)

    with capture_logs() as logs:
        tasks.keep("timers", loop)
        await settle()
        assert tasks.down == {"timers": "OSError: the disk"}
        await asyncio.wait_for(again.wait(), 2)

    assert tasks.down == {}
    assert lives == 2
    assert [entry["loop"] for entry in logs] == ["timers"]
    await tasks.drain()


async def test_a_loop_that_ends_by_itself_is_left() -> None:
    tasks, lives = OwnedTasks(), 0

    async def loop() -> None:
        nonlocal lives
        lives += 1

    tasks.keep("watch", loop)
    await settle()

    assert (lives, tasks._running) == (1, set())


async def test_a_stop_cancels_and_waits_but_not_for_ever() -> None:
    tasks, ended = OwnedTasks(), []

    async def good() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("good")

    async def stubborn() -> None:
        while not ended:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0.2)
        ended.append("stubborn")

    tasks.start("good", good())
    tasks.start("stubborn", stubborn())
    await settle()
    await tasks.drain(timedelta(seconds=0.05))

    assert ended == ["good"]
    await asyncio.wait(tasks._running, timeout=2)
    assert ended == ["good", "stubborn"]


async def test_a_task_that_stops_everything_does_not_wait_for_itself() -> None:
    tasks, done = OwnedTasks(), asyncio.Event()

    async def stop() -> None:
        await tasks.drain()
        done.set()

    tasks.start("other", asyncio.sleep(60))
    tasks.start("stop", stop())
    await asyncio.wait_for(done.wait(), 1)
    await settle()

    assert tasks._running == set()


def test_time_is_aware_and_ids_are_in_order() -> None:
    clock, ids = SystemClock(), SystemIds()

    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
    made = ids.new("ev")
    assert made.startswith("ev_")
    assert len(made) == 29
    assert 0 <= SystemRng().random() < 1


def test_an_id_is_a_ulid_of_the_millisecond_in_which_it_was_made() -> None:
    ids = SystemIds()
    before = time.time_ns() // 1_000_000

    made = [ids.new("ev").removeprefix("ev_") for _ in range(2000)]

    after = time.time_ns() // 1_000_000
    stamps = [decoded(each[:10]) for each in made]
    assert stamps == sorted(stamps)
    assert before <= stamps[0] <= stamps[-1] <= after
    assert len({each[10:] for each in made}) == len(made)
    assert {digit for each in made for digit in each[10:]} == set(BASE_32)
    assert written(1469918176385) == "01ARYZ6S41"


def test_threads_that_make_ids_at_once_never_make_the_same() -> None:
    ids = SystemIds()
    with ThreadPoolExecutor(8) as threads:
        made = [*threads.map(lambda _: ids.new("id"), range(4000))]

    assert len(set(made)) == len(made)


def decoded(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 32 + BASE_32.index(digit)
    return number


def test_a_token_has_the_entropy_of_a_key() -> None:
    tokens = {SystemIds().token() for _ in range(100)}

    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert all(token.isascii() and token.isalnum() for token in tokens)
    assert len(set("".join(tokens))) == 62

"""The queue and its thread, with a delivery that the test decides."""

import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from baton.item import Delivery, Item
from baton.sender import MOST_QUEUED, Sender

DONE: dict[str, Any] = {}
BUSY: dict[str, Any] = {"pause": 0.01}
BROKEN: dict[str, Any] = {"failed": True}
DOWN: dict[str, Any] = {"reached": False}


class Post:
    """Writes down what is delivered and kept, and can be held shut."""

    def __init__(self, *outcomes: dict[str, Any], backlog: int = 0) -> None:
        self.outcomes = list(outcomes)
        self.backlog = backlog
        self.looks = 0
        self.kept: list[object] = []
        self.loaded = threading.Event()
        self.loaded.set()
        self.batches: list[list[object]] = []
        self.patience: list[float] = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()

    def load(self) -> None:
        self.loaded.wait(5)

    def keep(self, items: Sequence[Item]) -> None:
        self.kept += [item.body.get("n") for item in items]

    def catch_up(self, timeout: float) -> bool:
        self.looks += 1
        self.backlog -= 1
        return self.backlog > 0

    def deliver(self, items: Sequence[Item], timeout: float) -> Delivery:
        self.batches.append([item.body.get("n") for item in items])
        self.patience.append(timeout)
        self.entered.set()
        self.open.wait(5)
        outcome = self.outcomes.pop(0) if self.outcomes else DONE
        return Delivery(items if outcome else [], **outcome)

    @property
    def told(self) -> list[object]:
        return [each for batch in self.batches for each in batch]


def sender(post: Post, *, jitter: float = 0.0) -> Sender:
    return Sender(post, jitter=lambda: jitter, timeout=2.0)


def event(n: int, process: str = "p", rank: int = 1) -> Item:
    return Item({"n": n, "process_id": process}, rank=rank)


def shut(post: Post, own: Sender) -> None:
    """Let the thread take one event and hold it, so that all others have to queue."""
    post.open.clear()
    own.put(event(0, "first"))
    assert post.entered.wait(5)


def test_nothing_starts_before_there_is_something_to_send() -> None:
    own = sender(Post())
    assert own.flush(0.0)
    assert own._thread is None


def test_what_waits_is_sent_together_and_in_order() -> None:
    post = Post()
    own = sender(post)
    shut(post, own)
    for n in range(1, 151):
        own.put(event(n))
    post.open.set()

    assert own.flush(5)
    assert [len(batch) for batch in post.batches] == [1, 100, 50]
    assert post.told == list(range(151))


def test_newer_progress_takes_the_place_of_older_progress_that_waits() -> None:
    post = Post()
    own = sender(post)
    shut(post, own)
    for n in range(1, 6):
        own.put(event(n, "a", rank=0))
        own.put(event(n * 10, "b", rank=0))
    own.put(event(100, "a"))
    own.put(event(101, "a", rank=0))
    post.open.set()

    assert own.flush(5)
    assert post.told == [0, 5, 50, 100, 101]


def test_progress_keeps_what_the_newer_one_does_not_say() -> None:
    post = Post()
    own = sender(post)
    shut(post, own)
    first = Item({"process_id": "p", "n": 1, "message": "compiling"}, rank=0)
    own.put(first)
    own.put(Item({"process_id": "p", "n": 2}, rank=0))

    assert {**first.body, "sequence": 0} == {
        "process_id": "p", "n": 2, "message": "compiling", "sequence": 0
    }  # fmt: skip
    post.open.set()
    assert own.flush(5)


def test_a_full_queue_loses_progress_first_and_ends_last() -> None:
    post = Post()
    own = sender(post)
    shut(post, own)
    own.put(event(1, "end", rank=2))
    own.put(event(2, "progress", rank=0))
    for n in range(3, MOST_QUEUED + 3):
        own.put(event(n))
    post.open.set()

    assert own.flush(5)
    assert own.lost == 2
    assert 1 in post.told
    assert not {2, 3} & set(post.told)


def test_what_could_not_be_delivered_is_tried_again_before_anything_else() -> None:
    post = Post(BUSY, BUSY)
    own = sender(post)
    own.put(event(1))
    assert own.flush(5)
    own.put(event(2))
    assert own.flush(5)

    assert post.batches == [[1], [1], [1], [2]]


@pytest.mark.parametrize(
    ("attempt", "jitter", "pause"), [(1, 1.0, 0.5), (3, 0.5, 1.0), (20, 1.0, 30.0), (1, 0.0, 0.05)]
)
def test_pauses_grow_up_to_thirty_seconds_and_are_drawn_at_random(
    attempt: int, jitter: float, pause: float
) -> None:
    assert sender(Post(), jitter=jitter)._pause(attempt, Delivery(failed=True)) == pause


def test_the_server_decides_how_long_to_wait() -> None:
    assert sender(Post())._pause(1, Delivery(pause=7.0)) == 7.0


def test_an_exit_does_not_wait_for_a_server_that_is_down() -> None:
    post = Post(*[DOWN] * 50)
    own = sender(post, jitter=1.0)
    own.put(event(1))
    began = time.monotonic()

    assert own.flush(5) is False
    assert time.monotonic() - began < 4.5
    assert own.failing


def test_an_exit_gives_up_when_its_time_is_over() -> None:
    post = Post()
    own = sender(post)
    shut(post, own)
    began = time.monotonic()

    assert own.flush(0.1) is False
    assert time.monotonic() - began < 4.5
    post.open.set()


def test_a_hurried_delivery_has_no_more_time_than_is_left() -> None:
    post = Post({"pause": 60.0})
    own = sender(post)
    own.put(event(1))
    assert post.entered.wait(5)
    assert own.flush(1.0)  # the pause of a minute is cut short

    assert post.patience[0] == 2.0
    assert post.patience[-1] <= 1.0


def test_without_a_thread_a_flush_delivers_by_itself() -> None:
    post = Post()
    own = sender(post)
    own._queue.append(event(1))

    assert own.flush(1.0)
    assert post.told == [1]
    assert own._thread is None


def test_a_child_sends_its_own_events_and_not_its_parents() -> None:
    post = Post()
    own = sender(post)
    shut(post, own)
    own.put(event(1))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - counted in another process
        post.open.set()
        post.batches.clear()
        own.put(event(7))
        own.flush(5)
        os.write(write, repr((post.told, own.young_fork)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    post.open.set()

    assert os.read(read, 1000) == b"([7], True)"
    assert own.flush(5)
    assert post.told == [0, 1]
    os.close(read)
    os.close(write)


def test_progress_alone_is_not_sent_more_than_twice_a_second() -> None:
    post = Post()
    own = sender(post)
    own.put(event(1, rank=0))
    assert post.entered.wait(5)
    while own._sending:
        time.sleep(0.001)
    for n in range(2, 50):
        own.put(event(n, rank=0))
    before = list(post.batches)
    own.put(event(50, "other"))  # which does not wait
    assert own.flush(5)

    assert before == [[1]]
    assert post.batches == [[1], [49, 50]]


def test_numbers_follow_the_clock_and_never_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post()
    own = sender(post)
    shut(post, own)
    items = [event(n) for n in range(1, 5)]
    own.put(items[0])
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000_000)  # somebody sets the clock back
    for item in items[1:]:
        own.put(item)
    monkeypatch.undo()
    numbers = [item.body["sequence"] for item in items]
    post.open.set()

    assert own.flush(5)
    assert numbers == [int(str(numbers[0])) + n for n in range(4)]
    assert abs(int(str(numbers[0])) / 1e6 - time.time()) < 60


def test_an_event_without_a_process_has_no_number() -> None:
    own = sender(Post())
    item = Item({"type": "release.published"}, rank=2)
    own.put(item)

    assert own.flush(5)
    assert "sequence" not in item.body


def test_what_the_server_stumbles_over_does_not_hold_up_the_rest() -> None:
    class Stumbling(Post):
        def deliver(self, items: Sequence[Item], timeout: float) -> Delivery:
            super().deliver(items, timeout)
            return Delivery(items if any(item.body["n"] == 3 for item in items) else [])

    post = Stumbling()
    own = sender(post)
    own._pause = lambda attempt, delivery: 0.001  # type: ignore[method-assign]
    shut(post, own)
    for n in range(1, 9):
        own.put(event(n))
    post.open.set()
    until = time.monotonic() + 5
    while len(own._queue) + len(own._sending) > 1 and time.monotonic() < until:
        time.sleep(0.001)

    assert set(range(9)) <= set(post.told)
    assert {item.body["n"] for item in (*own._queue, *own._sending)} == {3}


def test_what_is_left_at_the_end_is_kept_once() -> None:
    post = Post(*[DOWN] * 50)
    own = sender(post, jitter=1.0)
    own.put(event(1))
    own.put(event(2))
    own.finish()
    own.put_aside()
    own.put(event(3))  # from an exit function that runs after ours

    assert sorted(map(str, post.kept)) == ["1", "2", "3"]


def test_nothing_is_kept_of_what_was_delivered() -> None:
    post = Post()
    own = sender(post)
    own.put(event(1))
    own.finish()

    assert (post.told, post.kept) == ([1], [])


def test_what_earlier_programs_left_is_taken_along_once_the_server_was_there() -> None:
    post = Post(BUSY, backlog=3)
    own = sender(post)
    own.put(event(1))
    own.finish()
    looks = post.looks
    own.put(event(2))

    assert looks == 3
    assert post.looks == 3  # the next look comes in half a minute


def test_the_queue_goes_to_disk_before_it_overflows() -> None:
    post = Post(BUSY)
    own = sender(post)
    shut(post, own)
    for n in range(1, 601):
        own.put(event(n))
    post.open.set()

    assert own.flush(5)
    assert post.kept == list(range(1, 601))
    assert (post.told, own.lost) == ([0, 0], 0)

"""Reports find a place as long as they can be stored in time, and hear a no at once when they cannot."""

from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from handlers.http.places import AT_WORK, LEAST, WAIT, Overloaded, Places

QUICK, SLOW = WAIT / 10, 3 * WAIT


@dataclass
class Hand:
    """A clock that somebody turns."""

    at: float = 0.0

    def monotonic(self) -> float:
        return self.at


@dataclass
class Door:
    """Reports come and wait to be stored, and are stored a group at a time."""

    clock: Hand = field(default_factory=Hand)
    waiting: list[ExitStack] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.places = Places(self.clock)  # type: ignore[arg-type]  # it only asks how late it is

    def come(self, count: int, events: int = 1) -> int:
        """Let *count* reports come at once; return how many found a place."""
        before = len(self.waiting)
        for _ in range(count):
            stack = ExitStack()
            try:
                stack.enter_context(self.places)
            except Overloaded:
                continue
            stack.enter_context(self.places.storing(events))
            self.waiting.append(stack)
        return len(self.waiting) - before

    def store(self, seconds: float) -> None:
        """Store all that wait, which takes so long."""
        self.clock.at += seconds
        waiting, self.waiting = self.waiting, []
        for stack in waiting:
            stack.close()


def test_all_find_a_place_until_so_many_are_at_work() -> None:
    door = Door()

    assert door.come(AT_WORK + 5) == AT_WORK


def test_nobody_who_finds_no_place_takes_one() -> None:
    door = Door()
    door.come(AT_WORK)

    assert door.come(3) == 0
    assert door.places.taken == door.places.waiting == AT_WORK
    door.store(QUICK)
    assert door.places.taken == door.places.waiting == 0
    assert door.come(3) == 3


def test_as_many_may_wait_as_would_have_been_stored_in_time() -> None:
    door = Door()
    door.come(300)
    door.store(SLOW)

    assert door.come(500) == pytest.approx(300 * WAIT / SLOW, abs=2)


def test_a_list_counts_as_all_its_events() -> None:
    door = Door()
    door.come(3, events=100)
    door.store(SLOW)

    assert door.come(2, events=100) == 1


def test_a_few_always_find_a_place_however_slow_it_is() -> None:
    door = Door()
    for _ in range(10):
        assert door.come(LEAST) == LEAST
        door.store(100 * WAIT)

    assert door.come(LEAST + 1) == LEAST


def test_while_one_waits_for_too_long_only_a_few_may_join_it() -> None:
    door = Door()
    door.come(LEAST)
    door.clock.at += WAIT
    assert door.come(1) == 1

    door.clock.at += 0.001
    assert door.come(1) == 0


def test_once_all_is_quick_again_more_find_a_place_with_every_group() -> None:
    door = Door()
    door.come(300)
    door.store(SLOW)

    found = []
    for _ in range(8):
        found.append(door.come(AT_WORK))
        door.store(QUICK)

    assert found == sorted(found)
    assert found[0] == pytest.approx(100, abs=2)
    assert found[-1] == AT_WORK


def test_what_is_neither_quick_nor_slow_sets_how_many_may_wait() -> None:
    door = Door()
    door.come(60)
    door.store(0.75 * WAIT)

    assert door.come(AT_WORK) == pytest.approx(80, abs=2)

"""Waits and events, clicks and timers race on the real store: nothing is lost, and nothing comes twice."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coordination import timers, waits, wakeups
from coordination.database import Row
from coordination.store import approvals as approval_store
from coordination.store import waits as wait_store
from coordination.waking import Waker
from tests.prove.races.findings import TIME_OVER
from tests.prove.races.heat import CLICK_LATE, Size
from tests.prove.races.running import heats

SMALL = Size(openings=40, joins=40, timeouts=60, clicks=60, shared=20, spread=0.4)
THREADS, DRAWN = 4, 3  # seeds


def test_races_between_threads_and_in_drawn_orders_are_won_once(
    tmp_path: Path, counts: Counter[str]
) -> None:
    result = heats([THREADS, DRAWN], tmp_path, SMALL)
    counts.update(result.counts)

    assert result.violations == []
    assert result.counts["races"] == 2 * SMALL.races
    assert result.counts["races between threads"] == SMALL.races
    for winner in ("opening: the wait was first", "opening: the event was first"):
        assert result.counts[winner] > 0
    for met in ("click: a click won", "click: the timer won", CLICK_LATE, TIME_OVER):
        assert result.counts[met] > 0


def test_an_order_that_was_drawn_is_the_same_again(tmp_path: Path) -> None:
    first, again = (heats([DRAWN], tmp_path, SMALL).counts for _ in range(2))

    assert first == again


def forget_the_state(patch: pytest.MonkeyPatch) -> None:
    """Decide and expire without asking whether somebody was first."""
    guarded = {name: getattr(approval_store, name) for name in ("_DECIDE", "_EXPIRE")}
    assert all("waits.state" in str(each) for each in guarded.values())
    patch.setattr(approval_store, "decide", lambda *_, **__: 1)
    patch.setattr(approval_store, "expire", lambda *_, **__: 1)


def never_look_back(patch: pytest.MonkeyPatch) -> None:
    """Open each wait at once, whatever was there before it."""

    async def look_back(self: Waker) -> bool:
        return False

    patch.setattr(Waker, "look_back", look_back)


def answer_twice(patch: pytest.MonkeyPatch) -> None:
    """Wake a run for an event that its wait was not waiting for any more."""
    by_key = wait_store.by_key

    def open_still(tx: Any, key: int) -> Row | None:
        row = by_key(tx, key)
        ended = row is not None and row.state == "answered"
        return Row.of({**row.as_dict(), "state": "open"}) if ended else row

    patch.setattr(wait_store, "by_key", open_still)


def expire_what_was_answered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waits, "STANDING", ("open", "looking", "answered"))


def lose_a_wakeup(patch: pytest.MonkeyPatch) -> None:
    add, seen = wakeups.add, Counter[str]()

    def most(*args: Any, **given: Any) -> int:
        seen["all"] += 1
        return 0 if seen["all"] == 20 else add(*args, **given)

    patch.setattr(wakeups, "add", most)


def drop_timers(patch: pytest.MonkeyPatch) -> None:
    """Take timers away and fire none of them."""

    async def nothing(self: Any, due: Any, now: Any) -> bool:
        await self._door.write(lambda tx: timers.clear(tx, due.owner_kind, due.owner_key, due.slot))
        return True

    patch.setattr(timers.Timers, "_fire_one", nothing)


@pytest.mark.parametrize(
    "plant",
    [
        forget_the_state,
        never_look_back,
        answer_twice,
        expire_what_was_answered,
        lose_a_wakeup,
        drop_timers,
    ],
)
def test_a_planted_fault_is_seen(
    plant: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.prove.races.heat.PATIENCE", 1.0)
    plant(monkeypatch)

    assert heats([DRAWN], tmp_path, SMALL).violations

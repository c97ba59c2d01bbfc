"""Bugs that a history has to find, planted one at a time."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from coordination import retention
from coordination.schedules import Due, Schedule
from handlers.slack.bus import Bus
from handlers.slack.clicks import Body
from handlers.slack.messages import Ours
from tests.prove.simulation.history import History
from tests.prove.simulation.stage import Played, open_stage

MOST = 20  # histories


def first_broken(wanted: Callable[[History], bool]) -> Played | None:
    """Play the first histories that are about something, until one breaks."""
    with open_stage() as stage:
        seeds = (seed for seed in range(5_000) if wanted(History(seed, stage._disk, "")))
        played = (stage.play(next(seeds)) for _ in range(MOST))
        return next((each for each in played if each.broken is not None), None)


def test_a_slot_that_never_fires_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    due = Schedule.due

    def forgets_every_other(schedule: Schedule, slot: datetime, now: datetime) -> Due:
        found = due(schedule, slot, now)
        return replace(found, following=schedule.after(found.following, origin=slot))

    monkeypatch.setattr(Schedule, "due", forgets_every_other)
    played = first_broken(lambda history: history.ticking and not history.faults.on & set("CIB"))
    assert played is not None
    assert "slots that never fired" in str(played.broken)


def test_a_message_that_is_known_by_its_delivery_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    take, deliveries = Bus.take, itertools.count()

    async def takes_each_delivery(bus: Bus, message: Body, channel: str, ours: Ours) -> bool:
        ts = f"{message['ts']}{next(deliveries)}"
        return await take(bus, {**message, "ts": ts}, channel, ours)

    monkeypatch.setattr(Bus, "take", takes_each_delivery)
    played = first_broken(lambda history: history.talking and "S" in history.faults.on)
    assert played is not None
    assert "P3: messages that were taken twice" in str(played.broken)


def test_housekeeping_that_forgets_what_is_new_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LEAST", timedelta())
    monkeypatch.setattr(retention.Keeping.__init__, "__defaults__", (timedelta(),) * 5)
    played = first_broken(lambda history: history.tidying)
    assert played is not None
    assert str(played.broken).startswith("AssertionError: P")

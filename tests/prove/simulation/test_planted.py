"""Bugs that a history has to find, planted one at a time."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.slack.delivery import Delivery
from coordination import directory, retention
from coordination.coordinator import Coordinator
from coordination.database import Transaction
from coordination.ports import Group, Person
from coordination.schedules import Due, Schedule
from coordination.spoken import Spoken
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
    played = first_broken(
        lambda history: history.plot.ticking and not history.faults.on & set("CIB")
    )
    assert played is not None
    assert "slots that never fired" in str(played.broken)


def test_a_message_that_is_known_by_its_delivery_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    take, deliveries = Bus.take, itertools.count()

    async def takes_each_delivery(bus: Bus, message: Body, channel: str, ours: Ours) -> bool:
        ts = f"{message['ts']}{next(deliveries)}"
        return await take(bus, {**message, "ts": ts}, channel, ours)

    monkeypatch.setattr(Bus, "take", takes_each_delivery)
    played = first_broken(lambda history: history.plot.talking and "S" in history.faults.on)
    assert played is not None
    assert "P3: messages that were taken twice" in str(played.broken)


def test_housekeeping_that_forgets_what_is_new_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LEAST", timedelta())
    monkeypatch.setattr(retention.Keeping.__init__, "__defaults__", (timedelta(),) * 5)
    played = first_broken(lambda history: history.plot.tidying)
    assert played is not None
    assert str(played.broken).startswith("AssertionError: P")


def test_a_group_that_nobody_ever_leaves_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_all, ever = directory.replace, dict[str, None]()

    def forgets_nobody(
        tx: Transaction, found: Iterable[Person], known: Iterable[Group], *, now: datetime
    ) -> int:
        known = [*known]
        ever.update(dict.fromkeys(who for each in known for who in each.members))
        return replace_all(
            tx, found, [replace(each, members=tuple(ever)) for each in known], now=now
        )

    monkeypatch.setattr(directory, "replace", forgets_nobody)
    played = first_broken(lambda history: "grouped" in history.builds.values())
    assert played is not None
    assert "had dropped out of the group" in str(played.broken)


def test_a_reaction_that_is_known_by_its_delivery_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    deliveries = itertools.count()
    monkeypatch.setattr(Spoken, "identity", property(lambda said: f"{next(deliveries)}"))
    played = first_broken(lambda history: history.plot.talking)
    assert played is not None
    assert "P3: reactions that started more than one run" in str(played.broken)


def test_a_channel_that_is_joined_in_vain_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tells_nobody(_: Coordinator, channel: str) -> None:
        """What no channel took stays put aside."""

    async def never(_: Delivery) -> None:
        """Neither at the start of a life nor later is it tried again."""

    monkeypatch.setattr(Coordinator, "channel_joined", tells_nobody)
    monkeypatch.setattr(Delivery, "_look_at_parked", never)
    played = first_broken(lambda history: history.plot.talking)
    assert played is not None
    assert "P16: it hangs" in str(played.broken)

"""Triggers by the clock: each has one timer, and the unit that fires a slot sets that of the next.

So a slot fires once, whatever happens in between. What a definition says of its slots is compared
with what its timer was set for: another schedule starts anew, the same one goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from baton.events import format_time
from coordination import timers
from coordination.database import Door, Reader, Row, Transaction
from coordination.noting import note
from coordination.occasions import Occasion
from coordination.ports import Calendar, TriggerSpec
from coordination.schedules import Schedule, clocked, is_clocked
from coordination.store import timers as timer_store
from coordination.store import triggers as store
from coordination.timers import Due
from coordination.world import Ids, World

__all__ = ["OWNER", "Clockwork", "name_of"]

OWNER = "trigger"  # the kind of owner of these timers; which one it is stands in the slot
SWEEP = timedelta(minutes=5)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A timer to set: for which slot of which trigger."""

    workflow: str
    spec: TriggerSpec
    schedule: Schedule
    slot: datetime

    @property
    def state(self) -> dict[str, Any]:
        return {"what": dict(self.schedule.what), "slot": format_time(self.slot)}


class Clockwork:
    """Keeps the timers of all triggers by the clock, and fires them.

    Args:
        door: the database.
        world: its clock.
        calendar: knows cron.
    """

    def __init__(self, door: Door, world: World, calendar: Calendar) -> None:
        self._door = door
        self._world = world
        self._calendar = calendar

    async def run(self) -> None:
        """Keep every timer as the definitions in use have it, until cancelled."""
        with self._door.changes.subscribe("workflow") as changes:
            while True:
                await self.settle()
                await changes.wait_on(self._world.clock, SWEEP)

    async def settle(self) -> None:
        """Set the timers that are missing or of another schedule; take back those of none.

        A schedule counts from the moment it came into use, were Baton down since then or not.
        """
        now = self._world.clock.now()
        rows, states, standing = await self._door.read(_look)
        wanted = {
            name_of(row.workflow, spec.id): (row, spec)
            for row in rows
            for spec in _clocked(store.spec_of(row))
        }
        lost = [name for name in standing if name not in wanted]
        settings = [
            setting
            for name, (row, spec) in wanted.items()
            if (setting := self._setting(row, spec, states, name in standing)) is not None
        ]
        if lost or settings:
            await self._door.write(lambda tx: _write(tx, lost, settings, now))

    def fire(self, tx: Transaction, due: Due, now: datetime, ids: Ids) -> None:
        """Fire what is due of one trigger and set its next timer, in the unit that removes this one."""
        workflow, _, trigger_id = due.slot.partition("/")
        spec, state = store.one(tx, workflow, trigger_id), store.state(tx, workflow, trigger_id)
        if spec is None or state is None or not is_clocked(spec):
            return
        schedule = self._schedule(workflow, spec)
        if state["what"] != dict(schedule.what):
            return  # it is about to be set anew
        found = schedule.due(datetime.fromisoformat(state["slot"]), now)
        for slot in found.slots:
            data = {"due_at": format_time(slot)}
            occasion = Occasion(workflow=workflow, trigger_id=trigger_id, kind=spec.kind, data=data)
            note(tx, occasion, now=now, ids=ids)
        _set(tx, _Setting(workflow, spec, schedule, found.following), now)

    def _schedule(self, workflow: str, spec: TriggerSpec) -> Schedule:
        return Schedule(name_of(workflow, spec.id), spec.keys, self._calendar)

    def _setting(
        self,
        row: Row,
        spec: TriggerSpec,
        states: Mapping[tuple[str, str], Mapping[str, Any]],
        stands: bool,  # noqa: FBT001  # whether it has a timer
    ) -> _Setting | None:
        schedule = self._schedule(row.workflow, spec)
        state = states.get((row.workflow, spec.id), {})
        if stands and state.get("what") == dict(schedule.what):
            return None
        try:
            return _Setting(row.workflow, spec, schedule, schedule.after(row.since))
        except ValueError as error:
            log.warning("schedule_never_due", trigger=schedule.name, error=str(error))
            return None


def name_of(workflow: str, trigger_id: str) -> str:
    """Return what the timer of a trigger is called."""
    return f"{workflow}/{trigger_id}"


async def _look(
    reader: Reader,
) -> tuple[list[Row], dict[tuple[str, str], Mapping[str, Any]], set[str]]:
    standing = {row.slot for row in await timer_store.of_kind(reader, OWNER)}
    return await store.active(reader), await store.states(reader), standing


def _clocked(whole: TriggerSpec) -> list[TriggerSpec]:
    if not whole.enabled:
        return []
    return clocked([whole])


def _write(
    tx: Transaction, lost: Sequence[str], settings: Sequence[_Setting], now: datetime
) -> None:
    for name in lost:
        workflow, _, trigger_id = name.partition("/")
        timers.clear(tx, OWNER, 0, name)
        store.forget(tx, workflow, trigger_id)
    for setting in settings:
        _set(tx, setting, now)


def _set(tx: Transaction, setting: _Setting, now: datetime) -> None:
    store.keep(tx, setting.workflow, setting.spec.id, setting.state, now=now)
    name = name_of(setting.workflow, setting.spec.id)
    timers.set(tx, OWNER, 0, name, setting.schedule.starts_at(setting.slot))

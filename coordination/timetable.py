"""When a workflow starts by the clock next."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from coordination.database import Reader
from coordination.definitions import WorkflowView
from coordination.footing import Footing
from coordination.ports import Calendar, TriggerSpec
from coordination.schedules import clocked, upcoming
from coordination.store import triggers as store

NEXT = 3


class Timetable(Footing):
    """The verb of those who want to know when something starts by itself."""

    async def upcoming(self, view: WorkflowView) -> Mapping[str, tuple[datetime, ...]]:
        """Return the next three times of each trigger by the clock, or of a part of one, by its id.

        Nothing of a workflow that is not active is due, nor of a trigger that is switched off.
        """
        return (await self.timetable([view]))[view.name]

    async def timetable(
        self, views: Iterable[WorkflowView]
    ) -> Mapping[str, Mapping[str, tuple[datetime, ...]]]:
        """Return what `upcoming` does of each of *views*, by its name, from one snapshot."""
        specs = {view.name: _specs(view) for view in views}
        calendar = self._ports.calendar
        if calendar is None or not any(specs.values()):
            return {name: {} for name in specs}
        states = await self._door.read(_states)
        now = self._world.clock.now()
        return {
            name: {
                spec.id: times
                for spec in each
                if (times := _next(spec, states.get((name, spec.id), {}), calendar, now))
            }
            for name, each in specs.items()
        }


def _specs(view: WorkflowView) -> list[TriggerSpec]:
    if view.status != "active":
        return []
    return clocked(trigger for trigger in view.definition.triggers if trigger.enabled)


def _next(
    spec: TriggerSpec, state: Mapping[str, str], calendar: Calendar, now: datetime
) -> tuple[datetime, ...]:
    slot = state.get("slot")
    pending = datetime.fromisoformat(slot) if slot else None
    try:
        return tuple(upcoming(spec, calendar, after=now, pending=pending, count=NEXT))
    except ValueError:
        return ()  # never due again


async def _states(reader: Reader) -> Mapping[tuple[str, str], Mapping[str, str]]:
    return await store.states(reader)

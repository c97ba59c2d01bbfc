"""When a workflow starts by the clock next."""

from collections.abc import Mapping
from datetime import datetime

from coordination.database import Reader
from coordination.definitions import WorkflowView
from coordination.footing import Footing
from coordination.ports import TriggerSpec
from coordination.schedules import is_clocked, upcoming
from coordination.store import triggers as store

NEXT = 3


class Timetable(Footing):
    """The verb of those who want to know when something starts by itself."""

    async def upcoming(self, view: WorkflowView) -> Mapping[str, tuple[datetime, ...]]:
        """Return the next three times of each trigger by the clock, or of a part of one, by its id.

        Nothing of a workflow that is not active is due, nor of a trigger that is switched off.
        """
        specs = [spec for spec in _parts(view) if is_clocked(spec)]
        calendar = self._ports.calendar
        if calendar is None or not specs:
            return {}
        states = await self._door.read(_states)
        now = self._world.clock.now()
        found: dict[str, tuple[datetime, ...]] = {}
        for spec in specs:
            slot = states.get((view.name, spec.id), {}).get("slot")
            pending = datetime.fromisoformat(slot) if slot else None
            try:
                times = upcoming(spec, calendar, after=now, pending=pending, count=NEXT)
            except ValueError:
                continue  # never due again
            found[spec.id] = tuple(times)
        return found


def _parts(view: WorkflowView) -> list[TriggerSpec]:
    if view.status != "active":
        return []
    triggers = [trigger for trigger in view.definition.triggers if trigger.enabled]
    return [each for trigger in triggers for each in (trigger, *trigger.parts)]


async def _states(reader: Reader) -> Mapping[tuple[str, str], Mapping[str, str]]:
    return await store.states(reader)

"""The verb about what starts by the clock."""

from coordination.schedules import clocked
from handlers.slack.answers import Answer, ScheduleList, SchedulePage
from handlers.slack.asked import Asked


async def schedule(asked: Asked) -> Answer:
    """Show when a workflow starts by itself; without one, all that do, the soonest first."""
    if asked.words:
        view = await asked.coordinator.workflow(asked.words[0].text)
        return SchedulePage(view, await asked.coordinator.upcoming(view))
    views = [
        each for each in await asked.coordinator.workflows() if clocked(each.definition.triggers)
    ]
    return ScheduleList(tuple(views), await asked.coordinator.timetable(views))

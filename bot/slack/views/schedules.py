"""What starts by the clock, in Slack: when next, and how to stop that and let it go on."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.slack.blocks import Shown, context, fit, lines, section
from bot.slack.text import code, escape, time
from bot.slack.views.triggers import Times, starts_on
from coordination.definitions import WorkflowView
from coordination.ports import TriggerSpec
from coordination.schedules import MOST, clocked
from handlers.slack.answers import ScheduleList, SchedulePage
from workflows.schedule import InvalidSchedule, explain

ROWS = 20  # of the list
TRIGGERS = 10  # of one workflow
CATCH_UP = {
    "latest": "Of times that pass while I am down, there is one run for the latest time.",
    "none": "Of times that pass while I am down, nothing is made up for.",
    "all": f"Of times that pass while I am down, each has its run later, at most {MOST}.",
}
HOW = """```
triggers:
  - schedule: '0 9 * * 1-5'
    timezone: Europe/Berlin
```"""


def schedule_page(answer: SchedulePage) -> Shown:
    """Draw each trigger by the clock with its next times, and what can be done about it."""
    view = answer.workflow
    specs = clocked(view.definition.triggers)
    if not specs:
        return without_clock(view)
    stands = standing(view)
    rows = [
        section(row(each, answer.upcoming), f"t{place}")
        for place, each in enumerate(specs[:TRIGGERS])
    ]
    more = f"{len(specs) - TRIGGERS} more. " if len(specs) > TRIGGERS else ""
    note = context(f"{more}Pausing a workflow is for authors and admins.", "c")
    return fit(stands, [section(stands, "h"), *rows, note])


def standing(view: WorkflowView) -> str:
    """Say whether a workflow starts anything, and what is typed to change that."""
    name, nothing = escape(view.name), "it starts nothing"
    says = {
        "active": f"is active. `/baton pause {name}` lets it start nothing, `/baton resume {name}` takes that back.",
        "paused": f"is paused: {nothing}. `/baton resume {name}` lets it go on.",
        "draft": f"is a draft: {nothing} until `/baton activate {name}` puts it to use.",
        "archived": f"is archived: {nothing}. `/baton restore {name}` takes it back.",
    }
    return f"{code(view.name)} {says[view.status]}"


def row(trigger: TriggerSpec, upcoming: Times) -> str:
    """Say when one trigger is due, in words, and what becomes of times that nobody saw."""
    missed = CATCH_UP[trigger.keys.get("catch_up", "latest")]
    return f"• {starts_on(trigger, upcoming)}\n{in_words(trigger)}{missed}"


def in_words(trigger: TriggerSpec) -> str:
    if "schedule" not in trigger.keys:
        return ""
    try:
        said = explain(trigger.keys["schedule"])
    except InvalidSchedule:
        return ""  # what the language has refused since
    return f"{said} on the clock of {escape(trigger.keys.get('timezone', 'UTC'))}. "


def without_clock(view: WorkflowView) -> Shown:
    """Say what to write into a workflow so that it starts by the clock."""
    text = f"{code(view.name)} does not start by the clock."
    where = f"the file {code(view.file)}" if view.file else "its definition, and publish that"
    how = f"To let it, add such a trigger to {where}:\n{HOW}"
    other = f"`every: 1h` works as well. `/baton describe {escape(view.name)}` says what starts it."
    return fit(text, [section(f"{text}\n{how}", "t"), context(other, "c")])


def schedule_list(answer: ScheduleList) -> Shown:
    """Draw the workflows that start by the clock, the soonest first."""
    if not answer.workflows:
        text = f"No workflow starts by the clock. This lets one:\n{HOW}"
        return fit("No workflow starts by the clock.", [section(text, "t")])
    found = [(soonest(answer.upcoming.get(each.name, {})), each) for each in answer.workflows]
    found.sort(key=lambda each: (each[0] is None, each[0] and each[0].timestamp(), each[1].name))
    blocks = [
        section("*What starts by the clock*", "h"),
        section(lines([list_row(view, at) for at, view in found], ROWS), "l"),
        context("`/baton schedule &lt;name&gt;` says more of one.", "c"),
    ]
    return fit(f"{len(found)} start by the clock.", blocks)


def list_row(view: WorkflowView, at: datetime | None) -> str:
    if view.status != "active":
        return f"{code(view.name)} _{escape(view.status)}_"
    return f"{code(view.name)} {time(at) if at else 'is due at no time'}"


def soonest(upcoming: Mapping[str, Sequence[datetime]]) -> datetime | None:
    """Return the next time of all triggers of a workflow."""
    return min((times[0] for times in upcoming.values() if times), default=None)

"""What starts by the clock, in Slack: a trigger that is off, and a workflow that starts nothing yet."""

from datetime import UTC, datetime

import pytest

from bot.slack.views.schedules import schedule_list, schedule_page
from coordination.definitions import WorkflowView
from handlers.slack.answers import ScheduleList, SchedulePage
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.definition import to_definition

T0 = datetime(2026, 3, 2, tzinfo=UTC)
STEPS = "steps:\n  - {id: say, action: baton.log, params: {message: hello}}\n"
COMBINED = "{all_of: [{event: a.failed}, {workflow: build, status: [completed]}], within: 1d}"


def workflow(triggers: str, status: str = "active") -> WorkflowView:
    text = f"name: tidy\ntriggers: [{triggers}]\n{STEPS}"
    checked = check(text.encode(), Registry(built_in(environment={})), file="x.yaml")
    return WorkflowView(
        name="tidy",
        status=status,
        revision=1,
        definition=to_definition(checked),
        problems=None,
        published_at=T0,
        published_by="U0ADA",
        updated_at=T0,
    )


def shown(triggers: str, status: str = "active") -> str:
    return str(schedule_page(SchedulePage(workflow(triggers, status))).blocks)


def test_a_trigger_that_is_off_is_shown_as_that() -> None:
    told = shown("{schedule: '30 8 * * 1-5', enabled: false, catch_up: all}, {event: a.failed}")
    assert "`30 8 * * 1-5` UTC (off)" in told
    assert "At 08:30 on Monday through Friday on the clock of UTC" in told
    assert "each has its run later, at most 100" in told
    assert "a.failed" not in told


@pytest.mark.parametrize(
    ("status", "typed"),
    [
        ("active", "/baton pause tidy"),
        ("paused", "/baton resume tidy"),
        ("draft", "/baton activate tidy"),
        ("archived", "/baton restore tidy"),
    ],
)
def test_what_can_be_done_is_what_its_state_allows(status: str, typed: str) -> None:
    assert typed in shown("{every: 1h}", status)


def test_what_waits_for_something_else_has_no_clock() -> None:
    assert "does not start by the clock" in shown(COMBINED)
    assert "its definition, and publish that" in shown(COMBINED)


def test_what_is_never_due_again_is_listed_without_a_time() -> None:
    view = workflow("{every: 1h}")
    told = schedule_list(ScheduleList((view,), {"tidy": {}}))
    assert "`tidy` is due at no time" in str(told.blocks)

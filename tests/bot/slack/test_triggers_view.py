"""Triggers in Slack: what each waits for, in words."""

from datetime import UTC, datetime

import pytest

from bot.slack.views.triggers import starts_on
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.definition import to_definition

STEPS = "steps:\n  - {id: say, action: baton.log, params: {message: hello}}\n"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{event: test.completed, source: ci}", "`test.completed` from ci"),
        ("{event: test.failed, where: trigger.name == 'a'}", "`test.failed` where `trigger.name == 'a'`"),
        ("{event: test.failed, enabled: false}", "`test.failed` (off)"),
        ("{schedule: '0 9 * * 1-5'}", "the clock, `0 9 * * 1-5` UTC"),
        ("{schedule: '@daily', timezone: Europe/Berlin, jitter: 90s}", "the clock, `@daily` Europe/Berlin, up to 1m30s later"),
        ("{every: 1h30m}", "the clock, every 1h30m"),
        ("{every: 500ms}", "the clock, every 500ms"),
        ("{file: 'in/*.csv', changes: [added, modified]}", "files `in/*.csv` (added or modified)"),
        ("{workflow: build, status: [failed]}", "the end of `build` (failed)"),
        ("{webhook: generic, id: call}", "its webhook `call`"),
        ("{slack: {reaction: eyes}}", "the reaction `eyes` to a message"),
        (
            "{slack: {message: deploy *, channel: '#ops'}}",
            "a message `deploy *` in #ops",
        ),
        (
            "{all_of: [{event: a.failed}, {workflow: build, status: [completed]}], within: 1d}",
            "all within 1d: `a.failed` and the end of `build` (completed)",
        ),
        (
            "{absence: {of: {event: test.ended}, after: {event: github.push}, within: 2h}}",
            "no `test.ended` within 2h after `github.push`",
        ),
    ],
)  # fmt: skip
def test_each_kind_says_what_it_waits_for(written: str, shown: str) -> None:
    text = f"name: tidy\ntriggers: [{written}]\n{STEPS}"
    checked = check(text.encode(), Registry(built_in(environment={})), file="x.yaml")
    (trigger,) = to_definition(checked).triggers
    assert starts_on(trigger) == shown


def test_the_next_times_are_shown_on_the_clock_of_who_looks() -> None:
    text = f"name: tidy\ntriggers: [{{every: 1d}}]\n{STEPS}"
    checked = check(text.encode(), Registry(built_in(environment={})), file="x.yaml")
    (trigger,) = to_definition(checked).triggers
    times = {"0": [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3)]}
    shown = starts_on(trigger, times)
    assert shown.startswith("the clock, every 1d: next <!date^1772409600^")
    assert shown.count("<!date^") == 2

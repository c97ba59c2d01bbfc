"""Every kind of trigger: one kind each, the keys that go with it, and what `trigger` holds then."""

import pytest

from tests.workflows.language.samples import places, problems, read
from workflows.language.errors import Problem

STEPS = "steps: [{id: a, stop: x}]"


def said(trigger: str, name: str = "flow") -> list[Problem]:
    return problems(f"name: {name}\ntriggers:\n  - {trigger}\n{STEPS}")


@pytest.mark.parametrize(
    "trigger",
    [
        "{every: 15m, catch_up: none, jitter: 1m}",
        "{file: 'reports/*.xml', changes: [added, modified, deleted], debounce: 0s}",
        "{workflow: build, status: [completed, failed, cancelled]}",
        "{webhook: generic, id: hook, on: [deployed], secret: HOOK}",
        "{webhook: generic, id: hook}",
        "{slack: {message: 'deploy *', channel: '#ops'}}",
        "{slack: {reaction: eyes}}",
        "{slack: {reaction: '+1', message: ship it, channel: C0123456}}",
        "{slack: {message: '*', channel: '#ops'}}",
        "{all_of: [{event: test.completed}, {workflow: build}], within: 1h}",
        "{all_of: [{event: test.failed, where: trigger.name, source: ci}, {file: x}], within: 1h}",
        "{all_of: [{file: x}, {file: y}], within: 1h, where: trigger.events}",
        "{all_of: [{file: x}, {file: y}], within: 1h, correlate: '{{ trigger.path }}'}",
        "{absence: {of: {event: test.completed}, after: {event: build.completed}, within: 2h}}",
        "{absence: {of: {event: test.ended}, after: {event: test.ended}, within: 2h}, correlate: '{{ trigger.id }}'}",
    ],
)
def test_each_kind_is_understood(trigger: str) -> None:
    assert said(trigger) == []


@pytest.mark.parametrize(
    "keys",
    [
        "schedule: '0 9 * * 1-5'",
        "schedule: '*/5 * * * *', timezone: Europe/Berlin, catch_up: all, jitter: 30s",
        "schedule: '@daily', catch_up: latest",
        "schedule: '0 0 29 2 *'",
        "schedule: '@Hourly'",
    ],
)
def test_a_schedule_is_cron_or_one_of_its_forms(keys: str) -> None:
    assert said(f"{{{keys}}}") == []


@pytest.mark.parametrize(
    ("keys", "code", "message"),
    [
        ("schedule: '0 9 * *'", "cron", "'0 9 * *' is no schedule"),
        ("schedule: '0 0 9 * * *'", "cron", "'0 0 9 * * *' is no schedule"),
        ("schedule: '61 * * * *'", "cron", "'61 * * * *' is no schedule: bad minute"),
        ("schedule: '0 0 30 2 *'", "cron", "'0 0 30 2 *' is no schedule: bad day-of-month"),
        ("schedule: '@reboot'", "cron", "there is no form '@reboot'"),
        ("schedule: 'soon'", "cron", "'soon' is no schedule"),
        ("schedule: '@daily', timezone: Mars", "timezone", "there is no time zone 'Mars'"),
        ("schedule: '@daily', timezone: ../x", "timezone", "there is no time zone '../x'"),
        ("schedule: '{{ run.id }}'", "stray_template", "there is no template here"),
        ("schedule: 5", "type", "`schedule` must be text, not a number"),
        ("schedule: '@daily', catch_up: some", "value", "`catch_up` must be"),
        ("schedule: '@daily', debounce: 1s", "misplaced", "`debounce` does not go with"),
    ],
)
def test_a_schedule_that_is_never_due_is_refused(keys: str, code: str, message: str) -> None:
    (problem,) = said(f"{{{keys}}}")

    assert (problem.line, problem.code, problem.severity) == (3, code, "error")
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("trigger", "column", "code"),
    [
        ("{every: 0s}", 13, "duration"),
        ("{every: 15}", 13, "duration"),
        ("{every: 15m, timezone: UTC}", 18, "misplaced"),
        ("{every: 15m, event: test.failed}", 6, "verb"),
        ("{file: /etc/passwd}", 12, "value"),
        ("{file: ../x}", 12, "value"),
        ("{file: web/.git/refs/*}", 12, "value"),
        ("{file: x, changes: [moved]}", 25, "value"),
        ("{file: x, changes: []}", 24, "value"),
        ("{file: x, debounce: now}", 25, "duration"),
        ("{workflow: My Flow}", 16, "slug"),
        ("{workflow: flow}", 16, "recursion"),
        ("{workflow: x, status: [done]}", 28, "value"),
        ("{webhook: generic}", 5, "missing"),
        ("{webhook: github, id: a}", 15, "later"),
        ("{webhook: gneric, id: a}", 15, "value"),
        ("{slack: {}}", 13, "missing"),
        ("{slack: {massage: x}}", 14, "unknown_key"),
        ("{slack: hello}", 13, "type"),
        ("{slack: {message: ' * '}}", 23, "value"),
        ("{slack: {reaction: ':eyes:'}}", 24, "value"),
        ("{slack: {reaction: 'two eyes'}}", 24, "value"),
        ("{slack: {reaction: eyes, channel: ops}}", 39, "value"),
        ("{slack: {reaction: '{{ x }}'}}", 25, "stray_template"),
        ("{all_of: [{event: test.failed}, {file: x}]}", 5, "missing"),
        ("{all_of: [{event: test.failed}], within: 1h}", 14, "value"),
        ("{event: test.failed, within: 1h}", 26, "misplaced"),
        ("{event: test.failed, secret: X}", 26, "misplaced"),
        ("{absence: {of: {event: test.failed}, within: 1h}}", 6, "missing"),
        ("{absence: {of: {event: test.failed}, after: {event: test.failed}}}", 6, "missing"),
        ("{record: {collection: x}}", 6, "later"),
        ("{enabled: true}", 5, "missing"),
    ],
)
def test_what_is_wrong_with_a_trigger_has_its_place(trigger: str, column: int, code: str) -> None:
    found = [(each.line, each.code) for each in said(trigger)]

    assert found == [(3, code)]
    assert said(trigger)[0].column == column or code == "verb"


def test_a_trigger_inside_another_is_a_plain_one() -> None:
    inner = "{all_of: [{event: test.failed}, {file: x}], within: 1h}"
    for text in (
        f"{{all_of: [{inner}, {{file: y}}], within: 1h}}",
        f"{{absence: {{of: {inner}, after: {{file: x}}, within: 1h}}}}",
    ):
        assert [each.code for each in said(text)] == ["misplaced"]
    text = "{all_of: [{event: test.failed, inputs: {}}, {file: x, enabled: true}], within: 1h}"
    assert [(each.code, each.path) for each in said(text)] == [
        ("misplaced", "triggers[0].all_of[0].inputs"),
        ("misplaced", "triggers[0].all_of[1].enabled"),
    ]


@pytest.mark.parametrize(
    ("trigger", "field", "other"),
    [
        ("every: 1h", "due_at", "name"),
        ("file: x", "change", "due_at"),
        ("workflow: x", "outputs", "path"),
        ("{webhook: generic, id: h}", "body", "run_id"),
        ("slack: {message: x}", "thread_ts", "body"),
        ("{all_of: [{file: x}, {file: y}], within: 1h}", "events", "text"),
        ("{absence: {of: {file: x}, after: {file: y}, within: 1h}}", "after", "events"),
        ("event: test.failed", "occurred_at", "after"),
    ],
)
def test_names_under_trigger_are_those_of_the_triggers_there_are(
    trigger: str, field: str, other: str
) -> None:
    trigger = trigger if trigger.startswith("{") else f"{{{trigger}}}"
    text = f"name: flow\ntriggers: [{trigger}]\nsteps: [{{id: a, stop: '{{{{ trigger.NAME }}}}'}}]"

    for known in (field, "kind", "by"):
        assert problems(text.replace("NAME", known)) == []
    (problem,) = problems(text.replace("NAME", other))
    assert (problem.code, problem.message) == ("reference", f"`trigger` has no `{other}`")


def test_of_several_triggers_all_names_are_known_to_the_steps_and_own_ones_to_each() -> None:
    text = """\
name: flow
inputs: {x: {type: string}}
triggers:
  - {every: 1h, inputs: {x: "{{ trigger.due_at }}{{ trigger.path }}"}}
  - {file: x, where: trigger.path == trigger.due_at}
steps: [{id: a, stop: "{{ trigger.due_at }}{{ trigger.path }}{{ trigger.body }}"}]
"""
    assert [(each.line, each.message) for each in problems(text)] == [
        (4, "`trigger` has no `path`"),
        (5, "`trigger` has no `due_at`"),
        (6, "`trigger` has no `body`"),
    ]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("concurrency: {key: '{{ inputs.x }}', limit: 2, policy: cancel_running}", []),
        ("concurrency: {key: '{{ trigger.by }}{{ workflow.name }}'}", []),
        ("concurrency: {}", []),
        ("concurrency: {key: '{{ vars.v }}'}", [(4, "expression")]),
        ("concurrency: {key: '{{ inputs.y }}'}", [(4, "reference")]),
        ("concurrency: {limit: 0}", [(4, "value")]),
        ("concurrency: {policy: wait}", [(4, "value")]),
        ("concurrency: 1", [(4, "type")]),
        ("max_runs_per_hour: 100, priority: high", []),
        ("max_runs_per_hour: 0", [(4, "value")]),
        ("max_runs_per_hour: '5'", [(4, "type")]),
        ("priority: highest", [(4, "value")]),
    ],
)
def test_settings_say_how_many_runs_there_may_be(
    settings: str, found: list[tuple[int, str]]
) -> None:
    text = (
        f"name: flow\ninputs: {{x: {{type: string}}}}\nvars: {{v: 1}}\n"
        f"settings: {{{settings}}}\n{STEPS}"
    )
    assert [(each.line, each.code) for each in problems(text)] == found


def test_a_trigger_keeps_what_it_was_told() -> None:
    text = f"name: f\ntriggers: [{{every: 90s, jitter: 1s, catch_up: all, id: often}}]\n{STEPS}"

    (trigger,) = read(text).workflow.triggers

    assert (trigger.kind, trigger.id, trigger.catch_up) == ("every", "often", "all")
    assert trigger.every is not None
    assert trigger.every.total_seconds() == 90


def test_a_wrong_trigger_leaves_the_names_under_trigger_open() -> None:
    text = "name: f\ntriggers: [{evry: 1h}]\nsteps: [{id: a, stop: '{{ trigger.due_at }}'}]"

    assert places(text) == [(2, 12, "missing"), (2, 13, "unknown_key")]

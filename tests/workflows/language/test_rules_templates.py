"""Where a template is read, and where braces are a slip: every text field of a file, once."""

import pytest

from tests.workflows.language.samples import problems, steps

HEAD = "inputs: {x: {type: string}}\nvars: {v: 1}\n"
HERE = "{{ inputs.x }}"
LOG = "action: baton.log, params: {message: x}"
ASK = "approvers: ['@t']"
BODY = "steps: [{id: b, wait: 1s}]"

READ = [
    "action: baton.log, params: {message: '%'}",
    f"{LOG}, compensate: {{action: baton.log, params: {{message: '%'}}}}",
    f"approval: {{title: '%', description: '%', {ASK}}}",
    f"approval: {{title: t, show: ['%', {{file: '%'}}, {{diff: '%'}}], {ASK}}}",
    f"approval: {{title: t, channel: '%', {ASK}}}",
    "approval: {title: t, approvers: ['%'], escalate: [{after: 1h, to: ['%']}]}",
    "approval: {title: t, approvers: '%'}",
    "wait: '%'",
    "wait: {until: '%'}",
    "wait_for: {event: test.failed, correlate: {run: '%'}}",
    "wait_for: {event: test.failed, correlate: '%'}",
    f"for_each: '%', key: '%', collect: '%', {BODY}",
    f"for_each: [1, '%'], {BODY}",
    "set: {v: '%'}",
    "fail: '%'",
    "stop: '%'",
]
STRAY = [
    "action: '%'",
    "workflow: '%'",
    "wait: 1s, name: '%'",
    "wait: 1s, description: '%'",
    "wait: 1s, timeout: '%'",
    "wait: 1s, notify: '%'",
    "wait: 1s, on_error: '%'",
    "wait: 1s, needs: ['%']",
    "wait_for: {event: '%', correlate: x}",
    "wait_for: {signal: '%'}",
    "wait_for: {signal: x, timeout: '%'}",
    f"approval: {{title: t, covers: ['%'], {ASK}}}",
    f"approval: {{title: t, decisions: ['%'], {ASK}}}",
    f"approval: {{title: t, timeout: '%', {ASK}}}",
    f"approval: {{title: t, timeout: 1h, on_timeout: '%', {ASK}}}",
    f"approval: {{title: t, remind: '%', {ASK}}}",
    f"for_each: [1], as: '%', {BODY}",
    f"for_each: [1], concurrency: '%', {BODY}",
    f"repeat: {{until: 'true', max: '%'}}, {BODY}",
    f"repeat: {{until: 'true', max: 2, delay: '%'}}, {BODY}",
    "parallel: {x: [{id: b, wait: 1s}]}, join: '%'",
    f"{LOG}, retry: '%'",
    f"{LOG}, retry: {{attempts: 2, delay: '%'}}",
    f"{LOG}, retry: {{attempts: 2, on: ['%']}}",
    f"{LOG}, compensate: {{action: '%'}}",
    "action: shell.run, params: {argv: [ls]}, repeatable: '%'",
]
BARE = [
    "wait: 1s, condition: '%'",
    f"{LOG}, retry: {{attempts: 2, on: [failed], if: '%'}}",
    f"repeat: {{until: '%', max: 2}}, {BODY}",
    f"switch: [{{if: '%', {BODY}}}]",
    "wait_for: {event: test.failed, correlate: x, where: '%'}",
]


def of_a_step(keys: str) -> str:
    return steps(f"- {{id: a, {keys.replace('%', HERE)}}}", HEAD)


@pytest.mark.parametrize("keys", READ)
def test_a_template_is_read_here(keys: str) -> None:
    assert problems(of_a_step(keys)) == []


@pytest.mark.parametrize("keys", STRAY)
def test_braces_are_the_one_thing_that_is_wrong_here(keys: str) -> None:
    (problem,) = problems(of_a_step(keys))

    assert (problem.severity, problem.code) == ("error", "stray_template")


@pytest.mark.parametrize("keys", BARE)
def test_an_expression_stands_here_without_braces(keys: str) -> None:
    (problem,) = problems(of_a_step(keys))
    assert (problem.code, problem.hint) == ("expression", "Write `inputs.x`.")

    assert problems(of_a_step(keys).replace(HERE, "inputs.x")) == []


def test_an_edge_has_its_expression_without_braces() -> None:
    text = "- {id: z, wait: 1s}\n- {id: a, wait: 1s, needs: [{step: z, if: '%'}]}"

    (problem,) = problems(steps(text.replace("%", HERE), HEAD))

    assert problem.hint == "Write `inputs.x`."
    assert problems(steps(text.replace("%", "inputs.x"), HEAD)) == []


@pytest.mark.parametrize(
    "head",
    [
        "vars: {v: '%'}",
        "outputs: {o: '%'}",
        "settings: {channel: '%'}",
        "settings: {concurrency: {key: '%'}}",
        "triggers: [{event: test.failed, inputs: {x: '{{ trigger.name }}'}}]",
        "triggers: [{all_of: [{file: x}, {file: y}], within: 1h, correlate: '{{ trigger.path }}'}]",
    ],
)
def test_a_template_is_read_here_in_the_head(head: str) -> None:
    assert problems(in_the_head(head)) == []


@pytest.mark.parametrize(
    "head",
    [
        "title: '%'",
        "description: '%'",
        "owner: '%'",
        "tags: ['%']",
        "settings: {timeout: '%'}",
        "settings: {max_runs_per_hour: '%'}",
        "settings: {concurrency: {limit: '%'}}",
        "settings: {start_by: ['%']}",
        "settings: {approvers: ['%']}",
        "settings: {programs: ['%']}",
        "settings: {notify: '%'}",
        "settings: {retention: '%'}",
        "triggers: [{event: '%'}]",
        "triggers: [{event: test.failed, source: '%'}]",
        "triggers: [{every: '%'}]",
        "triggers: [{schedule: '%'}]",
        "triggers: [{file: '%'}]",
        "triggers: [{workflow: '%'}]",
        "triggers: [{slack: {message: '%'}}]",
    ],
)
def test_braces_are_the_one_thing_that_is_wrong_here_in_the_head(head: str) -> None:
    (problem,) = problems(in_the_head(head))

    assert (problem.severity, problem.code) == ("error", "stray_template")


def in_the_head(head: str) -> str:
    return f"name: flow\ninputs: {{x: {{type: string}}}}\n{head.replace('%', HERE)}\nsteps: [{{id: a, stop: x}}]\n"

"""The shape of a file: unknown keys, wrong types, absent keys, and keys of a later version."""

import pytest

from tests.workflows.language.samples import places, problems, read, steps
from workflows.language.model import Part, Workflow

FINE = """\
name: release
title: Release
description: Test and deploy.
owner: ada
tags: [deploy]
x-layout: {a: [1, 2], text: "{{ anything }}"}
inputs:
  target: {type: string, enum: [staging, production], default: staging, description: Where to}
  count: {type: integer, minimum: 1}
vars:
  who: "{{ run.started_by }}"
  greeting: "Hello {{ vars.who }} at {{ trigger.kind }}"
triggers:
  - event: process.completed
    id: built
    source: ci
    where: trigger.name == 'build' and trigger.result.failed == 0
    inputs: {target: production, count: "{{ trigger.result.count }}"}
    enabled: false
settings:
  timeout: 2h
  start_by: ["<@U123>", "@team", "role:operator"]
  approvers: ["@team"]
  programs: [make]
  channel: "#{{ inputs.target }}"
  notify: all
  retention: 30d
steps:
  - id: tests
    x-note: anything
    name: All tests
    description: They are quick.
    action: shell.run
    params: {argv: [pytest, "{{ inputs.target }}"], env: {TOKEN: "{{ secrets.T }}"}}
    repeatable: true
    timeout: 20m
    retry: {attempts: 3, delay: 0s, backoff: 2, max_delay: 1m, jitter: 0.5, on: [failed], if: attempt < 3}
    on_error:
      - {id: note, action: baton.log, params: {message: "{{ error.type }}"}}
  - id: gate
    approval:
      title: Deploy {{ inputs.target }}?
      description: "{{ steps.tests.output.stdout }}"
      show: ["{{ steps.tests.output }}", text]
      covers: [deploy]
      approvers: ["<@U123>", "@{{ inputs.target }}"]
      quorum: 2
      decisions: [approve, later]
      answer: choice
      require_reason: always
      allow_self: true
      timeout: 4h
      on_timeout: later
      channel: "#x"
  - id: deploy
    action: ops.deploy
    params: {message: "{{ inputs.target }}"}
    condition: steps.gate.output.decision == 'approve'
    requires_approval: true
    notify: attention
    secret_output: true
  - id: pause
    needs: [tests, {step: gate, on: always}, {step: deploy, if: inputs.count > 1}]
    wait: "{{ inputs.target }}"
  - id: until
    needs: {any: [deploy, {step: pause, on: failure}]}
    wait: {until: 2026-03-02T09:00:00Z}
  - id: change
    set: {who: "{{ steps.gate.output.by }}"}
  - id: bad
    condition: vars.who == ''
    fail: Nobody {{ vars.who }}
  - id: end
    stop: Done
outputs:
  url: "{{ steps.deploy.status }}"
"""


def test_a_file_with_everything_in_it_is_fine() -> None:
    checked = read(FINE)

    assert checked.warnings == ()
    assert checked.workflow == Workflow.model_validate(checked.body)
    assert [step.id for step in checked.workflow.steps][:2] == ["tests", "gate"]
    assert checked.workflow.steps[0].retry is not None
    assert checked.body["x-layout"]["a"] == [1, 2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name: flow\ntitel: x\nsteps: [{id: a, stop: x}]", (2, 1, "unknown_key")),
        ("name: flow\nsteps: [{id: a, stop: x, retyr: 1}]", (2, 26, "unknown_key")),
        ("name: flow\nsteps: []", (2, 8, "type")),
        ("name: flow\nsteps: x", (2, 8, "type")),
        ("name: flow", (1, 1, "missing")),
        ("steps: [{id: a, stop: x}]", (1, 1, "missing")),
        ("[1]", (1, 1, "type")),
        ("name: 5\nsteps: [{id: a, stop: x}]", (1, 7, "type")),
        ("name: My Flow\nsteps: [{id: a, stop: x}]", (1, 7, "slug")),
        ("name: flow\ninputs: {a-b: {type: string}}\nsteps: [{id: a, stop: x}]", (2, 10, "slug")),
        ("name: flow\ninputs: {a: {type: text}}\nsteps: [{id: a, stop: x}]", (2, 20, "value")),
        ("name: flow\ninputs: {a: {}}\nsteps: [{id: a, stop: x}]", (2, 10, "missing")),
        ("name: flow\nsettings: {notify: al}\nsteps: [{id: a, stop: x}]", (2, 20, "value")),
        ("name: flow\nsettings: {timeout: 5}\nsteps: [{id: a, stop: x}]", (2, 21, "duration")),
        ("name: flow\nsettings: {timeout: 0s}\nsteps: [{id: a, stop: x}]", (2, 21, "duration")),
        ("name: flow\nsettings: {timeout: [1]}\nsteps: [{id: a, stop: x}]", (2, 21, "duration")),
        ("name: flow\ntags: x\nsteps: [{id: a, stop: x}]", (2, 7, "type")),
        ("name: flow\nsteps:\n  - stop: x", (3, 5, "missing")),
        ("name: flow\nsteps:\n  - id: A b\n    stop: x", (3, 9, "slug")),
        ("name: flow\nsteps:\n  - id: 5\n    stop: x", (3, 9, "type")),
        ("name: flow\nsteps:\n  - 5", (3, 5, "type")),
        ("name: flow\nsteps: [{id: a, wait: 10}]", (2, 23, "type")),
        ("name: flow\nsteps: [{id: a, wait: 10x}]", (2, 23, "duration")),
        ("name: flow\nsteps: [{id: a, wait: {until: soon}}]", (2, 31, "time")),
        ("name: flow\nsteps: [{id: a, wait: {}}]", (2, 9, "missing")),
        ("name: flow\nsteps: [{id: a, stop: x, needs: b}]", (2, 33, "type")),
        ("name: flow\nsteps: [{id: a, stop: x, needs: [1]}]", (2, 34, "type")),
        ("name: flow\nsteps: [{id: a, stop: x, on_error: cont}]", (2, 36, "value")),
        ("name: flow\nsteps: [{id: a, stop: x, on_error: []}]", (2, 36, "value")),
        ("name: flow\nsteps: [{id: a, set: {}}]", (2, 22, "value")),
        ("name: flow\nsteps: [{id: a, stop: ''}]", (2, 23, "value")),
        ("name: flow\nsteps: [{id: a, stop: x, condition: true}]", (2, 37, "type")),
    ],
)
def test_a_wrong_shape_has_its_line_and_column(text: str, found: tuple[int, int, str]) -> None:
    assert places(text) == [found]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("name: flow\ntitel: x\nsteps: [{id: a, stop: x}]", "Did you mean `title`?"),
        ("name: My Flow!\nsteps: [{id: a, stop: x}]", "Write `my-flow`."),
        ("name: flow\nsteps: [{id: Ünit Tests, stop: x}]", "Write `unit_tests`."),
        ("name: flow\nsettings: {notify: milestone}\nsteps: [{id: a, stop: x}]", "`milestones`?"),
        ("name: flow\nsteps: [{id: a, stop: x, condition: true}]", "Put it in quotes."),
        ("name: flow\nsteps: [{id: a, wait: 10}]", "Write `10s` for seconds."),
        ("name: flow\nsettings: {timeout: 5}\nsteps: [{id: a, stop: x}]", "Write `5s`"),
    ],
)
def test_a_problem_says_what_to_do(text: str, hint: str) -> None:
    (problem,) = problems(text)
    assert hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ("{record: {collection: tasks}}", "`record` is part of the language, but this version"),
        ("{webhook: github, id: a}", "`webhook: github` is part of the language, but this version"),
    ],
)
def test_what_a_later_version_knows_is_named_as_such(trigger: str, message: str) -> None:
    (problem,) = problems(f"name: flow\ntriggers:\n  - {trigger}\nsteps: [{{id: a, stop: x}}]")

    assert (problem.code, problem.line) == ("later", 3)
    assert problem.message.startswith(message)
    assert problem.hint == "Leave it out for now."  # nothing that sounds alike is meant


def test_nothing_else_is_left_for_later() -> None:
    parts = [Part]
    for part in parts:
        parts.extend(part.__subclasses__())

    assert {part.__name__: set(part.later) for part in parts if part.later} == {
        "Trigger": {"record"}
    }


def test_one_slip_does_not_hide_the_others() -> None:
    text = """\
name: My Flow
inputs:
  target: {type: string, enum: [a, b], default: c}
  Bad: {type: strin}
vars:
  one: "{{ inputs.targt }}"
settings: {timeout: 5, approvers: [ada]}
steps:
  - id: First Step
    action: shell.rn
    retry: {attempts: 0, if: attemp > 1}
  - id: gate
    needs: []
    timeout: 5
    approval:
      description: "{{ steps.nope.output }}"
      approvers: [ada]
      qorum: 2
  - {id: fine, stop: x}
outputs: {a: "{{ 1 + }}"}
"""
    assert places(text) == [
        (1, 7, "slug"),
        (3, 49, "value"),
        (4, 3, "slug"),
        (4, 15, "value"),
        (6, 12, "reference"),
        (7, 21, "duration"),
        (7, 36, "person"),
        (9, 9, "slug"),
        (10, 13, "unknown_action"),
        (11, 23, "value"),
        (12, 5, "missing"),
        (14, 14, "duration"),
        (16, 24, "reference"),
        (17, 19, "person"),
        (18, 7, "unknown_key"),
        (20, 22, "expression"),
    ]


def test_duplicate_keys_are_reported_with_the_rest() -> None:
    text = "name: flow\nname: flow\nsteps: [{id: a, stop: x, stop: y}]\ntitel: x"

    assert places(text) == [(2, 1, "duplicate"), (3, 26, "duplicate"), (4, 1, "unknown_key")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- id: a\n  description: see {{ x }}\n  stop: x", (4, 22)),
        ("- id: a\n  name: '{{ x }}'\n  stop: x", (4, 12)),
        ("- id: a\n  action: baton.log\n  params: {message: x, '{{ x }}': 1}", (5, 26)),
        ("- id: a\n  stop: x\n  needs: ['{{ x }}']", (5, 14)),
        ("- id: a\n  stop: x\n  on_error:\n    - {id: b, stop: x, name: '{{ x }}'}", (6, 33)),
    ],
)
def test_braces_where_nobody_reads_them_are_refused(text: str, place: tuple[int, int]) -> None:
    strays = [each for each in problems(steps(text)) if each.code == "stray_template"]

    assert [(each.line, each.column) for each in strays] == [place]


def test_braces_in_the_head_are_refused_too() -> None:
    text = """\
name: flow
title: "{{ x }}"
inputs: {a: {type: string, default: "{{ x }}"}}
settings: {programs: ["{{ x }}"]}
x-mine: "{{ x }}"
steps: [{id: a, action: "{{ x }}"}]
"""
    assert places(text) == [
        (2, 9, "stray_template"),
        (3, 38, "stray_template"),
        (4, 24, "stray_template"),
        (6, 26, "stray_template"),
    ]

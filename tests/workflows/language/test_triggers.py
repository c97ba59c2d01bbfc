"""Triggers: names of events that can happen, and inputs that fit."""

import pytest

from tests.workflows.language.samples import places, problems


def event(name: str) -> list[tuple[str, str | None]]:
    text = f"name: flow\ntriggers: [{{event: '{name}'}}]\nsteps: [{{id: a, stop: x}}]"
    return [(each.severity, each.hint) for each in problems(text)]


@pytest.mark.parametrize(
    "name",
    ["process.completed", "process.ended", "test.failed", "mcp_tool.ended", "github.push",
     "github.pull_request.opened", "*.failed", "process.*", "claude-code.stop"],
)  # fmt: skip
def test_events_that_baton_knows_are_fine(name: str) -> None:
    assert event(name) == []


@pytest.mark.parametrize(
    ("name", "severity", "hint"),
    [
        ("process.complete", "error", "Did you mean `completed`?"),
        ("test.passed", "error", None),
        ("completed", "error", None),
        ("process_completed", "error", "Did you mean `process.completed`?"),
        ("process.", "error", None),
        ("tset.completed", "warning", "Did you mean `test.completed`?"),
        ("gihub.push", "warning", "Did you mean `github.push`?"),
        ("widget.failed", "warning", None),
    ],
)
def test_events_that_nobody_reports_are_found(name: str, severity: str, hint: str | None) -> None:
    ((found, offered),) = event(name)
    assert found == severity
    assert hint is None or offered == hint


def test_a_trigger_says_what_it_waits_for() -> None:
    text = "name: flow\ntriggers:\n  - where: 'true'\nsteps: [{id: a, stop: x}]"
    assert places(text) == [(3, 5, "missing")]


def test_where_is_an_expression_over_the_trigger() -> None:
    text = """\
name: flow
inputs: {x: {type: string}}
triggers:
  - {event: process.completed, where: "{{ trigger.name }}"}
  - {event: process.completed, where: "trigger.name == inputs.x"}
  - {event: process.completed, where: "trigger.name =="}
steps: [{id: a, stop: x}]
"""
    assert places(text) == [(4, 40, "expression"), (5, 56, "expression"), (6, 55, "expression")]


def test_inputs_of_a_trigger_fit_those_of_the_workflow() -> None:
    text = """\
name: flow
inputs:
  target: {type: string, enum: [a, b]}
  count: {type: integer, required: true}
triggers:
  - event: process.completed
    inputs: {target: c, cuont: 1, count: "{{ trigger.result.n }}"}
  - event: process.failed
    inputs: {target: "{{ inputs.count }}"}
steps: [{id: a, stop: x}]
"""
    assert places(text) == [
        (7, 22, "value"),
        (7, 25, "reference"),
        (9, 5, "missing"),
        (9, 26, "expression"),
    ]


def test_ids_of_triggers_are_used_once() -> None:
    text = """\
name: flow
triggers: [{event: process.failed, id: a}, {event: process.completed, id: a}]
steps: [{id: a, stop: x}]
"""
    assert places(text) == [(2, 75, "duplicate")]

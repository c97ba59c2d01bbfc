"""What a text may refer to: names that exist, and steps that can have run before."""

import pytest

from tests.workflows.language.samples import places, problems, steps

HEAD = """\
inputs: {target: {type: string}}
vars: {who: x, count: 1}
"""


def of_a_stop(text: str) -> list[tuple[int, int, str]]:
    return places(f'name: flow\n{HEAD}steps: [{{id: a, stop: "{text}"}}]')


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("inputs.targt", "there is no input `targt`", "Did you mean `target`?"),
        ("inputs['x']", "there is no input `x`", "There are target."),
        ("vars.whom", "there is no var `whom`", "Did you mean `who`?"),
        ("run.folde", "`run` has no `folde`", "Did you mean `folder`?"),
        ("workflow.id", "`workflow` has no `id`", "There are name, revision."),
        ("steps.x.output", "there is no step `x`", None),
        ("steps.a.output", "the step `a` cannot have run before this", "Let this need `a`"),
        ("steps", "`steps` alone is no value", "Name one of them"),
        ("steps[inputs.target].output", "`steps` alone is no value", None),
        ("inpts.target", "there is no `inpts` here", "Did you mean `inputs`?"),
        ("null", "there is no `null` here", None),
        ("secrets.X", "`secrets` cannot be used here", "only in the `params`"),
        ("error.type", "`error` cannot be used here", "`on_error`"),
        ("attempt", "`attempt` cannot be used here", "`retry.if`"),
        ("item", "there is no `item` here", None),
    ],
)
def test_a_reference_to_nothing_is_refused(expression: str, message: str, hint: str | None) -> None:
    (problem,) = problems(f'name: flow\n{HEAD}steps: [{{id: a, stop: "x {{{{ {expression} }}}}"}}]')

    assert problem.message == message
    assert (problem.line, problem.column) == (4, 29)
    assert hint is None or hint in (problem.hint or "")


def test_every_reference_of_a_text_is_looked_at() -> None:
    assert of_a_stop("{{ inputs.a }} {{ vars.b ~ run.c | default(inputs.d) }}") == [
        (4, 27, "reference"),
        (4, 42, "reference"),
        (4, 51, "reference"),
        (4, 67, "reference"),
    ]
    assert of_a_stop("{{ inputs }} {{ vars.who }} {{ run.id }} {{ workflow.revision }}") == []


def test_a_step_sees_those_that_can_have_run_before_it() -> None:
    text = """\
- {id: a, action: baton.log, params: {message: x}}
- {id: b, needs: [], stop: "{{ steps.a.status }}"}
- {id: c, needs: [a], stop: "{{ steps.a.status }}"}
- {id: d, needs: [{step: c, on: failure}], stop: "{{ steps.a.status }}"}
- {id: e, needs: {any: [a, b]}, stop: "{{ steps.a.status }}{{ steps.b.status }}"}
- {id: f, needs: [{step: a, if: "steps.a.status == steps.b.status"}], stop: x}
"""
    assert [
        (each.line, each.message) for each in problems(steps(text)) if each.code == "reference"
    ] == [
        (4, "the step `a` cannot have run before this"),
        (8, "the step `b` cannot have run before this"),
    ]


def test_handlers_see_the_failed_step_and_nobody_sees_them() -> None:
    text = """\
- id: a
  action: baton.log
  params: {message: x}
  on_error:
    - {id: h, action: baton.log, params: {message: "{{ error.message }}{{ steps.a.error.type }}"}}
    - {id: i, stop: "{{ steps.h.status }}{{ steps.b.status }}{{ error.nope }}"}
- {id: b, stop: "{{ steps.h.status }}{{ error.type }}"}
"""
    found = [(each.line, each.message) for each in problems(steps(text))]

    assert found == [
        (8, "the step `b` cannot have run before this"),
        (8, "`error` has no `nope`"),
        (9, "`error` cannot be used here"),
    ]
    (hidden,) = problems(steps(text.replace("{{ error.type }}", "")))[2:]
    assert (hidden.line, hidden.message) == (9, "there is no step `h`")


def test_only_fields_that_a_step_has_can_be_named() -> None:
    text = """\
- {id: a, action: shell.run, params: {argv: [ls]}}
- id: b
  stop: "{{ steps.a.outputs }} {{ steps.a.stdout }} {{ steps.a }} {{ steps.a.error.kind }}"
"""
    assert [(each.message, each.hint) for each in problems(steps(text))] == [
        ("a step has no `outputs`", "Did you mean `output`?"),
        ("a step has no `stdout`", "Did you mean `steps.a.output.stdout`?"),
        ("a step is no value: say what of `a`", "Write `steps.a.output`."),
        ("an error has no `kind`", "There are class, message, status, type."),
    ]


def test_a_field_that_the_output_does_not_have_is_a_warning() -> None:
    text = """\
- {id: a, action: shell.run, params: {argv: [ls]}}
- {id: b, action: http.request, params: {url: "http://x"}}
- {id: c, approval: {title: x, approvers: ["@t"]}}
- {id: d, wait: 1s}
- id: e
  stop: >-
    {{ steps.a.output.exit_code }} {{ steps.a.output.exitcode }} {{ steps.b.output.anything }}
    {{ steps.c.output.decison }} {{ steps.d.output.x }}
"""
    assert [(each.severity, each.message, each.hint) for each in problems(steps(text))] == [
        ("warning", "the output of `shell.run` has no `exitcode`", "Did you mean `exit_code`?"),
        ("warning", "the output of an approval has no `decison`", "Did you mean `decision`?"),
        ("warning", "the step `d` has no output", None),
    ]


def test_vars_see_the_vars_before_them_and_no_steps() -> None:
    text = """\
name: flow
inputs: {a: {type: string}}
vars:
  one: "{{ vars.two }}"
  two: "{{ vars.one }}{{ inputs.a }}{{ trigger.kind }}"
  three: "{{ steps.s.output }}"
steps: [{id: s, stop: x}]
"""
    assert places(text) == [(4, 12, "reference"), (6, 14, "expression")]


def test_outputs_see_every_step_at_the_top() -> None:
    text = """\
name: flow
steps:
  - {id: a, needs: [], action: baton.log, params: {message: x}, on_error: [{id: h, stop: x}]}
  - {id: b, needs: [], stop: x}
outputs: {one: "{{ steps.a.output }}{{ steps.b.status }}", two: "{{ steps.h.status }}"}
"""
    assert places(text) == [(5, 69, "reference")]


def test_retry_sees_its_error_and_attempt() -> None:
    retry = "retry: {{attempts: 2, on: [failed], if: {}}}"
    text = "- {{id: a, action: baton.log, params: {{message: x}}, {}}}"

    fine = text.format(retry.format("attempt < 3 and error.status == 503"))
    assert problems(steps(fine)) == []
    wrong = text.format(retry.format("attemp < 3"))
    assert [each.hint for each in problems(steps(wrong))] == ["Did you mean `attempt`?"]


def test_only_declared_vars_are_set() -> None:
    text = "name: flow\nvars: {who: x}\nsteps: [{id: a, set: {whom: 1, who: '{{ vars.x }}'}}]"

    assert [(each.line, each.column, each.hint) for each in problems(text)] == [
        (3, 23, "Did you mean `who`?"),
        (3, 41, "There are who."),
    ]


def test_two_writers_at_once_are_a_warning() -> None:
    text = """\
name: flow
vars: {who: x}
steps:
  - {id: a, needs: [], set: {who: 1}}
  - {id: b, needs: [], set: {who: 2}}
  - {id: c, needs: [a, b], set: {who: 3}}
"""
    assert [(each.severity, each.line, each.code) for each in problems(text)] == [
        ("warning", 5, "race")
    ]


def test_names_of_the_trigger_are_those_of_an_event() -> None:
    text = """\
name: flow
triggers: [{event: process.completed, where: trigger.result.x and trigger.nme == 'a'}]
steps: [{id: a, stop: "{{ trigger.message }}{{ trigger.by }}{{ trigger.mesage }}"}]
"""
    assert [(each.line, each.column, each.hint) for each in problems(text)] == [
        (2, 67, "Did you mean `name`?"),
        (3, 64, "Did you mean `message`?"),
    ]

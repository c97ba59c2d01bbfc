"""Steps: one verb each, keys that fit it, a graph that can be walked, actions that exist."""

import pytest

from tests.workflows.language.samples import places, problems, steps

LOG = "action: baton.log, params: {message: x}"


def codes(text: str) -> list[tuple[int, str]]:
    return [(each.line, each.code) for each in problems(steps(text))]


def test_a_step_does_exactly_one_thing() -> None:
    assert places(steps("- {id: a}")) == [(3, 5, "verb")]
    assert places(steps("- {id: a, wait: 1s, stop: x}")) == [(3, 23, "verb")]
    assert places(steps("- {id: a, params: {x: 1}}")) == [(3, 5, "verb")]
    assert places(steps("- {id: a, wait: }")) == [(3, 5, "verb")]


def test_ids_are_used_once_in_a_scope_and_those_around_it() -> None:
    text = f"""\
- {{id: a, {LOG}}}
- {{id: a, {LOG}}}
- id: b
  {LOG.replace(", params", chr(10) + "  params")}
  on_error: [{{id: a, stop: x}}, {{id: h, stop: x}}]
- {{id: c, {LOG}, on_error: [{{id: h, stop: x}}]}}
"""
    found = [
        (each.line, each.message) for each in problems(steps(text)) if each.code == "duplicate"
    ]

    assert found == [
        (4, "there is a step `a` already, in line 3"),
        (8, "a step around this one is called `a` already"),
    ]


def test_needs_name_steps_of_the_same_list() -> None:
    text = f"""\
- {{id: build, {LOG}}}
- {{id: b, {LOG}, needs: [biuld, {{step: nope, on: failure}}]}}
- {{id: c, {LOG}, needs: {{any: [b, x]}}, on_error: [{{id: h, needs: [build], stop: x}}]}}
"""
    assert [(each.line, each.path, each.hint) for each in problems(steps(text))] == [
        (4, "steps[1].needs[0]", "Did you mean `build`?"),
        (4, "steps[1].needs[1]", "A step needs others of its own list."),
        (5, "steps[2].needs.any[1]", "A step needs others of its own list."),
        (5, "steps[2].on_error[0].needs[0]", "A step needs others of its own list."),
    ]


def test_an_edge_has_one_rule() -> None:
    text = f"- {{id: a, {LOG}}}\n- {{id: b, {LOG}, needs: [{{step: a, on: always, if: 'true'}}]}}"

    assert codes(text) == [(4, "exclusive")]


def test_a_cycle_is_one_problem() -> None:
    text = f"""\
- {{id: a, {LOG}, needs: [c]}}
- {{id: b, {LOG}}}
- {{id: c, {LOG}}}
- {{id: d, {LOG}}}
- {{id: e, {LOG}, needs: [f]}}
- {{id: f, {LOG}, needs: [e]}}
- {{id: g, {LOG}, needs: [g]}}
"""
    assert [(each.line, each.message) for each in problems(steps(text))] == [
        (3, "these steps wait for each other: a -> c -> b -> a"),
        (7, "these steps wait for each other: e -> f -> e"),
        (9, "the step `g` needs itself"),
    ]


def test_a_step_that_can_never_run_is_found() -> None:
    text = f"""\
- {{id: a, {LOG}, needs: []}}
- {{id: b, {LOG}, needs: [{{step: a, on: success}}, {{step: a, on: failure}}]}}
- {{id: c, {LOG}, needs: {{any: [{{step: a, on: success}}, {{step: a, on: failure}}]}}}}
- {{id: d, stop: x, needs: [a]}}
- {{id: e, {LOG}}}
- {{id: f, fail: x, condition: inputs.x is defined, needs: [a]}}
- {{id: g, {LOG}}}
- {{id: h, fail: x, needs: [a]}}
- {{id: i, {LOG}, needs: [{{step: h, on: failure}}]}}
"""
    found = [each.line for each in problems(steps(text)) if each.code == "unreachable"]
    assert found == [4, 7, 11]


def test_a_long_chain_is_checked_in_a_moment() -> None:
    text = "".join(
        f"- {{id: s{n}, stop: '{{{{ steps.s0.status }}}}', condition: 'true'}}\n"
        for n in range(1, 1200)
    )
    assert codes(f"- {{id: s0, {LOG}}}\n{text}") == []


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("{id: a, stop: x, params: {}}", [(3, 5 + 17, "misplaced")]),
        ("{id: a, wait: 1s, repeatable: true}", [(3, 23, "misplaced")]),
        ("{id: a, wait: 1s, retry: 2}", [(3, 23, "misplaced")]),
        ("{id: a, wait: 1s, requires_approval: true}", [(3, 5, "approvers"), (3, 23, "misplaced")]),
        ("{id: a, wait: 1s, timeout: 1m}", []),
        ("{id: a, stop: x, timeout: 1m}", [(3, 31, "no_effect")]),
        ("{id: a, approval: {title: x, approvers: ['@t']}, timeout: 1m}", [(3, 54, "misplaced")]),
        (
            "{id: a, approval: {title: x, approvers: ['@t']}, on_error: continue}",
            [(3, 64, "no_is_no")],
        ),
        ("{id: a, approval: {title: x, approvers: ['@t']}, retry: 2}", [(3, 54, "no_is_no")]),
        ("{id: a, approval: {title: x, approvers: ['@t']}, on_error: [{id: h, stop: x}]}", []),
        ("{id: a, wait: 1s, on_error: continue, notify: none, secret_output: true}", []),
    ],
)
def test_keys_go_with_the_verbs_they_mean_something_for(
    step: str, found: list[tuple[int, int, str]]
) -> None:
    assert places(steps(f"- {step}")) == found


def test_required_approval_makes_no_into_no() -> None:
    head = "settings: {approvers: ['@t']}\n"
    step = f"- {{id: a, {LOG}, requires_approval: true, on_error: continue, retry: 2}}"

    assert [each.code for each in problems(steps(step, head))] == ["no_is_no", "no_is_no"]
    fine = f"- {{id: a, {LOG}, requires_approval: true}}"
    assert problems(steps(fine, head)) == []
    assert [each.code for each in problems(steps(fine))] == ["approvers"]


def test_an_action_must_exist() -> None:
    (problem,) = problems(steps("- {id: a, action: shel.run, params: {argv: [ls]}}"))

    assert (problem.line, problem.column, problem.path) == (3, 21, "steps[0].action")
    assert str(problem) == (
        "flow.yaml:3:21: there is no action `shel.run`. Did you mean `shell.run`?"
    )


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ("{}", [(3, 5, "missing")]),
        ("{message: 5}", [(3, 50, "type")]),
        ("{message: [x]}", [(3, 50, "type")]),
        ("{message: abcdefghijklmnopqrstuvwxyz}", [(3, 50, "value")]),
        ("{message: x, levl: 1}", [(3, 53, "unknown_key")]),
        ("{message: LOUD, level: quiet}", [(3, 40, "value")]),
        ("{message: '{{ run.id }}'}", []),
        ("{message: 'abcdefghijklmnopqrstu {{ run.id }}'}", []),
        ("{message: '{{ run.id }}', level: quiet}", []),
        ("{message: '{{ run.id }}', level: [1]}", [(3, 73, "type")]),
        ("{message: ['{{ run.id }}']}", [(3, 50, "type")]),
    ],
)
def test_params_fit_their_model(params: str, found: list[tuple[int, int, str]]) -> None:
    assert places(steps(f"- {{id: a, action: baton.log, params: {params}}}")) == found


@pytest.mark.parametrize(
    ("params", "good"),
    [
        ("{url: 'http://x', tries: '{{ inputs.n }}'}", True),
        ("{url: 'http://x', tries: 'x{{ inputs.n }}'}", True),  # the text may turn out a number
        ("{url: 'ftp://{{ inputs.n }}'}", True),  # only the whole text can tell
        ("{url: 'http://x', headers: '{{ inputs.n }}'}", True),
        ("{url: 'http://x', headers: 'x {{ inputs.n }}'}", False),  # text is never a map
        ("{url: 'http://x', headers: {a: '{{ inputs.n }}'}}", True),
        ("{url: 'http://x', headers: {a: [1], b: '{{ inputs.n }}'}}", False),
        ("{url: 'ftp://x'}", False),
    ],
)
def test_a_template_may_become_what_is_needed(params: str, *, good: bool) -> None:
    text = steps(
        f"- {{id: a, action: http.request, params: {params}}}", "inputs: {n: {type: object}}\n"
    )
    assert (problems(text) == []) is good


def test_only_of_a_program_may_a_workflow_say_that_it_is_repeatable() -> None:
    text = """\
- {id: a, action: shell.run, params: {argv: [ls]}, repeatable: true}
- {id: b, action: ops.deploy, params: {message: x}, repeatable: true}
- {id: c, action: http.request, params: {url: "http://x"}, repeatable: true}
- {id: d, action: baton.log, params: {message: x}, repeatable: true}
- {id: e, action: baton.log, params: {message: x}, repeatable: false}
"""
    assert codes(text) == [(4, "repeatable"), (5, "repeatable")]


def test_a_retry_that_would_do_little_is_a_warning() -> None:
    text = """\
- {id: a, action: ops.deploy, params: {message: x}, retry: 3}
- {id: b, action: ops.deploy, params: {message: x}, retry: {attempts: 3, on: [failed]}}
- {id: c, action: shell.run, params: {argv: [ls]}, repeatable: true, retry: 3}
- {id: d, action: baton.log, params: {message: x}, repeatable: false, retry: 3}
"""
    found = problems(steps(text))
    assert [(each.severity, each.line, each.code) for each in found] == [
        ("warning", 3, "retry"),
        ("warning", 6, "retry"),
    ]

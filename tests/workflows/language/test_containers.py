"""Steps that hold steps: loops, branches, races and turns, and what can be seen from inside."""

import pytest

from tests.workflows.language.samples import places, problems, steps

LOG = "action: baton.log, params: {message: x}"


def found(text: str, head: str = "") -> list[tuple[int, str, str]]:
    """Line, code and message of every problem."""
    return [(each.line, each.code, each.message) for each in problems(steps(text, head))]


def logged(text: str) -> str:
    return f"action: baton.log, params: {{message: '{text}'}}"


FINE = f"""\
- {{id: hosts, action: shell.run, params: {{argv: [ls]}}}}
- id: fan
  for_each: "{{{{ steps.hosts.output.stdout | split }}}}"
  as: host
  key: "{{{{ host }}}}"
  concurrency: 4
  collect: {{up: "{{{{ steps.ping.output }}}}", at: "{{{{ index }}}}", of: "{{{{ host }}}}"}}
  steps:
    - {{id: ping, {logged("{{ host }} {{ index }}")}}}
    - id: deeper
      for_each: [a, b]
      steps:
        - {{id: both, {logged("{{ host }} {{ item }} {{ steps.ping.status }}")}}}
- id: race
  parallel:
    fast: [{{id: a, wait: 1s}}, {{id: b, {LOG}}}]
    slow: [{{id: c, wait: 10s}}]
  join: any
- id: route
  switch:
    - {{if: "steps.race.output.winner == 'fast'", steps: [{{id: q, {LOG}}}]}}
    - {{else: [{{id: r, {LOG}}}]}}
- id: poll
  repeat: {{until: "steps.look.output.exit_code == 0", max: 10, delay: 0s}}
  steps: [{{id: look, action: shell.run, params: {{argv: [ls]}}}}]
- {{id: last, {logged("{{ steps.fan.output }} {{ steps.race.output.fast }}")}}}
"""


def test_every_way_to_hold_steps_is_understood() -> None:
    assert problems(steps(FINE)) == []


def test_ids_are_unique_in_a_body_and_not_those_of_a_step_around_it() -> None:
    text = f"""\
- id: one
  for_each: [1]
  steps:
    - {{id: a, {LOG}}}
    - {{id: a, {LOG}}}
    - {{id: one, {LOG}}}
- id: two
  parallel:
    x: [{{id: a, {LOG}}}]
    y: [{{id: a, {LOG}}}, {{id: one, {LOG}}}]
"""
    assert [(line, code) for line, code, _ in found(text)] == [
        (7, "duplicate"),
        (8, "duplicate"),
        (12, "duplicate"),
    ]


def test_nobody_looks_into_a_container() -> None:
    text = f"""\
- id: fan
  for_each: [1]
  steps: [{{id: post, {LOG}}}]
- id: race
  parallel:
    x: [{{id: left, {LOG}}}]
    y: [{{id: right, {logged("{{ steps.left.output }}")}}}]
- {{id: after, {logged("{{ steps.post.output }}")}}}
"""
    assert [(each.line, each.message, each.hint) for each in problems(steps(text))] == [
        (
            9,
            "the step `left` is inside `race`, and cannot be seen from here",
            "Use what `steps.race.output` holds.",
        ),
        (
            10,
            "the step `post` is inside `fan`, and cannot be seen from here",
            "Use what `steps.fan.output` holds.",
        ),
    ]


def test_needs_stay_within_their_list() -> None:
    text = f"""\
- {{id: before, {LOG}}}
- id: fan
  for_each: [1]
  steps:
    - {{id: a, {LOG}, needs: [before]}}
    - {{id: b, {LOG}}}
- {{id: c, {LOG}, needs: [b]}}
"""
    assert [(line, code) for line, code, _ in found(text)] == [
        (7, "unknown_step"),
        (9, "unknown_step"),
    ]


def test_a_step_inside_sees_what_came_before_the_container_and_no_more() -> None:
    text = f"""\
- {{id: before, {LOG}}}
- id: fan
  for_each: [1]
  steps: [{{id: a, {logged("{{ steps.before.status }}{{ steps.later.status }}{{ steps.fan.status }}")}}}]
- {{id: later, {LOG}}}
"""
    assert [message for _, _, message in found(text)] == [
        "the step `later` cannot have run before this",
        "the step `fan` cannot have run before this",
    ]


def test_item_and_index_exist_in_a_loop_only() -> None:
    text = f"""\
- {{id: a, {logged("{{ item }}{{ index }}")}}}
- id: fan
  for_each: "{{{{ item }}}}"
  as: thing
  key: "{{{{ item }}}}"
  steps: [{{id: b, {logged("{{ item }}")}}}]
- {{id: c, {logged("{{ thing }}")}}}
"""
    assert [(line, message.split("`")[1]) for line, _, message in found(text)] == [
        (3, "item"),
        (5, "item"),
        (7, "item"),
        (8, "item"),
        (9, "thing"),
    ]


@pytest.mark.parametrize("name", ["inputs", "steps", "index", "error", "in", "none"])
def test_an_item_is_not_called_what_means_something_else(name: str) -> None:
    text = f"- id: fan\n  for_each: [1]\n  as: {name}\n  steps: [{{id: a, {LOG}}}]"

    assert places(steps(text)) == [(5, 9, "reserved")]


def test_collect_and_until_see_the_steps_of_their_turn() -> None:
    text = f"""\
- id: fan
  for_each: [1]
  collect: "{{{{ steps.a.output }}}}{{{{ steps.b.output }}}}{{{{ steps.fan.output }}}}"
  steps: [{{id: a, {LOG}}}]
- id: poll
  repeat: {{until: "steps.b.status == 'completed' and steps.a.status", max: 3}}
  steps: [{{id: b, {LOG}}}]
"""
    assert [(line, message) for line, _, message in found(text)] == [
        (5, "the step `b` is inside `poll`, and cannot be seen from here"),
        (5, "the step `fan` cannot have run before this"),
        (8, "the step `a` is inside `fan`, and cannot be seen from here"),
    ]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("{id: a, for_each: [1]}", (3, 5, "missing")),
        ("{id: a, repeat: {until: 'true', max: 3}}", (3, 5, "missing")),
        ("{id: a, for_each: text, steps: [{id: b, stop: x}]}", (3, 23, "type")),
        ("{id: a, for_each: 5, steps: [{id: b, stop: x}]}", (3, 23, "type")),
        ("{id: a, for_each: [1], steps: []}", (3, 35, "value")),
        ("{id: a, for_each: [1], concurrency: 0, steps: [{id: b, stop: x}]}", (3, 41, "value")),
        ("{id: a, parallel: {}}", (3, 23, "value")),
        ("{id: a, parallel: {x: []}}", (3, 27, "value")),
        ("{id: a, parallel: {'X y': [{id: b, stop: x}]}}", (3, 24, "slug")),
        ("{id: a, parallel: {x: [{id: b, stop: x}]}, join: 2}", (3, 54, "join")),
        ("{id: a, parallel: {x: [{id: b, stop: x}]}, join: 0}", (3, 54, "value")),
        ("{id: a, parallel: {x: [{id: b, stop: x}]}, join: most}", (3, 54, "value")),
        ("{id: a, parallel: {winner: [{id: b, stop: x}]}}", (3, 24, "reserved")),
        ("{id: a, switch: []}", (3, 21, "value")),
        ("{id: a, switch: [{if: 'true'}]}", (3, 22, "exclusive")),
        ("{id: a, switch: [{else: [{id: b, stop: x}], if: 'true'}]}", (3, 22, "exclusive")),
        ("{id: a, repeat: {until: 'true'}, steps: [{id: b, stop: x}]}", (3, 5, "missing")),
        ("{id: a, repeat: {max: 3}, steps: [{id: b, stop: x}]}", (3, 5, "missing")),
        (
            "{id: a, repeat: {until: 'true', max: 10001}, steps: [{id: b, stop: x}]}",
            (3, 42, "value"),
        ),
        (
            "{id: a, repeat: {until: '{{ x }}', max: 3}, steps: [{id: b, stop: x}]}",
            (3, 30, "expression"),
        ),
        ("{id: a, stop: x, steps: [{id: b, stop: x}]}", (3, 22, "misplaced")),
        ("{id: a, stop: x, as: y}", (3, 22, "misplaced")),
        ("{id: a, stop: x, key: y}", (3, 22, "misplaced")),
        ("{id: a, stop: x, collect: y}", (3, 22, "misplaced")),
        ("{id: a, stop: x, concurrency: 2}", (3, 22, "misplaced")),
        ("{id: a, stop: x, join: any}", (3, 22, "misplaced")),
        ("{id: a, stop: x, inputs: {a: 1}}", (3, 22, "misplaced")),
        ("{id: a, stop: x, detach: true}", (3, 22, "misplaced")),
        ("{id: a, for_each: [1], retry: 2, steps: [{id: b, stop: x}]}", (3, 28, "misplaced")),
    ],
)
def test_what_a_container_says_of_its_steps_must_make_sense(
    step: str, problem: tuple[int, int, str]
) -> None:
    assert places(steps(f"- {step}")) == [problem]


def test_else_comes_last() -> None:
    text = """\
- id: route
  switch:
    - {else: [{id: a, stop: x}]}
    - {if: "true", steps: [{id: b, stop: x}]}
"""
    assert places(steps(text)) == [(5, 10, "unreachable")]


def test_a_slip_inside_hides_no_other() -> None:
    text = """\
- id: fan
  for_each: [1]
  colect: x
  steps:
    - 5
    - {id: A b, wait: 1s}
    - id: ok
      parallel:
        x: [{id: c, action: no.such}, {id: d, stopp: x}]
      switch: 5
    - {id: e, on_error: [{id: f, waiit: 1s}], stop: "{{ nobody }}"}
"""
    assert [(line, code) for line, code, _ in found(text)] == [
        (5, "unknown_key"),
        (7, "type"),
        (8, "slug"),
        (11, "unknown_action"),
        (11, "verb"),
        (11, "unknown_key"),
        (12, "type"),
        (13, "verb"),
        (13, "unknown_key"),
        (13, "expression"),
    ]


def test_stray_braces_are_found_inside_containers_too() -> None:
    text = """\
- id: race
  parallel:
    x: [{id: a, stop: x, name: "{{ x }}"}]
- id: route
  switch:
    - {if: "{{ x }}", steps: [{id: b, stop: x, name: "{{ x }}"}]}
    - {else: [{id: c, for_each: [1], as: "{{ x }}", steps: [{id: d, stop: x}]}]}
"""
    strays = [each for each in problems(steps(text)) if each.code == "stray_template"]
    assert [(each.line, each.column) for each in strays] == [(5, 35), (8, 57), (9, 45)]


def test_a_join_of_both_ends_of_one_step_is_never_reached() -> None:
    text = f"""\
- {{id: build, {LOG}}}
- {{id: ship, {LOG}, needs: [{{step: build, on: success}}]}}
- {{id: mend, {LOG}, needs: [{{step: build, on: failure}}]}}
- {{id: more, {LOG}, needs: [mend]}}
- {{id: all, {LOG}, needs: [ship, more]}}
- {{id: some, {LOG}, needs: {{any: [ship, more]}}}}
- {{id: behind, {LOG}, needs: [all]}}
"""
    assert found(text) == [
        (7, "unreachable", "`all` can never run: `build` cannot both succeed and fail")
    ]


def test_vars_that_are_set_side_by_side_are_pointed_out() -> None:
    head = "vars: {v: 1, w: 2}\n"
    text = """\
- id: race
  parallel:
    x: [{id: a, set: {v: 2}}]
    y: [{id: b, set: {v: 3}}, {id: c, set: {w: 1}}]
- id: fan
  for_each: [1]
  steps: [{id: d, set: {v: 4}}]
- id: calm
  for_each: [1]
  concurrency: 1
  steps: [{id: e, set: {v: 4}}]
- {id: f, set: {w: 4}, needs: [race]}
- {id: g, set: {w: 5}, needs: [race]}
"""
    assert [(each.severity, each.line, each.code) for each in problems(steps(text, head))] == [
        ("warning", 7, "race"),
        ("warning", 10, "race"),
        ("warning", 16, "race"),
    ]


def test_an_approval_covers_nothing_that_a_container_changes_in_between() -> None:
    text = f"""\
- {{id: gate, approval: {{title: x, approvers: ["@t"], covers: [deploy]}}}}
- id: fan
  for_each: [1]
  concurrency: 1
  steps: [{{id: d, set: {{v: 4}}}}]
- {{id: deploy, {logged("{{ vars.v }}")}}}
"""
    assert [code for _, code, _ in found(text, "vars: {v: 1}\n")] == ["covers"]


def test_the_output_of_a_race_has_its_branches() -> None:
    text = f"""\
- {{id: race, parallel: {{x: [{{id: a, {LOG}}}]}}}}
- {{id: b, stop: "{{{{ steps.race.output.x }}}}{{{{ steps.race.output.winner }}}}{{{{ steps.race.output.z }}}}"}}
"""
    assert found(text) == [(4, "reference", "the output of `parallel` has no `z`")]


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("compensate: {action: baton.log, params: {message: '{{ steps.a.output }}'}}", []),
        ("compensate: {action: http.request, params: {url: 'https://{{ secrets.X }}'}}", []),
        (
            "compensate: {action: baton.log, params: {message: x}, retry: {attempts: 2, if: error}}",
            [],
        ),
        ("compensate: {action: baton.lgo}", ["unknown_action"]),
        ("compensate: {action: baton.log}", ["missing"]),
        ("compensate: {params: {message: x}}", ["missing"]),
        (
            "compensate: {action: baton.log, params: {message: '{{ steps.b.output }}'}}",
            ["reference"],
        ),
        ("compensate: {action: shell.run, params: {argv: [sh, -c, '{{ run.id }}']}}", ["shell"]),
        ("compensate: {action: '{{ run.id }}'}", ["stray_template"]),
    ],
)
def test_what_takes_a_step_back_is_an_action_that_sees_its_output(
    step: str, problem: list[str]
) -> None:
    text = f"- {{id: a, {LOG}, {step}}}\n- {{id: b, {LOG}}}"

    assert [code for _, code, _ in found(text)] == problem


def test_what_ends_the_run_has_nothing_to_take_back() -> None:
    text = "- {id: a, stop: x, compensate: {action: baton.log, params: {message: x}}}"

    assert [(each.severity, each.code) for each in problems(steps(text))] == [
        ("warning", "no_effect")
    ]

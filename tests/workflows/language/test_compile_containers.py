"""Containers, children, signals and what takes steps back, as the core gets them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflows.language.samples import Catalogue, read, steps
from workflows.core import plan
from workflows.core.plan import EvaluationFailed
from workflows.language.compile import compile_body, compile_workflow, revision_of

LOG = "action: baton.log, params: {message: x}"
NAMES: dict[str, Any] = {
    "inputs": {"hosts": ["a", "b"], "n": 3},
    "vars": {},
    "steps": {"look": {"status": "completed", "output": {"exit_code": 0, "stdout": "s"}}},
    "run": {"id": "run_1"},
    "item": {"id": 7},
    "host": "a",
    "index": 1,
}
HEAD = "inputs: {hosts: {type: array}, n: {type: integer}}\n"


def compiled(text: str, rest: str = "") -> plan.Plan:
    checked = read(steps(text, HEAD) + rest)
    whole = compile_workflow(checked.workflow, Catalogue(), revision="r")
    stored = compile_body(revision_of(checked.body), checked.body, Catalogue())
    assert [step.id for step in whole.steps] == [step.id for step in stored.steps]
    return stored


def verb(text: str) -> plan.Verb:
    return compiled(text).steps[0].verb


def test_a_loop_has_its_items_its_key_and_what_it_collects() -> None:
    found = verb(f"""\
- id: fan
  for_each: "{{{{ inputs.hosts }}}}"
  as: host
  key: "{{{{ host }}}}-{{{{ index }}}}"
  concurrency: 4
  collect: {{of: "{{{{ host }}}}"}}
  steps: [{{id: a, {LOG}}}, {{id: b, {LOG}}}]
""")
    assert isinstance(found, plan.ForEach)
    assert (found.items(NAMES), found.name, found.concurrency) == (["a", "b"], "host", 4)
    assert found.key is not None
    assert found.collect is not None
    assert (found.key(NAMES), found.collect(NAMES)) == ("a-1", {"of": "a"})
    assert [(step.id, [edge.step for edge in step.needs]) for step in found.steps] == [
        ("a", []),
        ("b", ["a"]),
    ]


def test_a_loop_without_more_has_the_defaults_of_the_language() -> None:
    found = verb(f"- {{id: fan, for_each: [1, '{{{{ run.id }}}}'], steps: [{{id: a, {LOG}}}]}}")

    assert isinstance(found, plan.ForEach)
    assert (found.items(NAMES), found.name, found.key, found.concurrency, found.collect) == (
        [1, "run_1"], "item", None, 16, None,
    )  # fmt: skip


def test_what_is_no_list_fails_the_step() -> None:
    found = verb(f"- {{id: f, for_each: '{{{{ inputs.n }}}}', steps: [{{id: a, {LOG}}}]}}")

    assert isinstance(found, plan.ForEach)
    with pytest.raises(EvaluationFailed, match="`for_each` needs a list, not a number"):
        found.items(NAMES)


@pytest.mark.parametrize(("key", "text"), [("item.id", "7"), ("index", "1"), ("host", "a")])
def test_a_key_is_text(key: str, text: str) -> None:
    found = verb(
        f"- {{id: f, for_each: [1], as: host, key: '{{{{ {key} }}}}', steps: [{{id: a, {LOG}}}]}}"
        if key == "host"
        else f"- {{id: f, for_each: [1], key: '{{{{ {key} }}}}', steps: [{{id: a, {LOG}}}]}}"
    )
    assert isinstance(found, plan.ForEach)
    assert found.key is not None
    assert found.key(NAMES) == text
    with pytest.raises(EvaluationFailed, match="`key` must give a text or a number"):
        found.key({**NAMES, "item": {"id": None}, "index": [], "host": {}})


@pytest.mark.parametrize(
    ("join", "count"), [("", None), (", join: all", None), (", join: any", 1), (", join: 2", 2)]
)
def test_a_race_says_how_many_must_come_in(join: str, count: int | None) -> None:
    found = verb(f"- {{id: r, parallel: {{x: [{{id: a, {LOG}}}], y: [{{id: a, {LOG}}}]}}{join}}}")
    assert isinstance(found, plan.Parallel)
    assert found.join == count
    assert [(name, [step.id for step in each]) for name, each in found.branches] == [
        ("x", ["a"]),
        ("y", ["a"]),
    ]


def test_a_switch_has_its_cases_by_number_and_else() -> None:
    found = verb(f"""\
- id: route
  switch:
    - {{if: inputs.n > 2, steps: [{{id: a, {LOG}}}]}}
    - {{if: inputs.n, steps: [{{id: b, {LOG}}}]}}
    - {{else: [{{id: c, {LOG}}}]}}
""")
    assert isinstance(found, plan.Switch)
    assert [case.name for case in found.cases] == ["0", "1", "else"]
    assert [case.steps[0].id for case in found.cases] == ["a", "b", "c"]
    assert [case.condition and case.condition(NAMES) for case in found.cases] == [True, True, None]


def test_turns_have_their_end_their_number_and_their_pause() -> None:
    found = verb("""\
- id: poll
  repeat: {until: steps.look.output.exit_code == 0, max: 10, delay: 5s}
  steps: [{id: look, action: shell.run, params: {argv: [ls]}}]
""")
    assert isinstance(found, plan.Repeat)
    assert (found.until(NAMES), found.most, found.delay) == (True, 10, timedelta(seconds=5))
    assert [step.id for step in found.steps] == ["look"]


def test_a_child_is_named_and_every_child_of_the_plan_once() -> None:
    found = compiled(
        """\
- {id: a, workflow: one, inputs: {x: "{{ inputs.n }}"}, detach: true, retry: 2}
- id: fan
  for_each: [1]
  steps:
    - {id: b, workflow: two}
    - {id: c, workflow: one, on_error: [{id: d, workflow: three}]}
""",
        "finally: [{id: e, workflow: four}]\n",
    )
    child = found.steps[0].verb
    assert isinstance(child, plan.Child)
    assert (child.workflow, child.inputs(NAMES), child.detach) == ("one", {"x": 3}, True)
    assert found.steps[0].retry.attempts == 2
    assert found.children == ("one", "two", "three", "four")


def test_a_signal_is_its_name() -> None:
    assert verb("- {id: a, wait_for: {signal: go, timeout: 1h, on_timeout: continue}}") == (
        plan.WaitForSignal("go", timedelta(hours=1), "continue")
    )


def test_what_takes_a_step_back_is_compiled_as_an_action() -> None:
    found = compiled(f"""\
- id: look
  {LOG.replace(", params", chr(10) + "  params")}
  compensate:
    action: http.request
    params: {{url: "https://x/{{{{ steps.look.status }}}}", headers: {{t: "{{{{ secrets.T }}}}"}}}}
    timeout: 1m
    retry: 3
""").steps[0]
    assert found.undo is not None
    assert found.undo.action.name == "http.request"
    assert found.undo.action.params({**NAMES, "secrets": {}}) == {
        "url": "https://x/completed",
        "headers": {"t": {"$secret": "T"}},
    }
    assert (found.undo.timeout, found.undo.retry.attempts) == (timedelta(minutes=1), 3)
    assert callable(found.undo.action.repeatable)
    assert compiled(f"- {{id: a, {LOG}}}").steps[0].undo is None


def test_the_lists_at_the_end_are_part_of_the_plan() -> None:
    found = compiled(
        f"- {{id: a, {LOG}}}",
        f"on_failure: [{{id: f, {LOG}}}]\non_cancel: [{{id: c, {LOG}}}]\n"
        f"finally: [{{id: x, {LOG}}}, {{id: y, {LOG}}}]\n",
    )

    lists = (found.on_failure, found.on_cancel, found.finally_)
    assert [[step.id for step in each] for each in lists] == [["f"], ["c"], ["x", "y"]]
    assert [edge.step for edge in found.finally_[1].needs] == ["x"]

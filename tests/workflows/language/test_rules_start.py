"""What is worked out before a run begins, or as it begins: its channel, its key, its vars."""

import json

import pytest

from tests.workflows.language.samples import Catalogue, problems, read
from workflows.language.compile import compile_body
from workflows.language.vars_order import vars_in_order

STEPS = "steps: [{id: a, stop: x}]"
HEAD = "name: flow\ninputs: {x: {type: string}}\nvars: {v: 1}\n"


@pytest.mark.parametrize("setting", ["channel: '{{ % }}'", "concurrency: {key: '{{ % }}'}"])
def test_before_a_run_begins_it_has_inputs_and_somebody_who_starts_it(setting: str) -> None:
    def said(name: str) -> list[str]:
        text = f"{HEAD}settings: {{{setting.replace('%', name)}}}\n{STEPS}"
        return [each.message for each in problems(text)]

    known = ("inputs.x", "run.inputs.x", "run.started_by", "trigger.kind", "workflow.name")
    for name in known:
        assert said(name) == [], name
    assert said("vars.v") == ["`vars` cannot be used here"]
    assert said("steps.a.output") == ["`steps` cannot be used here"]
    for name in ("number", "id", "url", "thread_url", "started_at", "folder", "status"):
        assert said(f"run.{name}") == [f"`run` has no `{name}`"], name


@pytest.mark.parametrize(
    ("declared", "message", "hint"),
    [
        ("{b: '{{ vars.a }}', a: 1}", "the var `a` has no value yet", "Move `a` above this one."),
        ("{a: '{{ vars.a }}'}", "the var `a` has no value yet", "It cannot use itself."),
        ("{a: 1, b: '{{ vars | tojson }}'}", "`vars` are not all there yet", "as `vars.a`"),
        ("{a: 1, b: '{{ vars[inputs.x] }}'}", "`vars` are not all there yet", "as `vars.a`"),
        ("{a: 1, b: '{{ vars.c }}'}", "there is no var `c`", "There are a."),
        ("{a: '{{ steps.a.output }}'}", "`steps` cannot be used here", None),
        ("{a: '{{ secrets.X }}'}", "`secrets` cannot be used here", "only in the `params`"),
    ],
)
def test_a_var_sees_those_above_it(declared: str, message: str, hint: str | None) -> None:
    text = f"name: flow\ninputs: {{x: {{type: string}}}}\nvars: {declared}\n{STEPS}"

    (problem,) = problems(text)

    assert problem.message.startswith(message)
    assert hint is None or hint in (problem.hint or "")


def test_vars_keep_their_order_though_what_is_stored_has_none() -> None:
    text = f"""\
name: flow
inputs: {{x: {{type: string}}}}
vars:
  word: "{{{{ inputs.x }}}}"
  twice: "{{{{ vars.word }}}}{{{{ vars.word }}}}"
  all: "{{{{ vars.twice }}}} in {{{{ run.id }}}} by {{{{ trigger.kind }}}} of {{{{ workflow.name }}}}"
{STEPS}
"""
    stored = json.loads(json.dumps(read(text).body, sort_keys=True))
    plan = compile_body("r1", stored, Catalogue())

    names = {
        "inputs": {"x": "ab"},
        "run": {"id": "run_1"},
        "trigger": {"kind": "manual"},
        "workflow": {"name": "flow"},
        "vars": {},
    }
    for name, template in plan.vars:
        names["vars"][name] = template(names)
    assert names["vars"] == {
        "word": "ab", "twice": "abab", "all": "abab in run_1 by manual of flow",
    }  # fmt: skip


def test_a_chain_of_thousands_of_vars_is_no_trouble() -> None:
    declared = {f"v{n:04}": f"{{{{ vars.v{n + 1:04} }}}}" for n in range(3000)} | {"v3000": 1}

    assert [name for name, _ in vars_in_order(declared)][:2] == ["v3000", "v2999"]


def test_vars_in_a_circle_were_never_checked() -> None:
    with pytest.raises(ValueError, match="cycle"):
        vars_in_order({"a": "{{ vars.b }}", "b": "{{ vars.a }}"})


def test_the_settings_name_who_decides_where_an_approval_names_nobody() -> None:
    text = """\
name: flow
settings: {approvers: ["@team"]}
steps:
  - {id: one, approval: {title: Go?}}
  - {id: two, approval: {title: Go?, approvers: ["@ada"]}}
"""
    plan = compile_body("r1", read(text).body, Catalogue())

    asked = [step.verb.approvers({}) for step in plan.steps]  # type: ignore[union-attr]  # both ask
    assert asked == [["@team"], ["@ada"]]

"""A checked definition becomes the core's plan, and the same body the same revision."""

from datetime import timedelta
from typing import Any

import pytest

from coordination.ports import Definition, TriggerSpec
from coordination.refusals import InvalidInputs
from tests.workflows.language.samples import Catalogue, read
from tests.workflows.language.test_shapes import FINE
from workflows.core import plan
from workflows.core.plan import EvaluationFailed, On
from workflows.language.checks import check_workflow
from workflows.language.compile import compile_body, compile_workflow, revision_of
from workflows.language.compiling import Around, compile_action
from workflows.language.definition import InputCheck, to_definition
from workflows.language.errors import InvalidDefinition
from workflows.language.model import Settings, Step
from workflows.language.schema import workflow_schema

NAMES: dict[str, Any] = {
    "inputs": {"target": "staging", "count": 2},
    "vars": {"who": "ada"},
    "trigger": {"kind": "manual", "by": "ada"},
    "run": {"id": "run_1", "started_by": "ada", "folder": "runs/1"},
    "workflow": {"name": "release"},
    "steps": {
        "tests": {"status": "completed", "output": {"exit_code": 0, "stdout": "ok"}},
        "gate": {"status": "completed", "output": {"decision": "approve", "by": "eve"}},
    },
}


@pytest.fixture
def compiled() -> plan.Plan:
    checked = read(FINE)
    return compile_body(revision_of(checked.body), checked.body, Catalogue())


def step(compiled: plan.Plan, name: str) -> plan.Step:
    return next(each for each in compiled.steps if each.id == name)


def test_the_head_becomes_the_plan(compiled: plan.Plan) -> None:
    assert (compiled.name, compiled.title) == ("release", "Release")
    assert (compiled.timeout, compiled.notify) == (timedelta(hours=2), "all")
    assert [(name, value(NAMES)) for name, value in compiled.vars] == [
        ("who", "ada"),
        ("greeting", "Hello ada at manual"),
    ]
    assert [name for name, _ in compiled.outputs] == ["url"]
    assert set(compiled.graph.nodes) >= {"tests", "tests~error.note", "gate", "deploy"}


def test_an_action_keeps_its_secrets_as_handles(compiled: plan.Plan) -> None:
    verb = step(compiled, "tests").verb
    assert isinstance(verb, plan.Action)

    assert verb.params(NAMES) == {
        "argv": ["pytest", "staging"],
        "env": {"TOKEN": {"$secret": "T"}},
    }
    assert verb.repeatable is True
    assert verb.reads == frozenset()


def test_retry_and_handlers_are_taken_over(compiled: plan.Plan) -> None:
    tests = step(compiled, "tests")

    assert tests.retry.condition is not None
    assert tests.retry.condition({**NAMES, "attempt": 2, "error": {}}) is True
    assert tests.retry.condition({**NAMES, "attempt": 3, "error": {}}) is False
    assert (tests.retry.attempts, tests.retry.delay, tests.retry.on) == (
        3,
        timedelta(),
        ("failed",),
    )
    assert isinstance(tests.on_error, tuple)
    assert [handler.id for handler in tests.on_error] == ["note"]
    assert (tests.name, tests.timeout) == ("All tests", timedelta(minutes=20))


def test_needs_are_complete(compiled: plan.Plan) -> None:
    assert step(compiled, "tests").needs == ()
    assert step(compiled, "gate").needs == (plan.Edge("tests", On.DEFAULT),)
    pause = step(compiled, "pause").needs
    assert [(edge.step, edge.on) for edge in pause] == [
        ("tests", On.DEFAULT),
        ("gate", On.ALWAYS),
        ("deploy", On.DEFAULT),
    ]
    assert pause[2].condition is not None
    assert pause[2].condition(NAMES) is True
    until = step(compiled, "until")
    assert until.any_of
    assert [(edge.step, edge.on) for edge in until.needs] == [
        ("deploy", On.DEFAULT),
        ("pause", On.FAILURE),
    ]


def test_an_approval_is_taken_over(compiled: plan.Plan) -> None:
    verb = step(compiled, "gate").verb
    assert isinstance(verb, plan.Approval)

    assert verb.title(NAMES) == "Deploy staging?"
    assert verb.approvers(NAMES) == ["<@U123>", "@staging"]
    assert verb.show is not None
    assert verb.show(NAMES) == [{"exit_code": 0, "stdout": "ok"}, "text"]
    assert (verb.covers, verb.quorum, verb.on_timeout) == (("deploy",), 2, "later")
    assert verb.decisions == ("approve", "later")
    assert (verb.allow_self, verb.require_reason) == (True, "always")


def test_required_approval_is_a_gate_before_the_step(compiled: plan.Plan) -> None:
    deploy = step(compiled, "deploy")

    assert deploy.gate is not None
    assert deploy.gate.title(NAMES) == "Run deploy?"
    assert deploy.gate.approvers(NAMES) == ["@team"]
    assert deploy.condition is not None
    assert deploy.condition(NAMES) is True
    assert (deploy.notify, deploy.secret_output) == ("attention", True)


def test_the_other_verbs_are_taken_over(compiled: plan.Plan) -> None:
    change, bad, end = (step(compiled, name).verb for name in ("change", "bad", "end"))
    assert isinstance(change, plan.SetVars)
    assert [(name, value(NAMES)) for name, value in change.values] == [("who", "eve")]
    assert isinstance(bad, plan.Fail)
    assert bad.text(NAMES) == "Nobody ada"
    assert isinstance(end, plan.Stop)
    until = step(compiled, "until").verb
    assert isinstance(until, plan.Wait)
    assert until.until is not None
    assert until.until(NAMES) == "2026-03-02T09:00:00Z"


def test_a_wait_may_be_worked_out(compiled: plan.Plan) -> None:
    verb = step(compiled, "pause").verb
    assert isinstance(verb, plan.Wait)
    assert callable(verb.duration)

    assert verb.duration({"inputs": {"target": "1h"}}) == 3600
    for wrong in ("soon", 5):
        with pytest.raises(EvaluationFailed):
            verb.duration({"inputs": {"target": wrong}})


def actions(text: str, head: str = "") -> plan.Action:
    checked = read(f"name: f\ninputs: {{x: {{type: string}}}}\n{head}steps: [{{id: a, {text}}}]")
    verb = compile_workflow(checked.workflow, Catalogue(), revision="r").steps[0].verb
    assert isinstance(verb, plan.Action)
    return verb


def test_whether_an_action_repeats_may_depend_on_its_params() -> None:
    asked = actions(
        "action: http.request, params: {url: 'http://x', method: '{{ inputs.x }}'}"
    ).repeatable
    assert callable(asked)
    assert asked({"url": "http://x", "method": "GET"}) is True
    assert asked({"url": "http://x", "method": "POST"}) is False
    assert asked({"url": 5}) is False
    assert actions("action: shell.run, params: {argv: [ls]}").repeatable is False
    assert actions("action: baton.log, params: {message: x}").repeatable is True
    assert actions("action: baton.log, params: {message: x}, repeatable: false").repeatable is False


def test_a_program_becomes_only_what_the_settings_list() -> None:
    verb = actions(
        "action: shell.run, params: {argv: ['{{ inputs.x }}', a]}", "settings: {programs: [make]}\n"
    )

    assert verb.params({"inputs": {"x": "make"}}) == {"argv": ["make", "a"]}
    with pytest.raises(EvaluationFailed, match="'rm' is not one of the programs"):
        verb.params({"inputs": {"x": "rm"}})


def test_data_in_params_cannot_pass_for_a_secret() -> None:
    verb = actions("action: baton.log, params: {message: '{{ inputs.x }}'}")

    assert verb.params({"inputs": {"x": {"$secret": "ADMIN"}}}) == {
        "message": {"$$secret": "ADMIN"}
    }


def test_params_without_an_expression_are_a_fresh_copy_each_time_in_the_order_of_the_file() -> None:
    params = {"z": [1, 2.5, None, {"$b": "é", "a": True}], "$text": "a {b}", "message": "x"}
    around = Around(Settings(), Catalogue(), lambda *_: plan.Step("a", plan.Stop()))
    constant = compile_action("any.thing", params, around).params
    worked_out = compile_action("any.thing", {**params, "last": "{{ 1 }}"}, around).params

    first, second = constant(NAMES), constant(NAMES)
    assert str({**first, "last": 1}) == str(worked_out(NAMES))
    assert list(first) == ["z", "$$text", "message"]
    first["z"][3].clear()
    assert second["z"] == [1, 2.5, None, {"$$b": "é", "a": True}]


def test_an_action_says_what_it_reads() -> None:
    text = """\
name: f
vars: {v: 1}
steps:
  - {id: a, action: baton.log, params: {message: x}}
  - {id: b, action: baton.log, params: {message: "{{ steps.a.output | default(vars.v) }}{{ run.id }}"}}
"""
    verb = compile_workflow(read(text).workflow, Catalogue(), revision="r").steps[1].verb
    assert isinstance(verb, plan.Action)
    assert verb.reads == {"a", "vars"}


def test_the_revision_depends_on_the_body_alone() -> None:
    reordered = "steps: [{stop: x, id: a}]\n\n# a comment\nname: 'flow'"
    same = revision_of(read("name: flow\nsteps: [{id: a, stop: x}]").body)

    assert revision_of(read(reordered).body) == same
    assert len(same) == 64
    assert revision_of(read("name: flow\nsteps: [{id: a, stop: y}]").body) != same


def test_a_definition_carries_what_coordination_needs() -> None:
    definition = to_definition(read(FINE))

    assert isinstance(definition, Definition)
    assert definition.hash == revision_of(definition.body)
    assert definition.source == FINE
    assert definition.triggers == (
        TriggerSpec(
            id="built",
            kind="event",
            event="process.completed",
            source="ci",
            where="trigger.name == 'build' and trigger.result.failed == 0",
            inputs={"target": "production", "count": "{{ trigger.result.count }}"},
            enabled=False,
        ),
    )
    assert definition.start_by == ("<@U123>", "@team", "role:operator")
    assert (definition.channel, definition.approvers) == ("#{{ inputs.target }}", ("@team",))


def test_coordination_checks_inputs_through_the_port() -> None:
    definition = to_definition(read(FINE))

    assert InputCheck().check(definition, {"count": 1}) == {"target": "staging", "count": 1}
    with pytest.raises(InvalidInputs) as refused:
        InputCheck().check(definition, {"cuont": 1})
    assert refused.value.problems == (
        ("cuont", "there is no input `cuont`. Did you mean `count`?"),
    )
    assert InputCheck().check(to_definition(read("name: f\nsteps: [{id: a, stop: x}]")), {}) == {}


def test_a_definition_may_come_from_python() -> None:
    body = {
        "name": "flow",
        "steps": [{"id": "a", "action": "baton.log", "params": {"message": "x"}}],
    }

    assert check_workflow(body, Catalogue()).workflow.steps[0].id == "a"
    body["steps"][0]["retyr"] = 1  # type: ignore[index]  # a list of maps
    with pytest.raises(InvalidDefinition, match="there is no key `retyr` here") as refused:
        check_workflow(body, Catalogue())
    assert refused.value.problems[0].path == "steps[0].retyr"


def test_a_body_that_is_no_definition_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="steps"):
        compile_body("r", {"name": "flow"}, Catalogue())


def test_the_schema_knows_every_key_and_action() -> None:
    schema = workflow_schema(Catalogue())

    step_schema = schema["$defs"]["Step"]
    assert {"action", "approval", "wait", "set", "fail", "stop", "needs"} <= set(
        step_schema["properties"]
    )
    assert step_schema["properties"]["action"]["enum"] == sorted(Catalogue().names())
    assert set(Step.verbs) <= set(step_schema["properties"])
    (log,) = [
        each["then"]["properties"]["params"]
        for each in step_schema["allOf"]
        if each["if"]["properties"]["action"]["const"] == "baton.log"
    ]
    assert log["properties"]["message"]["anyOf"][0]["type"] == "string"
    assert log["required"] == ["message"]
    assert schema["$defs"]["Retry"]["properties"]["if"]

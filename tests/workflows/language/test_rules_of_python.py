"""Python is welcome: verbs of one's own, and definitions that are data before they are files."""

import json

import pytest
from pydantic import BaseModel, Field, ValidationError

from baton.connector import ActionContext, Connector, Params, action
from workflows.actions.registry import Registry
from workflows.language.checks import check, check_workflow
from workflows.language.errors import InvalidDefinition
from workflows.language.graph import to_body, to_graph
from workflows.language.loader import read_yaml
from workflows.language.model import Workflow
from workflows.language.printing import block
from workflows.language.schema import workflow_schema

BODY = {
    "name": "release",
    "x-layout": {"deploy": [10, 20]},
    "vars": {"tries": 0},
    "steps": [
        {
            "id": "fan",
            "for_each": ["a", "b"],
            "steps": [{"id": "deploy", "action": "ops.deploy", "params": {"host": "{{ item }}"}}],
        },
        {
            "id": "race",
            "parallel": {"x": [{"id": "a", "wait": "1s"}], "y": [{"id": "a", "stop": "x"}]},
        },
        {
            "id": "tell",
            "set": {"tries": "{{ vars.tries + 1 }}"},
            "needs": {"any": ["fan", {"step": "race", "on": "failure"}]},
            "on_error": [{"id": "mend", "wait": "5m"}],
        },
    ],
    "finally": [{"id": "tidy", "wait": "1s"}],
}


class Target(Params):
    host: str = Field(min_length=1, examples=["web-1"])
    count: int = 1


class Deployed(BaseModel):
    version: str


@action("ops.deploy", repeatable=False)
async def deploy(params: Target, ctx: ActionContext) -> Deployed:
    """Bring a version to a host."""
    return Deployed(version=params.host)


REGISTRY = Registry((Connector("ops", actions=(deploy,)),))


def problems(params: str, use: str = "version") -> list[tuple[str, str]]:
    text = f"""\
name: flow
steps:
  - {{id: a, action: ops.deploy, params: {params}}}
  - {{id: b, stop: "{{{{ steps.a.output.{use} }}}}"}}
"""
    try:
        found = check(text, REGISTRY, file="f.yaml").warnings
    except InvalidDefinition as refused:
        found = refused.problems
    return [(each.severity, each.message) for each in found]


def test_an_action_is_its_schema_its_check_and_its_help() -> None:
    assert problems("{host: web-1}") == []
    assert problems("{hots: web-1}") == [
        ("error", "`params` needs the key `host`"),
        ("error", "there is no key `hots` here"),
    ]
    assert problems("{host: web-1, count: many}") == [
        ("error", "`count` must be a whole number, not text")
    ]
    assert problems("{host: web-1}", "verion") == [
        ("warning", "the output of `ops.deploy` has no `verion`")
    ]
    assert "web-1" in json.dumps(workflow_schema(REGISTRY))
    assert REGISTRY.require("ops.deploy").doc == "Bring a version to a host."


def test_an_action_is_called_service_verb_and_says_whether_it_may_be_repeated() -> None:
    with pytest.raises(TypeError, match="repeatable"):
        action("ops.deploy")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"service\.verb"):
        action("deploy", repeatable=False)


def test_a_workflow_takes_the_same_structure_from_python() -> None:
    from_file = check(block(BODY), REGISTRY, file="f.yaml").workflow

    assert Workflow.model_validate(BODY) == from_file
    assert check_workflow(BODY, REGISTRY).workflow == from_file
    assert [each.id for each in from_file.steps] == ["fan", "race", "tell"]


def test_a_workflow_from_python_is_refused_for_what_a_file_is_refused_for() -> None:
    with pytest.raises(ValidationError, match="retyr"):
        Workflow.model_validate({**BODY, "retyr": 1})
    with pytest.raises(InvalidDefinition, match=r"there is no action `ops\.deploy`"):
        check_workflow(BODY, Registry(()))


def test_the_graph_of_a_workflow_leads_back_without_loss() -> None:
    again = to_body(to_graph(BODY))

    assert json.dumps(again) == json.dumps(BODY)
    assert read_yaml(block(again), file="f").data == BODY
    kinds = {node.path: node.kind for node in to_graph(BODY).nodes}
    assert kinds == {
        "fan": "for_each",
        "fan[].deploy": "action",
        "race": "parallel",
        "race.x.a": "wait",
        "race.y.a": "stop",
        "tell": "set",
        "tell~error.mend": "wait",
        "finally.tidy": "wait",
    }

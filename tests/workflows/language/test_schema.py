"""The JSON Schema: it takes what the loader takes, refuses the common slips, and completes params."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.workflows.language.samples import Catalogue
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.loader import read_yaml
from workflows.language.model import Input, Step, Trigger, Workflow
from workflows.language.schema import inputs_schema, workflow_schema

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / "workflows" / "library").glob("*.yaml"))
GOOD = [each for each in SHIPPED if not each.stem.endswith(".test")]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return workflow_schema(Registry(built_in(environment={})))


@pytest.fixture(scope="module")
def refuses(schema: dict[str, Any]) -> Any:
    Draft202012Validator.check_schema(schema)
    return lambda body: not Draft202012Validator(schema).is_valid(body)


def with_step(**keys: Any) -> dict[str, Any]:
    return {"name": "flow", "steps": [{"id": "a", **keys}]}


def inside(schema: Any) -> list[dict[str, Any]]:
    """Return every map of the schema."""
    maps = [schema] if isinstance(schema, dict) else []
    parts = schema.values() if isinstance(schema, dict) else schema
    for part in parts if isinstance(schema, dict | list) else ():
        maps.extend(inside(part))
    return maps


def test_it_knows_every_verb_every_key_and_every_kind_of_trigger(schema: dict[str, Any]) -> None:
    step, trigger = (schema["$defs"][name] for name in ("Step", "Trigger"))

    assert {*Step.verbs, *Step.keys, "compensate", "needs"} <= set(step["properties"])
    assert {*Trigger.kinds, *Trigger.keys, "where"} <= set(trigger["properties"])
    assert [each["required"] for each in step["oneOf"]] == [[verb] for verb in Step.verbs]
    assert {"on_failure", "on_cancel", "finally", "settings"} <= set(schema["properties"])
    assert set(Workflow.model_json_schema(by_alias=True)["$defs"]) <= set(schema["$defs"])


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    for each in inside(schema):
        if "$ref" in each:
            assert each["$ref"].removeprefix("#/$defs/") in schema["$defs"]


def test_actions_and_their_params_complete(schema: dict[str, Any]) -> None:
    names = list(Registry(built_in(environment={})).names())
    for holder in ("Step", "Compensate"):
        definition = schema["$defs"][holder]
        assert definition["properties"]["action"]["enum"] == names
        rules = {
            rule["if"]["properties"]["action"]["const"]: rule["then"]["properties"]["params"]
            for rule in definition["allOf"]
        }
        assert set(rules) == set(names)
        assert {"argv", "cwd", "env"} <= set(rules["shell.run"]["properties"])
        assert rules["shell.run"]["properties"]["argv"]["description"]
        assert rules["shell.run"]["required"] == ["argv"]


def test_editors_show_each_key_by_its_name_with_a_line_about_it(schema: dict[str, Any]) -> None:
    step, condition = schema["$defs"]["Step"], schema["$defs"]["Step"]["properties"]["condition"]
    assert condition["title"] == "condition"
    assert condition["description"].startswith("The step runs if this holds")
    assert [name for name, each in step["properties"].items() if each["title"] != name] == []
    for each in inside(schema):
        for name, key in each.get("properties", {}).items():
            said = key.get("description", "")
            assert "\n" not in str(said), name


@pytest.mark.parametrize("file", GOOD, ids=[file.stem for file in GOOD])
def test_it_takes_what_the_loader_takes(file: Path, refuses: Any) -> None:
    assert not refuses(read_yaml(file.read_bytes(), file=file.name).data)


@pytest.mark.parametrize(
    "keys",
    [
        {"action": "shell.run", "params": {"argv": ["a", "{{ x }}"], "allow_exit": "{{ y }}"}},
        {"action": "http.request", "params": {"url": "{{ x }}", "headers": {"a": "{{ b }}"}}},
        {"wait": "{{ inputs.x }}", "x-mine": {"a": 1}},
        {"for_each": "{{ x }}", "steps": [{"id": "b", "stop": "x"}], "as": "y", "concurrency": 1},
        {"parallel": {"x": [{"id": "b", "stop": "x"}]}, "join": 1},
        {"switch": [{"if": "x", "steps": [{"id": "b", "stop": "x"}]}, {"else": [{"id": "c", "fail": "x"}]}]},
        {"repeat": {"until": "x", "max": 3}, "steps": [{"id": "b", "stop": "x"}]},
        {"workflow": "child", "inputs": {"a": 1}, "detach": True, "retry": 2},
        {"wait_for": {"signal": "go", "timeout": "1h30m"}, "needs": []},
        {"stop": "x", "needs": {"any": ["b", {"step": "c", "on": "failure"}]}},
        {"wait": "1s", "on_error": [{"id": "b", "stop": "x"}], "timeout": "PT5M"},
    ],
)  # fmt: skip
def test_it_takes_every_verb(keys: dict[str, Any], refuses: Any) -> None:
    assert not refuses(with_step(**keys))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"wait": "1s", "stop": "x"},
        {"action": "shel.run"},
        {"action": "shell.run", "params": {"argv": "make all"}},
        {"action": "shell.run", "params": {"argv": ["make"], "dir": "x"}},
        {"action": "shell.run", "params": {}},
        {"wait": "1s", "retyr": 1},
        {"wait": "1s", "timeout": 5},
        {"wait": "1s", "timeout": "5 minutes"},
        {"wait": "1s", "id": "My step"},
        {"parallel": {"My branch": [{"id": "b", "stop": "x"}]}},
        {"parallel": {"x": [{"id": "b"}]}},
        {"switch": [{"if": "x"}]},
        {"repeat": {"until": "x"}, "steps": [{"id": "b", "stop": "x"}]},
        {"wait_for": {"event": "a.b", "signal": "go"}},
        {"stop": "x", "compensate": {"action": "no.such"}},
        {"stop": "x", "on_error": []},
    ],
)
def test_it_refuses_the_common_slips(keys: dict[str, Any], refuses: Any) -> None:
    assert refuses(with_step(**keys))


@pytest.mark.parametrize(
    ("trigger", "refused"),
    [
        ({"schedule": "@daily", "timezone": "UTC"}, False),
        ({"webhook": "generic", "id": "h"}, False),
        ({"absence": {"of": {"file": "x"}, "after": {"file": "y"}, "within": "1h"}}, False),
        ({"webhook": "github", "id": "h"}, True),
        ({"schedule": "@daily", "every": "1h"}, True),
        ({"file": "x", "changes": ["moved"]}, True),
        ({"where": "x"}, True),
    ],
)
def test_a_trigger_has_one_kind(trigger: dict[str, Any], refused: bool, refuses: Any) -> None:  # noqa: FBT001
    assert refuses({**with_step(stop="x"), "triggers": [trigger]}) is refused


def test_names_are_held_to_their_form(refuses: Any) -> None:
    body = with_step(stop="x")

    assert refuses({**body, "name": "My flow"})
    assert refuses({**body, "inputs": {"My input": {"type": "string"}}})
    assert refuses({**body, "vars": {"My-var": 1}})
    assert not refuses({**body, "vars": {"my_var": 1}, "x-layout": {}})


def test_without_a_catalogue_any_action_may_be_named() -> None:
    step = workflow_schema()["$defs"]["Step"]

    assert "enum" not in step["properties"]["action"]
    assert "allOf" not in step


def test_models_inside_params_come_along() -> None:
    schema = workflow_schema(Catalogue())

    (rule,) = [
        each
        for each in schema["$defs"]["Step"]["allOf"]
        if each["if"]["properties"]["action"]["const"] == "http.request"
    ]
    headers = rule["then"]["properties"]["params"]["properties"]["headers"]
    assert headers["anyOf"][0]["additionalProperties"] == {
        "anyOf": [{"type": "string"}, {"type": "string", "pattern": r"\{\{"}]
    }


def test_a_secret_input_is_written_and_never_read() -> None:
    schema = inputs_schema({"key": Input(type="string", secret=True, required=True)})

    assert schema["properties"]["key"] == {"type": "string", "writeOnly": True}
    assert schema["required"] == ["key"]


def test_the_schema_is_plain_data(schema: dict[str, Any]) -> None:
    assert yaml.safe_load(yaml.safe_dump(schema)) == schema

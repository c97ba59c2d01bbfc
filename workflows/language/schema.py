"""JSON Schema: of workflow files for editors, and of a workflow's inputs for forms and the API."""

from collections.abc import Mapping
from typing import Any, Final

from workflows.language.catalogue import Catalogue
from workflows.language.model import Input, Item, Workflow

__all__ = ["inputs_schema", "workflow_schema"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
KEYWORDS: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "enum": "enum",
    "pattern": "pattern",
    "description": "description",
}
LENGTHS: Final = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}


def workflow_schema(catalogue: Catalogue | None = None) -> dict[str, Any]:
    """Return the schema of a workflow file; with *catalogue*, actions and their params complete."""
    schema = Workflow.model_json_schema(by_alias=True)
    schema["$schema"] = DIALECT
    schema["title"] = "Workflow"
    for definition in (schema, schema["$defs"]["Step"]):
        definition["patternProperties"] = {"^x-": {}}
    if catalogue is not None:
        _add_actions(schema, catalogue)
    return schema


def _add_actions(schema: dict[str, Any], catalogue: Catalogue) -> None:
    """Let the name of the action decide which params a step has."""
    step = schema["$defs"]["Step"]
    names = sorted(catalogue.names())
    step["properties"]["action"] = {
        "enum": names,
        "description": "The action to call.",
        "type": "string",
    }
    step["allOf"] = [
        {
            "if": {"properties": {"action": {"const": name}}, "required": ["action"]},
            "then": {"properties": {"params": _params_schema(name, catalogue)}},
        }
        for name in names
    ]


def _params_schema(name: str, catalogue: Catalogue) -> dict[str, Any]:
    spec = catalogue.get(name)
    if spec is None:
        return {"type": "object"}
    schema = spec.params.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}")
    schema.pop("$defs", None)
    schema["properties"] = {
        key: {"anyOf": [_loose(value), {"type": "string", "pattern": r"\{\{"}]}
        for key, value in schema.get("properties", {}).items()
    }
    schema.pop("title", None)
    return schema


def _loose(value: dict[str, Any]) -> dict[str, Any]:
    """Leave out references to models inside the params; editors need the first level."""
    return {} if "$ref" in str(value) else value


def inputs_schema(inputs: Mapping[str, Input]) -> dict[str, Any]:
    """Return the schema of the object that a run is started with."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _input_schema(declared) for name, declared in inputs.items()},
        "additionalProperties": False,
    }
    required = [name for name, declared in inputs.items() if declared.required]
    if required:
        schema["required"] = required
    return schema


def _input_schema(declared: Item) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": declared.type}
    for key, keyword in KEYWORDS.items():
        value = getattr(declared, key)
        if value is not None:
            schema[keyword] = value
    low, high = LENGTHS.get(declared.type, ("", ""))
    if declared.min_length is not None and low:
        schema[low] = declared.min_length
    if declared.max_length is not None and high:
        schema[high] = declared.max_length
    if declared.items is not None:
        schema["items"] = _input_schema(declared.items)
    if isinstance(declared, Input) and declared.default is not None:
        schema["default"] = declared.default
    return schema

"""JSON Schema: of workflow files for editors, and of a workflow's inputs for forms and the API."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from workflows.language.catalogue import Catalogue
from workflows.language.model import Input, Item, Step, Trigger, Workflow

__all__ = ["inputs_schema", "schema_of_inputs", "workflow_schema"]

Schema: TypeAlias = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
KEYWORDS: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "enum": "enum",
    "pattern": "pattern",
    "description": "description",
}
LENGTHS: Final = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
FORMS: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    "Step": [(verb,) for verb in Step.verbs],
    "Trigger": [(kind,) for kind in Trigger.kinds],
    "Branch": [("if", "steps"), ("else",)],
    "WaitFor": [("event",), ("signal",)],
    "Shown": [("file",), ("diff",)],
}
"""The keys of which a map has exactly one, or one group."""
TEMPLATE: Final = {"type": "string", "pattern": r"\{\{"}
WORDS: Final = ("description", "examples", "default")
PLAIN: Final = frozenset({"examples", "default", "enum", "const"})
"""Keywords that hold values, not schemas."""
WITH_INNER: Final = ("items", "additionalProperties")
WITH_CHOICES: Final = ("anyOf", "oneOf", "allOf", "prefixItems")


def workflow_schema(catalogue: Catalogue | None = None) -> Schema:
    """Return the schema of a workflow file; with *catalogue*, actions and their params complete."""
    schema = Workflow.model_json_schema(by_alias=True)
    _close_names(schema)
    definitions = schema["$defs"]
    for definition in (schema, definitions["Step"]):
        definition["patternProperties"] = {"^x-": {}}
    for name, forms in FORMS.items():
        definitions[name]["oneOf"] = [{"required": [*form]} for form in forms]
    if catalogue is not None:
        _add_actions(definitions, catalogue)
    _tidy(schema)
    return {"$schema": DIALECT, "title": "Workflow", **schema}


def _close_names(schema: Any) -> None:
    """Refuse names of another form in the maps whose names have one, as those of inputs."""
    if isinstance(schema, list):
        for each in schema:
            _close_names(each)
    elif isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            _close_names(each)


def _tidy(schema: Any) -> None:
    """Give each key its own name as title, which editors show, and each description one line."""
    if isinstance(schema, list):
        for each in schema:
            _tidy(each)
    elif isinstance(schema, dict):
        if isinstance(said := schema.get("description"), str):
            schema["description"] = " ".join(said.split())
        for name, each in schema.get("properties", {}).items():
            each["title"] = name
        for key in schema.keys() - PLAIN:
            _tidy(schema[key])


def _add_actions(definitions: Schema, catalogue: Catalogue) -> None:
    """Let the name of the action decide which params a step has, and what takes it back."""
    names = sorted(catalogue.names())
    params = {name: _params_schema(name, catalogue, definitions) for name in names}
    for definition in (definitions["Step"], definitions["Compensate"]):
        keys = definition["properties"]
        keys["params"] = {"description": keys["params"]["description"]}  # the action says the rest
        about = keys["action"]["description"]
        keys["action"] = {"enum": names, "description": about, "type": "string"}
        definition["allOf"] = [
            {
                "if": {"properties": {"action": {"const": name}}, "required": ["action"]},
                "then": {"properties": {"params": each}},
            }
            for name, each in params.items()
        ]


def _params_schema(name: str, catalogue: Catalogue, definitions: Schema) -> Schema:
    """Return the schema of an action's params; the models inside them join *definitions*."""
    spec = catalogue.get(name)
    if spec is None:
        return {"type": "object"}
    schema = spec.params.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}")
    for inner, each in schema.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = _inside(each)
    return _inside(schema)


def _inside(schema: Schema) -> Schema:
    """Return the schema of a map in which each value may be a template."""
    schema = {key: value for key, value in schema.items() if key != "title"}
    if "properties" in schema:
        schema["properties"] = {k: _or_template(v) for k, v in schema["properties"].items()}
    return _open(schema)


def _or_template(schema: Schema) -> Schema:
    """Return *schema*, or a text with a template in it; its description stays outside."""
    words = {key: value for key, value in schema.items() if key in WORDS}
    rest = {key: value for key, value in schema.items() if key not in (*WORDS, "title")}
    return {**words, "anyOf": [_open(rest), TEMPLATE]}


def _open(schema: Schema) -> Schema:
    """Return *schema* with templates allowed in what is inside it."""
    found = dict(schema)
    for key in WITH_INNER:
        if isinstance(found.get(key), dict):
            found[key] = _or_template(found[key])
    for key in WITH_CHOICES:
        if key in found:
            found[key] = [_open(each) for each in found[key]]
    return found


def inputs_schema(inputs: Mapping[str, Input]) -> Schema:
    """Return the schema of the object that a run is started with."""
    schema: Schema = {
        "type": "object",
        "properties": {name: _input_schema(declared) for name, declared in inputs.items()},
        "additionalProperties": False,
    }
    required = [name for name, declared in inputs.items() if declared.required]
    if required:
        schema["required"] = required
    return schema


def schema_of_inputs(body: Mapping[str, Any]) -> Schema:
    """Return the same for the inputs that the *body* of a stored definition declares.

    One that an older version stored, and that cannot be read any more, may be anything.
    """
    try:
        known = {
            name: Input.model_validate(each) for name, each in (body.get("inputs") or {}).items()
        }
    except ValidationError:
        return {"type": "object"}
    return inputs_schema(known)


def _input_schema(declared: Item) -> Schema:
    schema: Schema = {"type": declared.type}
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
    if isinstance(declared, Input):
        _add_input(schema, declared)
    return schema


def _add_input(schema: Schema, declared: Input) -> None:
    if declared.default is not None:
        schema["default"] = declared.default
    if declared.secret:
        schema["writeOnly"] = True

"""A value of the shape that an action gives, where nobody says what it would give."""

from collections.abc import Mapping
from typing import Any, Final

from workflows.language.catalogue import ActionSpec

__all__ = ["sample_of", "sample_of_post"]

PLAIN: Final[Mapping[str, Any]] = {
    "integer": 0,
    "number": 0,
    "boolean": False,
    "array": [],
    "null": None,
}
ADDRESS: Final = "https://sample.slack.com/archives/C0SAMPLE/p1700000000000100"
DEPTH = 8  # a model may hold itself


def sample_of(action: ActionSpec | None) -> Any:
    """Return a sample of the result of *action*: the first example, the default, or a plain value.

    An action without a model of its result gives null.
    """
    if action is None or action.result is None:
        return None
    schema = action.result.model_json_schema(mode="serialization")
    return _sample("", schema, schema.get("$defs", {}), 0)


def sample_of_post(params: Mapping[str, Any]) -> Any:
    """Return a sample of what `slack.post` gives; only some of its fields are there for each use."""
    message = {"notice_id": "nt_sample"}
    if params.get("await") is not None:
        message |= {"channel": "C0SAMPLE", "ts": "1700000000.000100", "permalink": ADDRESS}
    channels = params.get("channel")
    if not isinstance(channels, list):
        return message
    several = len(dict.fromkeys(channels))
    more = {"messages": [message] * several} if len(message) > 1 else {}
    return {**message, "notice_ids": ["nt_sample"] * several, **more}


def _sample(name: str, schema: Mapping[str, Any], models: Mapping[str, Any], depth: int) -> Any:
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        inner = models.get(str(schema["$ref"]).rpartition("/")[2], {})
        return None if depth >= DEPTH else _sample(name, inner, models, depth + 1)
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        return _sample(name, choices[0], models, depth + 1)
    return _plain(name, schema, models, depth)


def _plain(name: str, schema: Mapping[str, Any], models: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "string":
        return f"sample {name}" if name else "sample"
    if kind == "object":
        members = schema.get("properties", {})
        return {key: _sample(key, each, models, depth + 1) for key, each in members.items()}
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    value = PLAIN.get(str(kind))
    return list(value) if isinstance(value, list) else value

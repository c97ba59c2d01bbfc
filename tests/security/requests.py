"""Requests made from `/openapi.json`: mostly as it says, and now and then not at all."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

ODD: tuple[Any, ...] = (None, True, -1, 2**63, 1e308, "", "\x00", "../..", "{{ 7*7 }}", "\u202e", [], {}, [[]], {"a": {"b": []}}, "x" * 5_000, "R-1", "%00", "' OR 1=1 --")  # fmt: skip
DEEPEST = 4


def fitting(document: Any, schema: Any, depth: int = 0) -> SearchStrategy[Any]:
    """Return values as *schema* says, with something odd in every eighth place or so."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if depth > DEEPEST:
        return st.sampled_from(ODD)
    good = _good(document, schema, depth)
    return st.integers(0, 7).flatmap(lambda chance: good if chance else st.sampled_from(ODD))


def _good(document: Any, schema: Any, depth: int) -> SearchStrategy[Any]:
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return st.one_of([fitting(document, each, depth + 1) for each in schema[several]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    named = schema.get("type", "null")
    kinds = [named] if isinstance(named, str) else named
    return st.one_of([_of_kind(document, schema, kind, depth) for kind in kinds])


def _of_kind(document: Any, schema: Any, kind: str, depth: int) -> SearchStrategy[Any]:
    if kind == "object":
        return _object(document, schema, depth)
    if kind == "array":
        return st.lists(fitting(document, schema.get("items", {}), depth + 1), max_size=3)
    return {
        "string": st.sampled_from(["started", "b1", "2026-03-01T12:00:00Z", "gate", "approve"])
        | st.text(max_size=12),
        "integer": st.integers(-2, 2**33),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "boolean": st.booleans(),
        "null": st.none(),
    }[kind]


def _object(document: Any, schema: Any, depth: int) -> SearchStrategy[Any]:
    properties = schema.get("properties", {})
    needed = {
        name: fitting(document, properties.get(name, {}), depth + 1)
        for name in schema.get("required", ())
    }
    others = {
        name: fitting(document, inner, depth + 1)
        for name, inner in properties.items()
        if name not in needed
    }
    return st.fixed_dictionaries(needed, optional=others)


def parameters(document: Any, operation: Any, place: str) -> SearchStrategy[dict[str, Any]]:
    """Return the members that an operation takes in *place*: its query, or its headers."""
    found = {
        each["name"]: fitting(document, each.get("schema", {})).filter(_may_travel)
        for each in operation.get("parameters", ())
        if each["in"] == place
    }
    return st.fixed_dictionaries({}, optional=found)


def bodies(document: Any, operation: Any) -> SearchStrategy[tuple[str, Any] | None]:
    """Return bodies with what they say they are."""
    content: Mapping[str, Any] = operation.get("requestBody", {}).get("content", {})
    if not content:
        return st.none()
    return st.one_of(
        [
            fitting(document, each.get("schema", {})).map(lambda body, kind=kind: (kind, body))
            for kind, each in content.items()
        ]
    )


def _may_travel(value: Any) -> bool:
    """Say whether a header or a query can hold it at all."""
    return isinstance(value, str | int | float | bool) and "\x00" not in str(value)

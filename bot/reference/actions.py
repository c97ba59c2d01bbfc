"""Writes ``docs/reference/actions.md`` from the models of the actions that come with Baton."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from baton.connector import Action
from workflows.actions import built_in
from workflows.actions.registry import Registry

HEAD = """# Actions

<!-- Written by `python -m bot.reference`; a test compares. Change the code, not this page. -->

A step calls an action by its name, with `params` that are checked when the definition is loaded and again, with
their values, before the call. What an action gives is the `output` of its step.

Paths and repositories are relative to the folder that `BATON_ROOT` names; none leads out of it, by `..` or by a
link. *Repeated* says whether Baton may call it again by itself when it was stopped in the middle of a call. Where it
may not, the step becomes `unknown` and a person decides; `repeatable: false` on a step asks for that as well. An action that is *worked out*
touches nothing: its step is stored together with what led to it, and costs no wait for the disk of its own.
"""
REPEATED: Mapping[bool, str] = {True: "yes.", False: "no."}
TYPES: Mapping[str, str] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "map",
    "null": "null",
}
FORMATS: Mapping[str, str] = {"duration": "duration", "date-time": "time"}


def reference() -> str:
    """Return the whole page."""
    registry = Registry(built_in(environment={}))
    found = [registry.require(name) for name in registry.names()]
    sections = groupby(found, key=lambda each: each.name.partition(".")[0])
    return HEAD + "".join(
        f"\n## {service}\n{''.join(of_action(each) for each in actions)}"
        for service, actions in sections
    )


def of_action(action: Action) -> str:
    """Describe one action: what it does, what it takes, what it gives."""
    params = action.params.model_json_schema(by_alias=True)
    parts = [f"\n### `{action.name}`\n\n{' '.join(action.doc.split())}\n"]
    parts.append(f"\nRepeated: {repeated(action)}\n")
    parts.append(f"\n| param | is | |\n|---|---|---|\n{''.join(of_params(params))}")
    if action.result is not None:
        result = action.result.model_json_schema(mode="serialization", by_alias=True)
        parts.append(f"\n| output | is | |\n|---|---|---|\n{''.join(of_output(result))}")
    return "".join(parts)


def repeated(action: Action) -> str:
    if action.pure:
        return "yes; it is worked out."
    if isinstance(action.repeatable, bool):
        return REPEATED[action.repeatable]
    return "it depends on its params."


def of_params(schema: Mapping[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        kind = written(each, schema)
        if name in required:
            kind += ", required"
        elif each.get("default") not in (None, {}, [], ""):
            kind += f", `{value(each['default'])}`"
        yield row(name, kind, described(each))
        yield from inner(name, each, schema)


def of_output(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, each in schema.get("properties", {}).items():
        yield row(name, written(each, schema), described(each))
        yield from inner(name, each, schema)


def inner(name: str, each: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Describe the members of the model that *each* holds, or holds a list or map of."""
    patterned: Mapping[str, Any] = next(iter(each.get("patternProperties", {}).values()), {})
    values = each.get("additionalProperties", {})
    for held, mark in (
        (each, ""),
        (each.get("items", {}), "[]"),
        (values, ".*"),
        (patterned, ".*"),
    ):
        model = resolved(held, schema) if isinstance(held, Mapping) and "$ref" in held else {}
        for key, member in model.get("properties", {}).items():
            yield row(f"{name}{mark}.{key}", written(member, schema), described(member))


def row(name: str, kind: str, about: str) -> str:
    return f"| `{name}` | {kind} | {about.replace('|', chr(92) + '|')} |\n"


def described(each: Mapping[str, Any]) -> str:
    about = str(each.get("description", ""))
    examples = each.get("examples", ())
    return f"{about} For example `{value(examples[0])}`." if examples else about


def value(each: Any) -> str:
    text = each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
    return text.replace("\n", "\\n")


def written(each: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Say in words what a schema takes."""
    if "$ref" in each:
        return written(resolved(each, schema), schema)
    if "enum" in each or "const" in each:
        return ", ".join(f"`{one}`" for one in each.get("enum", [each.get("const")]))
    if "anyOf" in each:
        kinds = (written(one, schema) for one in each["anyOf"])
        return " or ".join(dict.fromkeys(kinds))
    if each.get("format") in FORMATS:
        return FORMATS[each["format"]]
    if each.get("type") == "array" and each.get("items"):
        return f"list of {written(each['items'], schema)}"
    return TYPES.get(str(each.get("type")), "any value")


def resolved(each: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema["$defs"][each["$ref"].rpartition("/")[2]]
    return found

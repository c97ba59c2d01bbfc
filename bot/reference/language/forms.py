"""Says in words what a key takes, from the JSON Schema of its model."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from workflows.language.model import Workflow

__all__ = ["about", "models", "row", "rows", "table"]

Schema = Mapping[str, Any]

TYPES: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "map",
}
WHOLE: Final[Mapping[str, str]] = {"Step": "step", "Trigger": "trigger"}
"""Models with pages of their own: no table goes into them."""
HEAD: Final = "| key | takes | |\n|---|---|---|\n"


@cache
def models() -> Schema:
    """Return the schema of each model of a file, by its name."""
    whole = Workflow.model_json_schema(by_alias=True)
    return {"Workflow": whole, **whole["$defs"]}


def table(lines: Iterator[str]) -> str:
    return "\n" + HEAD + "".join(lines)


def rows(model: str, *, prefix: str = "", leave_out: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a line for each key of *model*, and for the keys inside them."""
    for key in models()[model]["properties"]:
        if key not in leave_out:
            yield from row(model, key, prefix=prefix)


def row(model: str, key: str, *, prefix: str = "", told: bool = False) -> Iterator[str]:
    """Yield the line of one key, and those of the keys inside it.

    Args:
        model: whose key it is.
        key: the key.
        prefix: what leads to it.
        told: whether the page has said already what it is.
    """
    each = models()[model]["properties"][key]
    said = "" if told else about(model, key)
    yield f"| `{prefix}{key}` | {_takes(model, key)} | {_escaped(said)} |\n"
    for mark, inner in _inside(each):
        if inner != model:
            yield from rows(inner, prefix=f"{prefix}{key}{mark}.")


def about(model: str, key: str) -> str:
    """Return the description of a key, or that of the model behind it."""
    each = models()[model]["properties"][key]
    said = each.get("description")
    if said is None:
        said = " ".join(models()[inner].get("description", "") for _, inner in _inside(each))
    return " ".join(str(said).split())


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _takes(model: str, key: str) -> str:
    schema = models()[model]
    each = schema["properties"][key]
    kind = _kind(each)
    if key in schema.get("required", ()):
        return f"{kind}, required"
    default = each.get("default")
    plain = isinstance(default, str | int | float | list) and default != []
    return f"{kind}; {_value(default)} unless it is given" if plain else kind


def _value(default: Any) -> str:
    if isinstance(default, list):
        return ", ".join(f"`{each}`" for each in default)
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    text = f"{default:g}" if isinstance(default, float) else str(default)
    if text.startswith("P"):  # a duration; people write `5m` for PT5M
        text = text.removeprefix("PT").lower()
    return f"`{text}`"


def _kind(each: Schema) -> str:
    """Return what a schema takes, with its limits."""
    if "$ref" in each:
        return WHOLE.get(_name(each), "map")
    if "enum" in each:
        return ", ".join(f"`{one}`" for one in each["enum"])
    choices = each.get("anyOf") or each.get("oneOf")
    if choices:
        kinds = [_kind(one) for one in choices if one.get("type") != "null"]
        kinds.sort(key=lambda kind: kind not in ("text", "duration"))  # the plain form comes first
        return " or ".join(dict.fromkeys(kinds)) + _limits(each)
    return _container(each) or _scalar(each) + _limits(each)


def _container(each: Schema) -> str | None:
    if each.get("type") == "array":
        return f"list{_of(each)}{_limits(each)}"
    if "patternProperties" not in each:
        return None
    (values,) = each["patternProperties"].values()
    return f"map from a name to {'a ' + _kind(values) if values else 'any value'}"


def _scalar(each: Schema) -> str:
    if each.get("format") == "expression":
        return "expression"
    if "pattern" in each:
        return "duration" if "1h30m" in each.get("examples", ()) else "name"
    return TYPES.get(str(each.get("type")), "any value")


def _of(each: Schema) -> str:
    items = each.get("items") or {}
    if "$ref" in items and _name(items) in WHOLE:
        return f" of {WHOLE[_name(items)]}s"
    if "enum" in items:
        return f" of {_kind(items)}"
    return {"duration": " of durations", "name": " of names", "text": " of texts"}.get(
        _kind(items) if items else "", ""
    )


def _limits(each: Schema) -> str:
    low = each.get("minimum", each.get("minItems"))
    high = each.get("maximum", each.get("maxItems"))
    if each.get("minItems") == 1:
        low = None  # nobody writes an empty list to say something
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    if low is not None:
        return f", at least {low:,}"
    return "" if high is None else f", at most {high:,}"


def _inside(each: Schema) -> Iterator[tuple[str, str]]:
    """Yield the models that a key holds, with the mark of how it holds them."""
    if "$ref" in each:
        if _name(each) not in WHOLE:
            yield "", _name(each)
        return
    for choice in ("anyOf", "oneOf"):
        for one in each.get(choice, ()):
            yield from _inside(one)
    if each.get("items"):
        yield from ((f"[]{mark}", inner) for mark, inner in _inside(each["items"]))
    for values in each.get("patternProperties", {}).values():
        for mark, inner in _inside(values):
            yield f".NAME{mark}", inner


def _name(each: Schema) -> str:
    return str(each["$ref"]).rpartition("/")[2]

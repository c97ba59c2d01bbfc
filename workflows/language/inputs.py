"""Checks the values that a run is started with against the inputs that its workflow declares."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from workflows.language.errors import InvalidInputs, Problem
from workflows.language.expressions import ExpressionFailed, check_pattern, matches
from workflows.language.model import Input, Item
from workflows.language.suggestions import did_you_mean

__all__ = ["check_inputs", "declaration_problems", "inputs_from_text", "value_problems"]

NAMES: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}
WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
BIGGEST: Final = 2**53


def check_inputs(inputs: Mapping[str, Input], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* with defaults filled in; what has neither value nor default is null.

    Raises:
        InvalidInputs: a value does not fit, is missing or is not declared; all problems together.
    """
    problems = [
        _problem(name, "unknown", f"there is no input `{name[:80]}`", did_you_mean(name, inputs))
        for name in values
        if name not in inputs
    ]
    checked = {}
    for name, declared in inputs.items():
        checked[name] = values.get(name, declared.default)
        if checked[name] is None:
            if declared.required:
                problems.append(_problem(name, "missing", f"`{name}` is required"))
            continue
        problems.extend(
            _problem(name, "value", f"`{name}` {message}")
            for message in value_problems(declared, checked[name])
        )
    if problems:
        raise InvalidInputs(problems)
    return checked


def _problem(name: str, code: str, message: str, hint: str | None = None) -> Problem:
    return Problem("error", "", 0, 0, f"inputs.{name}", code, message, hint)


def inputs_from_text(inputs: Mapping[str, Input], texts: Mapping[str, str]) -> dict[str, Any]:
    """Turn what people typed into values, where the input is a number, a boolean, a list or a map.

    What cannot be turned stays text, so that `check_inputs` says what is wrong with it.
    """
    return {
        name: _read(inputs[name].type, text) if name in inputs else text
        for name, text in texts.items()
    }


def _read(kind: str, text: str) -> Any:
    try:
        match kind:
            case "integer":
                return int(text) if len(text) <= 40 else text
            case "number":
                value = float(text)
                return int(text) if value.is_integer() and text.strip("+-").isdigit() else value
            case "boolean":
                return WORDS.get(text.strip().lower(), text)
            case "array" | "object":
                return json.loads(text)
    except (ValueError, RecursionError):
        pass
    return text


def value_problems(declared: Item, value: Any) -> Iterator[str]:
    """Yield what is wrong with *value*, each as the rest of a sentence about it."""
    if not _has_type(declared.type, value):
        yield f"must be {NAMES[declared.type]}, not {_kind_of(value)}"
        return
    if declared.enum is not None and not any(_same(each, value) for each in declared.enum):
        shown = ", ".join(json.dumps(each, ensure_ascii=False) for each in declared.enum[:20])
        yield f"must be one of {shown}"
    match value:
        case str():
            yield from _length_problems(declared, value)
            if declared.pattern is not None and not _matches(declared.pattern, value):
                yield f"must match the pattern {declared.pattern!r}"
        case list():
            yield from _length_problems(declared, value)
            yield from _item_problems(declared.items, value)
        case int() | float() if not isinstance(value, bool):
            yield from _range_problems(declared, value)


def _item_problems(declared: Item | None, items: list[Any]) -> Iterator[str]:
    if declared is not None:
        for index, each in enumerate(items):
            for message in value_problems(declared, each):
                yield f"is wrong at {index}: it {message}"


def _has_type(kind: str, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return type(value) is int and abs(value) <= BIGGEST
        case "number":
            return type(value) in (int, float) and math.isfinite(value)
        case "array":
            return isinstance(value, list)
    return isinstance(value, dict)


def _same(left: Any, right: Any) -> bool:
    return left == right and isinstance(left, bool) is isinstance(right, bool)


def _length_problems(declared: Item, value: str | list[Any]) -> Iterator[str]:
    unit = "characters" if isinstance(value, str) else "items"
    if declared.min_length is not None and len(value) < declared.min_length:
        yield f"must have at least {declared.min_length} {unit}"
    if declared.max_length is not None and len(value) > declared.max_length:
        yield f"must have at most {declared.max_length} {unit}"


def _range_problems(declared: Item, value: float) -> Iterator[str]:
    if declared.minimum is not None and value < declared.minimum:
        yield f"must be at least {declared.minimum:g}"
    if declared.maximum is not None and value > declared.maximum:
        yield f"must be at most {declared.maximum:g}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return matches(pattern, value)
    except ExpressionFailed:
        return False


def declaration_problems(declared: Item) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the declaration itself: a key, and the rest of a sentence."""
    if isinstance(declared, Input) and declared.default is not None:
        if declared.required:
            yield "required", "makes no sense beside a `default`"
        if declared.secret:
            yield "default", "would stand here in clear, and the input is secret"
    if isinstance(declared, Input) and declared.secret and declared.type != "string":
        yield "secret", f"has no meaning for {NAMES[declared.type]}: only text is kept secret"
    if declared.pattern is not None:
        try:
            check_pattern(declared.pattern)
        except ExpressionFailed as error:
            yield "pattern", f"cannot be used: {error.message}"
            return
    yield from _rule_problems(declared)
    yield from _sample_problems(declared)


def _rule_problems(declared: Item) -> Iterator[tuple[str, str]]:
    for key, kinds in RULES.items():
        if getattr(declared, key) is not None and declared.type not in kinds:
            yield key, f"has no meaning for {NAMES[declared.type]}"
    for low, high in (("minimum", "maximum"), ("min_length", "max_length")):
        if _crossed(getattr(declared, low), getattr(declared, high)):
            yield high, f"is below `{low}`"


def _crossed(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and high < low


def _sample_problems(declared: Item) -> Iterator[tuple[str, str]]:
    bare = declared.model_copy(update={"enum": None})
    for each in declared.enum or ():
        yield from (("enum", f"lists a value that {each}") for each in value_problems(bare, each))
    default = declared.default if isinstance(declared, Input) else None
    if default is not None:
        yield from (("default", message) for message in value_problems(declared, default))
    if declared.items is not None:
        yield from (
            ("items", f"is wrong: `{k}` {m}") for k, m in declaration_problems(declared.items)
        )


def _kind_of(value: Any) -> str:
    kinds = {
        str: "text",
        bool: "a boolean",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a map",
    }
    return kinds.get(type(value), "null")


RULES: Final = {
    "pattern": ("string",),
    "minimum": ("integer", "number"),
    "maximum": ("integer", "number"),
    "min_length": ("string", "array"),
    "max_length": ("string", "array"),
    "items": ("array",),
}

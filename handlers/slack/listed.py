"""Lists as people fill them in: an entry a line, or options of which they choose several. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from coordination.errors import InvalidInputs
from workflows.language.inputs import inputs_from_text, value_problems
from workflows.language.model import Input

STRUCTURED = ("array", "object")
SHOWN = 40


def in_lines(declared: Mapping[str, Any]) -> bool:
    """Say whether an input is a list whose entries fit on a line each."""
    items = declared.get("items")
    kind = items.get("type") if isinstance(items, Mapping) else None
    return declared.get("type") == "array" and kind not in STRUCTURED


def values_of(inputs: Mapping[str, Input], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says as values, with lists of what was typed line by line, or chosen.

    Who writes a list as JSON all the same is understood.

    Raises:
        InvalidInputs: an entry does not fit; each such line is named.
    """
    found, problems = inputs_from_text(inputs, texts), list[tuple[str, str]]()
    for name, declared in inputs.items():
        if name in texts and in_lines(declared.model_dump()):
            numbered = _numbered(declared, texts[name])
            found[name] = [value for _, value in numbered]
            problems += [(name, text) for text in _wrong(declared, numbered)]
    if problems:
        raise InvalidInputs(problems)
    return found


def _numbered(declared: Input, text: str) -> list[tuple[int, Any]]:
    """Return the entries, each with the number of its line; empty lines are none."""
    rows = enumerate(_listed(text) or text.splitlines(), start=1)
    return [
        (place, _read(declared, each.strip()) if isinstance(each, str) else each)
        for place, each in rows
        if not isinstance(each, str) or each.strip()
    ]


def _listed(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _read(declared: Input, text: str) -> Any:
    if declared.items is None:
        return text
    return inputs_from_text({"": Input(type=declared.items.type)}, {"": text})[""]


def _wrong(declared: Input, numbered: list[tuple[int, Any]]) -> Iterator[str]:
    if declared.items is None:
        return
    for place, value in numbered:
        for problem in value_problems(declared.items, value):
            yield f"Line {place}, {str(value)[:SHOWN]!r}, {problem}."

"""Checks the shape of a file against the models, and keeps what is right about a wrong one.

What can be read is kept, so that one slip does not hide the others: the key that is wrong is left
out, and the rest is checked as if it had not been there.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from workflows.language.findings import Findings
from workflows.language.model import Part
from workflows.language.places import Path
from workflows.language.suggestions import did_you_mean

__all__ = ["KINDS", "OF_PYDANTIC", "note", "note_forms", "salvage"]

M = TypeVar("M", bound=Part)
ROUNDS = 8
FILLERS: Final = frozenset({"id", "name", "title"})
KINDS: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}
OF_PYDANTIC: Final = frozenset({"<text>", "<number>", "<list>", "<map>", "[key]"})
HINTS: Final = {"exclusive": "Keep one of the two.", "later": "Leave it out for now."}
BOUNDS: Final[Mapping[str, Callable[[dict[str, Any]], str]]] = {
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda of: f"is longer than {of['max_length']:,} characters",
    "string_pattern_mismatch": lambda of: f"does not have the form `{of['pattern']}`",
    "too_short": lambda _: "must not be empty",
    "too_long": lambda of: f"has more than {of['max_length']} entries",
    "greater_than_equal": lambda of: f"must be at least {of['ge']:g}",
    "less_than_equal": lambda of: f"must be at most {of['le']:g}",
}
TAGS: Final = {
    "'<text>'": "text",
    "'<number>'": "a number",
    "'<list>'": "a list",
    "'<map>'": "a map",
}


def salvage(model: type[M], data: Any, at: Path, findings: Findings) -> M | None:
    """Return *data* as *model* without what is wrong in it, or None if nothing is left of it.

    All that is wrong is noted in *findings*; *at* is the path of *data* in the file.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    for each in errors:
        note(model, each, at, findings)
    kept = copy.deepcopy(data)
    for _ in range(ROUNDS):
        if not isinstance(kept, dict) or not _prune(kept, errors):
            return None
        try:
            return model.model_validate(kept)
        except ValidationError as error:
            errors = error.errors(include_url=False)
    return None


def _prune(data: dict[str, Any], errors: list[ErrorDetails]) -> bool:
    """Leave out the keys that *errors* are about; the holder of one that is missing as well."""
    pruned = False
    for each in errors:
        path = _plain(each["loc"])
        if each["type"] == "missing":
            if _fill(data, path):
                pruned = True
                continue
            path = path[:-1]
        while path and isinstance(path[-1], int):
            path = path[:-1]
        pruned = _delete(data, path) or pruned
    return pruned


def _fill(data: Any, path: Path) -> bool:
    """Put a name where one is missing, so that what it would name can be checked."""
    *holders, last = path
    if last not in FILLERS:
        return False
    for key in holders:
        inside = isinstance(key, int) if isinstance(data, list) else key in data
        if not inside:
            return False  # it has gone with another error
        data = data[key]
    number = next((key for key in reversed(holders) if isinstance(key, int)), 0)
    data[last] = f"unnamed_{number}"
    return True


def _delete(data: Any, path: Path) -> bool:
    """Delete the key at *path*, or the one whose plain value stands for a map."""
    for index, key in enumerate(path):
        inside_map = isinstance(data, dict) and key in data
        if not inside_map and not (isinstance(data, list) and isinstance(key, int)):
            return False  # it has gone with another error
        if inside_map and (index == len(path) - 1 or not isinstance(data[key], dict | list)):
            del data[key]
            return True
        data = data[key]
    return False


def _plain(loc: tuple[str | int, ...]) -> Path:
    """Leave out what is in pydantic's locations and not in the file."""
    return tuple(key for key in loc if key not in OF_PYDANTIC)


def note(
    model: type[BaseModel],
    error: ErrorDetails,
    at: Path,
    findings: Findings,
    *,
    quoting: bool = True,
) -> None:
    """Say in our own words what pydantic found in the *model* at the path *at*.

    Without *quoting* no value is repeated in the messages; hints may have it.
    """
    path = (*at, *_plain(error["loc"]))
    kind = error["type"]
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        _note_extra(_model_at(model, error["loc"][:-1]), (*path[:-1], key), findings)
    elif kind == "missing":
        holder = _holder(model, error["loc"], at)
        message = f"{holder} needs the key `{path[-1]}`"
        findings.add_absent("missing", path, message, f"Add `{path[-1]}`.")
    else:
        message, hint = _sentence(error, quoting=quoting)
        is_key = error["loc"][-1:] == ("[key]",)
        name = "this" if is_key else _called(path)
        whole = kind in ("slug", "exclusive", "later") or message[0] in "'\""
        add = findings.add_key if is_key else findings.add
        add(_code(kind), path, message if whole else f"{name} {message}", hint)


def note_forms(errors: Sequence[ErrorDetails], path: Path, findings: Findings) -> None:
    """Say once that what stands at *path* has none of the forms that it might have."""
    wanted = " or ".join(dict.fromkeys(KINDS[each["type"]] for each in errors))
    given = _kind_of(errors[0]["input"])
    findings.add("type", path, f"{_called(path)} must be {wanted}, not {given}")


def _code(kind: str) -> str:
    if kind in KINDS or kind.startswith("union_tag"):
        return "type"
    return kind if kind in ("slug", "duration", "exclusive", "later") else "value"


def _note_extra(model: type[BaseModel], path: Path, findings: Findings) -> None:
    key = str(path[-1])
    if key in getattr(model, "later", ()):
        findings.add_key(
            "later",
            path,
            f"`{key}` is part of the language, but this version of Baton does not know it yet",
            "Leave it out for now.",
        )
        return
    if getattr(model, "of_connectors", False) and "." in key:
        text = f"no connector that is installed brings the trigger `{key[:80]}`"
        hint = f"What another tool reports is an event: write `event: {key[:80]}`."
        findings.add_key("unknown_key", path, text, hint)
        return
    known = [field.alias or name for name, field in model.model_fields.items()]
    there = f"There are {', '.join(sorted(known))}." if known[1:] else f"There is only {known[0]}."
    hint = did_you_mean(key, known) or there
    findings.add_key("unknown_key", path, f"there is no key `{key[:80]}` here", hint)


def _holder(model: type[BaseModel], loc: tuple[str | int, ...], at: Path) -> str:
    names = {"Workflow": "a workflow", "Step": "a step", "Head": "a workflow"}
    found = _model_at(model, loc[:-1]).__name__
    return names.get(found) or _called((*at, *_plain(loc[:-1])))


def _called(path: Path) -> str:
    """Name what stands at *path*: by its key, or as an entry of the list behind one."""
    key = next((key for key in reversed(path) if isinstance(key, str)), None)
    if key is None:
        return "this"
    return f"`{key}`" if path[-1] == key else f"an entry of `{key}`"


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """Return the model that stands at *loc* inside *model*."""
    for key, form in zip_longest(loc, loc[1:]):
        if not isinstance(key, str) or key in OF_PYDANTIC:
            continue
        for name, field in model.model_fields.items():
            if key in (name, field.alias):
                model = next(_models(field.annotation, form), model)
                break
    return model


def _models(annotation: Any, form: str | int | None) -> Iterator[type[BaseModel]]:
    """Yield the models that a key may hold; where it has several forms, those of *form*."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    arguments = get_args(annotation)
    tags = [each.tag for each in arguments if isinstance(each, Tag)]
    if form in OF_PYDANTIC and tags and form not in tags:
        return
    for argument in arguments:
        yield from _models(argument, form)


def _sentence(error: ErrorDetails, *, quoting: bool) -> tuple[str, str | None]:
    kind, context = error["type"], error.get("ctx", {})
    if KINDS.get(kind) == "a whole number" and isinstance(error["input"], float):
        return f"must be a whole number, not {_shown(error['input'], quoting=quoting)}", None
    if kind in KINDS:
        quotes = kind == "string_type" and isinstance(error["input"], bool | int | float)
        hint = "Put it in quotes." if quotes else _as_list(KINDS[kind], error["input"])
        return f"must be {KINDS[kind]}, not {_kind_of(error['input'])}", hint
    if kind.startswith("union_tag"):
        tags = str(context.get("expected_tags", "'<text>', '<map>'")).split(", ")
        wanted = " or ".join(TAGS.get(tag, tag) for tag in tags)
        number = "text" in wanted and isinstance(error["input"], int | float)
        seconds = f"Write `{error['input']}s` for seconds." if number else None
        hint = seconds or _as_list(wanted, error["input"])
        return f"must be {wanted}, not {_kind_of(error['input'])}", hint
    if kind == "literal_error":
        words = context["expected"].replace("'", "`")
        choices = [word.strip("` ") for word in words.replace(" or ", ", ").split(", ")]
        given = error["input"]
        hint = did_you_mean(given, choices) if isinstance(given, str) else None
        return f"must be {words}, not {_shown(given, quoting=quoting)}", hint
    if kind in ("value_error", "assertion_error"):
        return f"is refused: {context['error']}", None
    hint = context.get("hint") or HINTS.get(kind)
    return _length_sentence(kind, context) or error["msg"], hint


def _as_list(wanted: str, value: Any) -> str | None:
    """Show one text as the list that is wanted."""
    if "a list" not in wanted or not isinstance(value, str) or not value:
        return None
    return f"Write `[{value}]`." if value.isidentifier() else "Put its entries into `[` and `]`."


def _length_sentence(kind: str, context: dict[str, Any]) -> str | None:
    if kind == "too_short" and context["min_length"] > 1:
        return f"needs at least {context['min_length']} entries"
    say = BOUNDS.get(kind)
    return None if say is None else say(context)


def _kind_of(value: Any) -> str:
    for kinds, name in (
        (type(None), "nothing"), (bool, "a boolean"), (int | float, "a number"), (str, "text"),
        (list, "a list"), (dict, "a map"),
    ):  # fmt: skip
        if isinstance(value, kinds):
            return name
    return type(value).__name__


def _shown(value: Any, *, quoting: bool) -> str:
    if not quoting and isinstance(value, float | str):
        return "another text" if isinstance(value, str) else "one with a fraction"
    if isinstance(value, float):
        return f"`{value!r}`"
    return f"`{value[:40]}`" if isinstance(value, str) else _kind_of(value)

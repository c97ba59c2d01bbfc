"""Checks the ``params`` of a step against the model of its action, templates and all."""

from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from workflows.language.catalogue import ActionSpec
from workflows.language.checks.texts import walk
from workflows.language.expressions import has_template
from workflows.language.findings import Findings
from workflows.language.places import Path
from workflows.language.structure import note

__all__ = ["check_params"]

SHAPES: Final = frozenset({"list_type", "dict_type", "model_type", "tuple_type", "set_type"})
OF_THE_WHOLE: Final = frozenset({"value_error", "assertion_error"})


def check_params(path: Path, params: dict[str, Any], spec: ActionSpec, findings: Findings) -> None:
    """Note what cannot fit, whatever the templates give; *path* is that of the params."""
    try:
        spec.params.model_validate(params)
    except ValidationError as error:
        templates = {at: text for at, text in walk((), params) if has_template(text)}
        for each in error.errors(include_url=False):
            if not _excused(each, _real(each["loc"], params), templates):
                note(spec.params, each, path, findings)


def _excused(error: ErrorDetails, at: Path, templates: dict[Path, str]) -> bool:
    """Say whether a template may still make it right when it has its value."""
    text = templates.get(at)
    if text is not None:
        whole = text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1
        return whole or error["type"] not in SHAPES
    inside = any(each[: len(at)] == at for each in templates)
    return inside and error["type"] in OF_THE_WHOLE


def _real(loc: tuple[str | int, ...], params: dict[str, Any]) -> Path:
    """Return *loc* as far as the params go; pydantic adds names of its own."""
    path: list[str | int] = []
    here: Any = params
    for key in loc:
        inside_list = isinstance(here, list) and isinstance(key, int) and key < len(here)
        if inside_list or (isinstance(here, dict) and key in here):
            here = here[key]
            path.append(key)
    return tuple(path)

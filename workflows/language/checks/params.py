"""Checks the ``params`` of a step against the model of its action, templates and all."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from workflows.language.catalogue import ActionSpec
from workflows.language.checks.texts import walk
from workflows.language.expressions import has_template
from workflows.language.findings import Findings, TooManyProblems
from workflows.language.places import Document, Path
from workflows.language.structure import KINDS, OF_PYDANTIC, note, note_forms

__all__ = ["check_params", "misfits"]

SHAPES: Final = frozenset({"list_type", "dict_type", "model_type", "tuple_type", "set_type"})
OF_KEYS: Final = frozenset({"missing", "extra_forbidden"})
DEEPER: Final = re.compile(r"[.\[]")  # what leads from one part of a path to the next
OF_THE_WHOLE: Final = frozenset({"value_error", "assertion_error"})

Say: TypeAlias = Callable[[ErrorDetails], None]


def check_params(path: Path, params: dict[str, Any], spec: ActionSpec, findings: Findings) -> None:
    """Note what cannot fit, whatever the templates give; *path* is that of the params."""
    try:
        spec.params.model_validate(params)
    except ValidationError as error:
        templates = {at: text for at, text in walk((), params) if has_template(text)}
        errors = [
            each
            for each in error.errors(include_url=False)
            if not _excused(each, _real(each["loc"], params), templates)
        ]
        _note_all(
            partial(note, spec.params, at=path, findings=findings), errors, (path, params), findings
        )


def misfits(model: type[BaseModel], error: ValidationError, params: Any) -> list[str]:
    """Say why *params*, which hold no templates any more, do not fit; their values are not repeated."""
    findings, at = Findings(Document("", "", params, {})), ("params",)
    say = partial(note, model, at=at, findings=findings, quoting=False)
    with suppress(TooManyProblems):  # nobody reads that many
        _note_all(say, error.errors(include_url=False), (at, params), findings)
    return [
        f"{each.path}: {each.message}" if len(DEEPER.findall(each.path)) > 1 else each.message
        for each in findings.problems
    ]


def _note_all(
    say: Say, errors: Iterable[ErrorDetails], place: tuple[Path, Any], findings: Findings
) -> None:
    """Note each error; those about one value that may have several forms, together."""
    path, params = place
    forms: dict[Path, list[ErrorDetails]] = {}
    for each in errors:
        fork = _fork(each, params)
        if fork is None:
            say(each)
        else:
            forms.setdefault(fork, []).append(each)
    for fork, found in forms.items():
        _note_forms(say, found, ((*path, *fork), fork), params, findings)


def _fork(error: ErrorDetails, params: Any) -> Path | None:
    """Return where one of several forms was tried, or None: pydantic names it behind that place."""
    path: Path = ()
    for number, key in enumerate(error["loc"]):
        if _real((*path, key), params) == (*path, key):
            path = (*path, key)
        elif error["type"] in OF_KEYS and number == len(error["loc"]) - 1:
            return None
        elif key not in OF_PYDANTIC:
            return path
    return None


def _note_forms(
    say: Say,
    errors: list[ErrorDetails],
    place: tuple[Path, Path],
    params: Any,
    findings: Findings,
) -> None:
    """Say what is wrong with the form that was meant, or that none of them was."""
    at, fork = place
    meant = [
        each for each in errors if each["type"] not in KINDS or _real(each["loc"], params) != fork
    ]
    if not meant:
        note_forms(errors, at, findings)
    for each in meant:
        last = each["loc"][-1:] if each["type"] in OF_KEYS else ()
        say({**each, "loc": (*_real(each["loc"], params), *last)})


def _excused(error: ErrorDetails, at: Path, templates: dict[Path, str]) -> bool:
    """Say whether a template may still make it right when it has its value."""
    text = templates.get(at)
    if text is not None:
        whole = text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1
        return whole or error["type"] not in SHAPES
    inside = any(each[: len(at)] == at for each in templates)
    return inside and error["type"] in OF_THE_WHOLE


def _real(loc: tuple[str | int, ...], params: Any) -> Path:
    """Return *loc* as far as the params go; pydantic adds names of its own."""
    path: list[str | int] = []
    here: Any = params
    for key in loc:
        inside_list = isinstance(here, list) and isinstance(key, int) and key < len(here)
        if inside_list or (isinstance(here, dict) and key in here):
            here = here[key]
            path.append(key)
    return tuple(path)

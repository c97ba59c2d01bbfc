"""Reads the expressions and templates of a file, each against the names of its place."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from workflows.language.catalogue import Catalogue
from workflows.language.checks.scope import Scope, refute
from workflows.language.expressions import (
    InvalidExpression,
    Reference,
    compile_expression,
    compile_template,
    has_template,
)
from workflows.language.findings import Findings
from workflows.language.model import Head, Settings, Step, Trigger
from workflows.language.places import Path

__all__ = ["Texts", "refuse_stray_templates", "walk"]

STEP_TEMPLATES: Final = frozenset({"params", "wait", "set", "fail", "stop", "condition"})
WAIT_TEMPLATES: Final = frozenset({"correlate", "where"})
APPROVAL_TEMPLATES: Final = frozenset(
    {"title", "description", "show", "approvers", "channel", "escalate"}
)
TRIGGER_TEMPLATES: Final = frozenset({"inputs", "where"})


class Texts:
    """Checks texts, and remembers nothing."""

    def __init__(self, findings: Findings, catalogue: Catalogue) -> None:
        self._findings = findings
        self._catalogue = catalogue

    def expression(self, path: Path, text: str, scope: Scope) -> tuple[Reference, ...]:
        """Check a bare expression; return what it refers to."""
        try:
            found = compile_expression(text, names=scope.names).references
        except InvalidExpression as error:
            self._findings.add_expression(path, error)
            return ()
        self._references(path, found, scope)
        return found

    def template(self, path: Path, value: Any, scope: Scope) -> tuple[Reference, ...]:
        """Check the templates inside *value*; return what they refer to."""
        found: list[Reference] = []
        for at, text in walk(path, value):
            if not has_template(text):
                continue
            try:
                used = compile_template(text, names=scope.names).references
            except InvalidExpression as error:
                self._findings.add_expression(at, error)
                continue
            self._references(at, used, scope)
            found.extend(used)
        return tuple(found)

    def _references(self, path: Path, found: Iterable[Reference], scope: Scope) -> None:
        for reference in found:
            doubt = refute(reference, scope, self._catalogue)
            if doubt is not None:
                self._findings.add_inside(
                    "reference",
                    path,
                    reference.offset,
                    doubt.message,
                    doubt.hint,
                    severity="error" if doubt.severe else "warning",
                )


def walk(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    """Yield every text inside *value* with its path."""
    match value:
        case str():
            yield path, value
        case list():
            for index, each in enumerate(value):
                yield from walk((*path, index), each)
        case dict():
            for key, each in value.items():
                yield from walk((*path, key), each)


def refuse_stray_templates(data: Any, findings: Findings) -> None:
    """Note every ``{{`` that nobody would ever look at."""
    _refuse_strays(data, (), findings)


def _refuse_strays(value: Any, path: Path, findings: Findings) -> None:
    match value:
        case str() if "{{" in value and not _is_template(path):
            findings.add_inside(
                "stray_template",
                path,
                value.index("{{"),
                "there is no template here, so `{{` would stay as it is",
                "Leave the braces out.",
            )
        case list():
            for index, each in enumerate(value):
                _refuse_strays(each, (*path, index), findings)
        case dict():
            for key, each in value.items():
                _refuse_stray_key(str(key), each, path, findings)


def _refuse_stray_key(key: str, value: Any, path: Path, findings: Findings) -> None:
    if key.startswith("x-"):
        return
    if "{{" in key:
        findings.add_key("stray_template", (*path, key), "a key cannot be a template")
    _refuse_strays(value, (*path, key), findings)


def _is_template(path: Path) -> bool:
    """Say whether somebody reads the templates at *path*, or has complained about it already."""
    inner = path
    while len(inner) > 2 and inner[0] in ("steps", "on_error") and isinstance(inner[1], int):
        inner = inner[2:]
    if inner != path:
        return _is_step_template(inner)
    match path:
        case ("vars" | "outputs", *_) | ("settings", "channel"):
            return True
        case ("triggers", _, key, *_):
            return key in TRIGGER_TEMPLATES or key in Trigger.later
        case ("settings", key, *_):
            return key in Settings.later
    return path[0] in Head.later


def _is_step_template(path: Path) -> bool:
    match path:
        case ("approval", key, *_):
            return key in APPROVAL_TEMPLATES
        case ("wait_for", key, *_):
            return key in WAIT_TEMPLATES
        case ("needs", *_) | ("retry", "if"):
            return path[-1] == "if"  # an expression, which has its own say about braces
        case (key, *_):
            return key in STEP_TEMPLATES or key in Step.later
    return False

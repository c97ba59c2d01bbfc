"""Reads the expressions and templates of a file, each against the names of its place."""

from collections.abc import Iterable, Iterator
from typing import Any

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
from workflows.language.places import Path

__all__ = ["Texts", "walk"]


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
                    doubt.code,
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

"""Collects the problems of one file, each with its place."""

from workflows.language.errors import MOST_PROBLEMS, Problem, Severity, in_order
from workflows.language.expressions import ExpressionError
from workflows.language.places import Document, Path, step_of, written

__all__ = ["Findings", "TooManyProblems"]


class TooManyProblems(Exception):
    """The search ends here: nobody reads more than a few hundred, and each takes time to explain."""


class Findings:
    """The problems found so far; none of them ends the search."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._problems: dict[Problem, None] = dict.fromkeys(document.problems)

    def add(
        self,
        code: str,
        path: Path,
        message: str,
        hint: str | None = None,
        *,
        severity: Severity = "error",
    ) -> None:
        """Note that the value at *path* is wrong; a hint says what to do."""
        self._add(code, path, message, hint, self.document.value(path), severity)

    def warn(self, code: str, path: Path, message: str, hint: str | None = None) -> None:
        """Note that the value at *path* is likely to be a slip."""
        self.add(code, path, message, hint, severity="warning")

    def add_key(self, code: str, path: Path, message: str, hint: str | None = None) -> None:
        """Note that the key at *path* should not be there."""
        self._add(code, path, message, hint, self.document.key(path), "error")

    def add_absent(self, code: str, path: Path, message: str, hint: str | None = None) -> None:
        """Note that *path* is missing; the first line of its step stands for it."""
        step = step_of(path[:-1]) or path[:-1]
        self._add(code, path, message, hint, self.document.key(step), "error")

    def add_expression(self, path: Path, error: ExpressionError) -> None:
        """Note what is wrong with the expression or template at *path*."""
        place = self.document.inside(path, error.offset or 0)
        self._add("expression", path, error.message, error.hint, place, "error")

    def add_inside(
        self, code: str, path: Path, offset: int, message: str, hint: str | None = None,
        *, severity: Severity = "error",
    ) -> None:  # fmt: skip
        """Note what is wrong with the character *offset* of the text at *path*."""
        self._add(code, path, message, hint, self.document.inside(path, offset), severity)

    def _add(
        self,
        code: str,
        path: Path,
        message: str,
        hint: str | None,
        place: tuple[int, int],
        severity: Severity,
    ) -> None:
        line, column = place
        file, shown = self.document.file, written(path)
        problem = Problem(severity, file, line, column, shown, code, message, hint)
        self._problems.setdefault(problem)
        if len(self._problems) >= MOST_PROBLEMS:
            raise TooManyProblems

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, in the order of the file; where braces are what is wrong, nothing else is."""
        strays = {each.path for each in self._problems if each.code == "stray_template"}
        return in_order(
            each
            for each in self._problems
            if each.code == "stray_template"
            or strays.isdisjoint((each.path, each.path.removesuffix("[0]")))
        )

    @property
    def failed(self) -> bool:
        return any(problem.severity == "error" for problem in self._problems)

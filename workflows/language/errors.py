"""What is wrong with a definition or with inputs: every problem at once, each with its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from baton.errors import BatonError

__all__ = ["InvalidDefinition", "InvalidInputs", "Problem", "Severity"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or likely to be.

    Lines and columns count from 1; both are 0 where there is no file, as with inputs. *path* reads
    ``steps[2].params.argv``; *code* is a stable word for programs; *hint* says what to do.
    """

    severity: Severity
    file: str
    line: int
    column: int
    path: str
    code: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.path
        warning = "warning: " if self.severity == "warning" else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}: {warning}{self.message}.{hint}" if place else f"{self.message}.{hint}"


class InvalidDefinition(BatonError, ValueError):
    """A definition that cannot be run. ``problems`` holds them all, warnings too, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InvalidInputs(BatonError, ValueError):
    """Values that do not fit the inputs of a workflow. ``problems`` holds one or more for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

"""What is wrong with a definition or with inputs: every problem at once, each with its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from baton.errors import BatonError

__all__ = [
    "MOST_PROBLEMS",
    "InvalidDefinition",
    "InvalidInputs",
    "Problem",
    "Severity",
    "cut_off",
    "in_order",
]

MOST_PROBLEMS: Final = 200
"""Of one file; the search ends there."""

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


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return *problems* in the order of the file."""
    return tuple(sorted(problems, key=lambda each: (each.line, each.column)))


def cut_off(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return *problems* in order, and one more which says that the search ended there."""
    found = in_order(problems)
    last = found[-1]
    message = f"this file has {len(found)} problems and was not looked through to its end"
    end = Problem(
        "error", last.file, last.line, last.column, "", "limit", message, "Mend these first."
    )
    return (*found, end)


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

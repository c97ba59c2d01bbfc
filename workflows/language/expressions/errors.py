"""What goes wrong with an expression: when it is read, and when it is evaluated."""

from baton.errors import BatonError
from workflows.core.plan import EvaluationFailed

__all__ = [
    "ExpressionError",
    "ExpressionFailed",
    "InvalidExpression",
    "LimitExceeded",
    "MissingValue",
]

SHOWN = 120
LONGEST = 400  # characters of a sentence


class ExpressionError(BatonError, ValueError):
    """Something is wrong with an expression.

    ExpressionError
      InvalidExpression    it cannot be read; raised when a file is loaded
      ExpressionFailed     it has no value; raised when it is evaluated
        MissingValue       it names something that is not there
        LimitExceeded      it costs, or makes, more than is allowed

    ``source`` is the text of the expression or template, ``offset`` the place in it, counted in
    characters from 0, and ``hint`` says what to do.
    """

    code = "expression"

    def __init__(self, message: str, *, offset: int | None = None, hint: str | None = None) -> None:
        self.message = _clipped(message)  # names of strangers may be as long as their text
        super().__init__(self.message)
        self.offset = offset
        self.hint = None if hint is None else _clipped(hint)
        self.source: str | None = None

    def __str__(self) -> str:
        parts = [self.message]
        if self.source is not None:
            parts.insert(0, f"in {_shown(self.source)}{_column(self.source, self.offset)}:")
        if self.hint:
            parts[-1] = f"{parts[-1].rstrip('.')}."
            parts.append(self.hint)
        return " ".join(parts)


class InvalidExpression(ExpressionError):
    """An expression or a template that cannot be read."""


class ExpressionFailed(ExpressionError, EvaluationFailed):
    """An expression that has no value. ``code`` is the ``error.type`` of the step that fails."""


class MissingValue(ExpressionFailed):
    """A name that is not there. ``| default(x)`` and ``is defined`` are the ways out."""


class LimitExceeded(ExpressionFailed):
    """An expression that costs, or makes, more than is allowed."""

    code = "limit"


def _clipped(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST else sentence[:LONGEST] + "…"


def _shown(source: str) -> str:
    return f"`{source if len(source) <= SHOWN else source[:SHOWN] + '…'}`"


def _column(source: str, offset: int | None) -> str:
    if offset is None:
        return ""
    line = source.count("\n", 0, offset) + 1
    column = offset - (source.rfind("\n", 0, offset) + 1) + 1
    return f", line {line}, character {column}" if line > 1 else f", character {column}"

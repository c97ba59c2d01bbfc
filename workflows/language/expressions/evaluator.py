"""The evaluator as coordination knows it."""

from collections.abc import Callable, Mapping
from typing import Any

from workflows.language.expressions.expression import predicate
from workflows.language.expressions.templates import compile_template

__all__ = ["Evaluator"]


class Evaluator:
    """Coordination's port ``Expressions``. Every failure is a ValueError with a sentence."""

    def predicate(self, text: str) -> Callable[[Mapping[str, Any]], bool]:
        """Compile a condition."""
        return predicate(text)

    def template(self, value: Any) -> Callable[[Mapping[str, Any]], Any]:
        """Compile the texts inside *value*."""
        return compile_template(value)

"""What the operators mean. None of them mixes types, and a boolean is no number."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from workflows.language.expressions.errors import ExpressionFailed
from workflows.language.expressions.handles import SECRETS
from workflows.language.expressions.limits import (
    Budget,
    check_count,
    check_length,
    check_text,
    weigh,
)
from workflows.language.expressions.values import (
    NUMBERS,
    check_number,
    equal,
    is_number,
    kind_of,
    order_key,
)

__all__ = ["ARITHMETIC", "COMPARISONS", "add", "contains", "signed"]

PLAIN: Final = frozenset({str, int, float, bool, list, dict, type(None)})
"""What data is made of; of two such kinds no value equals one of the other, but among numbers."""


def add(left: Any, right: Any, budget: Budget) -> Any:
    """Add numbers, texts or lists."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return check_number(left + right)
    if isinstance(left, str) and isinstance(right, str):
        check_length(len(left) + len(right))
        budget.charge_text(len(left) + len(right))
        return check_text(left + right)
    if isinstance(left, list) and isinstance(right, list):
        check_count(len(left) + len(right))
        both = left + right
        weigh(both, budget)
        return both
    raise _mixed("+", left, right, "Texts are joined with `~`, whatever stands beside them.")


def _numbers(sign: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Budget], Any]:
    def run(left: Any, right: Any, _budget: Budget) -> Any:
        if type(left) in NUMBERS and type(right) in NUMBERS:
            try:
                return check_number(compute(left, right))
            except ZeroDivisionError:
                raise ExpressionFailed("this divides by zero") from None
            except OverflowError:
                raise ExpressionFailed("the result is too large for a number") from None
        raise _mixed(sign, left, right, None)

    return run


def _mixed(sign: str, left: Any, right: Any, hint: str | None) -> ExpressionFailed:
    if isinstance(left, SECRETS) or isinstance(right, SECRETS):
        return ExpressionFailed(
            f"`{sign}` cannot be used on a secret",
            hint="A secret can be passed on, or joined into text with `~`.",
        )
    if hint is None and {kind_of(left), kind_of(right)} == {"a number", "text"}:
        hint = "Text becomes a number with `| int` or `| float`."
    return ExpressionFailed(f"`{sign}` cannot take {kind_of(left)} and {kind_of(right)}", hint=hint)


ARITHMETIC: Final[Mapping[str, Callable[[Any, Any, Budget], Any]]] = {
    "+": add,
    "-": _numbers("-", lambda a, b: a - b),
    "*": _numbers("*", lambda a, b: a * b),
    "/": _numbers("/", lambda a, b: a / b),
    "//": _numbers("//", lambda a, b: a // b),
    "%": _numbers("%", lambda a, b: a % b),
}


def signed(sign: str, value: Any) -> Any:
    """Apply a sign to a number."""
    if not is_number(value):
        raise ExpressionFailed(f"`{sign}` cannot take {kind_of(value)}")
    return check_number(-value) if sign == "-" else value


def contains(needle: Any, hay: Any, budget: Budget) -> bool:
    """Say whether *needle* is an item of a list, a key of a map, or a part of a text."""
    if isinstance(hay, list):
        budget.charge_items(2 * len(hay))  # each is compared, in Python
        unlike = PLAIN - (NUMBERS if type(needle) in NUMBERS else {type(needle)})
        if type(needle) not in PLAIN:
            unlike = frozenset()
        return any(type(each) not in unlike and equal(needle, each, budget) for each in hay)
    if isinstance(hay, Mapping):
        return isinstance(needle, str) and needle in hay
    if isinstance(hay, str) and isinstance(needle, str):
        budget.charge_text(len(hay))
        return needle in hay
    if isinstance(hay, str):
        raise ExpressionFailed(f"{kind_of(needle)} cannot be in a text")
    raise ExpressionFailed(f"nothing can be in {kind_of(hay)}")


def _ordered(sign: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], bool]:
    def run(left: Any, right: Any, budget: Budget) -> bool:
        if (type(left) in NUMBERS and type(right) in NUMBERS) or (
            isinstance(left, str) and isinstance(right, str)
        ):
            return compare(left, right)
        if isinstance(left, list) and isinstance(right, list):
            weigh([left, right], budget)
            try:
                return compare(order_key(left), order_key(right))
            except TypeError:
                raise ExpressionFailed("these lists hold values of different types") from None
        raise _mixed(sign, left, right, None)

    return run


COMPARISONS: Final[Mapping[str, Callable[[Any, Any, Budget], bool]]] = {
    "==": equal,
    "!=": lambda a, b, budget: not equal(a, b, budget),
    "<": _ordered("<", lambda a, b: a < b),
    "<=": _ordered("<=", lambda a, b: a <= b),
    ">": _ordered(">", lambda a, b: a > b),
    ">=": _ordered(">=", lambda a, b: a >= b),
    "in": contains,
    "not in": lambda a, b, budget: not contains(a, b, budget),
}

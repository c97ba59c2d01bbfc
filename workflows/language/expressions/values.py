"""The values of the language, JSON and handles of secrets: their names, order and text."""

import json
from collections.abc import Mapping
from typing import Any, Final

from workflows.language.expressions.errors import ExpressionFailed
from workflows.language.expressions.handles import SECRETS, Secret, SecretText
from workflows.language.expressions.limits import TEXT, Budget, check_text, weigh

__all__ = [
    "BIGGEST",
    "MISSING",
    "NUMBERS",
    "Missing",
    "check_number",
    "compact_json",
    "equal",
    "is_number",
    "kind_of",
    "order_key",
    "text_of",
    "want_list",
    "want_map",
    "want_text",
]

BIGGEST: Final = 2**63
SHOWN = 40


class Missing:
    """Stands for a value that is not there, inside ``| default(x)`` and ``is defined``."""

    __slots__ = ()


MISSING: Final = Missing()
KINDS: Final[tuple[tuple[Any, str], ...]] = (
    (type(None), "null"),
    (bool, "a boolean"),
    (int | float, "a number"),
    (str, "text"),
    (list, "a list"),
    (Mapping, "a map"),
    (Secret | SecretText, "a secret"),
)
NUMBERS: Final = frozenset({int, float})


def kind_of(value: Any) -> str:
    """Name the type of *value* as the documents do."""
    for kinds, name in KINDS:
        if isinstance(value, kinds):
            return name
    return "no value of the language"


def is_number(value: Any) -> bool:
    """Say whether *value* is a number; a boolean is none."""
    return type(value) in NUMBERS


def check_number(value: float) -> int | float:
    """Return *value*, the result of arithmetic.

    Raises:
        ExpressionFailed: an integer beyond 64 bits, or no finite number.
    """
    if type(value) is int:
        if not -BIGGEST <= value < BIGGEST:
            raise ExpressionFailed("the result does not fit into 64 bits")
    elif value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  NaN differs from itself
        raise ExpressionFailed("the result is too large for a number")
    return value


def want_text(value: Any, what: str) -> str:
    """Return *value* if it is text; *what* names it in the error."""
    if isinstance(value, str):
        return value
    raise ExpressionFailed(f"{what} must be text, not {kind_of(value)}")


def want_list(value: Any, what: str) -> list[Any]:
    """Return *value* if it is a list; *what* names it in the error."""
    if isinstance(value, list):
        return value
    raise ExpressionFailed(f"{what} must be a list, not {kind_of(value)}")


def want_map(value: Any, what: str) -> Mapping[str, Any]:
    """Return *value* if it is a map; *what* names it in the error."""
    if isinstance(value, Mapping):
        return value
    raise ExpressionFailed(f"{what} must be a map, not {kind_of(value)}")


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """Compare deeply. Values of different types are different, and booleans are no numbers."""
    kind = type(left)
    if kind is type(right):
        if kind is list:
            return _equal_lists(left, right, budget)
        if kind is dict:
            return _equal_maps(left, right, budget)
        return bool(left == right)
    if kind in NUMBERS and type(right) in NUMBERS:
        return bool(left == right)
    if isinstance(left, SECRETS) or isinstance(right, SECRETS):
        raise ExpressionFailed("a secret cannot be compared", hint="Nobody here knows its value.")
    return isinstance(left, str) and isinstance(right, str) and left == right


def _equal_lists(left: list[Any], right: list[Any], budget: Budget) -> bool:
    if len(left) != len(right):
        return False
    budget.charge_items(2 * len(left))  # two walks
    return all(equal(a, b, budget) for a, b in zip(left, right, strict=True))


def _equal_maps(left: dict[str, Any], right: dict[str, Any], budget: Budget) -> bool:
    if left.keys() != right.keys():
        return False
    budget.charge_items(2 * len(left))
    return all(equal(value, right[key], budget) for key, value in left.items())


def order_key(value: Any) -> Any:
    """Return what *value* sorts by: numbers, texts, and lists of these have an order.

    Raises:
        ExpressionFailed: *value* has no order.
    """
    if type(value) in NUMBERS or isinstance(value, str):
        return value
    if isinstance(value, list):
        return tuple(order_key(each) for each in value)
    raise ExpressionFailed(f"{kind_of(value)} has no order")


def text_of(value: Any, budget: Budget) -> Any:
    """Return *value* as it stands in text: text as it is, secrets as handles, all else as JSON.

    Raises:
        ExpressionFailed: *value* is null.
        LimitExceeded: it is too long.
    """
    if type(value) is str or isinstance(value, SECRETS):
        return value
    if type(value) is int:
        return str(value)
    if value is None:
        raise ExpressionFailed("null has no text", hint="Write `| default('…')` behind it.")
    return compact_json(value, budget)


def compact_json(value: Any, budget: Budget) -> str:
    """Write *value* as JSON without spaces. Maps have no order, so their keys are sorted."""
    weigh(value, budget, most=TEXT)
    try:
        return check_text(ENCODER.encode(_plain(value)))
    except ValueError as error:
        if isinstance(error, ExpressionFailed):
            raise
        raise ExpressionFailed("this holds a number that JSON does not have") from None


def _plain(value: Any) -> Any:
    """Refuse handles inside a value that becomes text: their JSON would be no secret any more."""
    if isinstance(value, SECRETS):
        raise ExpressionFailed("a secret inside a list or a map cannot become text")
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True
)

"""Filters on maps, and between values and their JSON.

A map has no order of its own: what was stored comes back sorted. So it is always seen in that order,
and a run gives the same whether Baton was restarted in the middle of it or not.
"""

import json
from typing import Any, NoReturn

from workflows.language.expressions.errors import ExpressionFailed
from workflows.language.expressions.limits import LEVELS, Budget, check_count
from workflows.language.expressions.values import BIGGEST, compact_json, want_map, want_text

__all__ = ["fromjson", "items", "keys", "tojson", "values"]


def keys(value: Any, budget: Budget) -> list[str]:
    """Give the keys of a map, in alphabetical order."""
    found = want_map(value, "this")
    budget.charge_items(len(found))
    return sorted(found)


def values(value: Any, budget: Budget) -> list[Any]:
    """Give the values of a map, in the order of their keys."""
    found = want_map(value, "this")
    budget.charge_items(len(found))
    return [found[key] for key in sorted(found)]


def items(value: Any, budget: Budget) -> list[list[Any]]:
    """Give pairs of key and value, as lists of two, in the order of the keys."""
    found = want_map(value, "this")
    budget.charge_items(len(found))
    return [[key, found[key]] for key in sorted(found)]


def tojson(value: Any, budget: Budget) -> str:
    """Write compact JSON, null too."""
    return compact_json(value, budget)


def fromjson(value: Any, budget: Budget) -> Any:
    """Read JSON text; numbers keep to the limits of the language."""
    text = want_text(value, "this")
    budget.charge_text(len(text) * 8)
    try:
        read = json.loads(text, parse_constant=_refuse, parse_int=_whole, parse_float=_fraction)
    except RecursionError:
        raise ExpressionFailed("this JSON nests too deep") from None
    except ValueError as error:
        if isinstance(error, ExpressionFailed):
            raise
        place = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise ExpressionFailed(f"this text is not JSON{place}") from None
    _check_shape(read, budget)
    return read


def _refuse(constant: str) -> NoReturn:
    raise ExpressionFailed(f"{constant} is not JSON")


def _whole(text: str) -> int:
    value = int(text) if len(text) < 30 else BIGGEST
    if not -BIGGEST <= value < BIGGEST:
        raise ExpressionFailed("this JSON holds a number that does not fit into 64 bits")
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ExpressionFailed("this JSON holds a number that is too large")
    return value


def _check_shape(value: Any, budget: Budget) -> None:
    level, depth, count = [value], 0, 0
    while level:
        depth += 1
        if depth > LEVELS:
            raise ExpressionFailed("this JSON nests too deep")
        below: list[Any] = []
        for each in level:
            if isinstance(each, list | dict):
                below.extend(each if isinstance(each, list) else each.values())
        count += len(below)
        check_count(count)
        level = below
    budget.charge_items(count)

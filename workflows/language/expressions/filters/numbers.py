"""Filters that make or round numbers."""

import math
from typing import Any, Final

from workflows.language.expressions.errors import ExpressionFailed
from workflows.language.expressions.limits import Budget
from workflows.language.expressions.values import check_number, is_number, kind_of

__all__ = ["round_number", "to_float", "to_int"]

UNSET: Final = object()
DIGITS = 100
MOST_PRECISION = 15


def to_int(value: Any, _budget: Budget, *, default: Any = UNSET, base: Any = 10) -> Any:
    """Make a whole number of text, a number (cut towards 0) or a boolean."""
    try:
        if isinstance(value, str) and len(value) <= DIGITS:
            if base not in (2, 8, 10, 16):
                raise ExpressionFailed("`base` is 2, 8, 10 or 16")
            return check_number(_whole(value, base))
        if is_number(value) or isinstance(value, bool):
            return check_number(int(value))
    except (ValueError, OverflowError) as error:
        if isinstance(error, ExpressionFailed):
            raise
    return _otherwise(value, default, "whole number")


def _whole(value: str, base: int) -> int:
    try:
        return int(value, base)
    except ValueError:
        if base != 10:
            raise
        return int(float(value))  # as in Jinja: '42.7' is 42


def to_float(value: Any, _budget: Budget, *, default: Any = UNSET) -> Any:
    """Make a number with a fraction of text, a number or a boolean."""
    try:
        if (isinstance(value, str) and len(value) <= DIGITS) or is_number(value):
            return check_number(float(value))
        if isinstance(value, bool):
            return float(value)
    except ValueError as error:
        if isinstance(error, ExpressionFailed):
            raise
    return _otherwise(value, default, "number")


def _otherwise(value: Any, default: Any, what: str) -> Any:
    if default is not UNSET:
        return default
    shown = repr(value[:40]) if isinstance(value, str) else kind_of(value)
    raise ExpressionFailed(f"{shown} is no {what}", hint="Give a default: `int(0)`.")


def round_number(
    value: Any, _budget: Budget, *, precision: Any = 0, method: Any = "common"
) -> int | float:
    """Round to *precision* digits: `common` (half to even), `ceil` or `floor`.

    As in Jinja, `common` leaves a whole number whole, and the others give a fraction.
    """
    if not is_number(value):
        raise ExpressionFailed(f"{kind_of(value)} cannot be rounded")
    if type(precision) is not int or abs(precision) > MOST_PRECISION:
        raise ExpressionFailed(f"`precision` is a whole number up to {MOST_PRECISION}")
    if method == "common":
        return check_number(round(value, precision))
    if method not in ("ceil", "floor"):
        raise ExpressionFailed("`method` is common, ceil or floor")
    scale = 10.0**precision
    scaled = check_number(value * scale)
    return check_number((math.ceil if method == "ceil" else math.floor)(scaled) / scale)

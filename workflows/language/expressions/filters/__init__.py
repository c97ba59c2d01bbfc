"""The filters of the language, each with the names of its arguments."""

from collections.abc import Mapping
from typing import Any, Final

from workflows.language.expressions.errors import ExpressionFailed, InvalidExpression
from workflows.language.expressions.filters import lists, maps, numbers, texts, times
from workflows.language.expressions.filters.signature import Filter, bind
from workflows.language.expressions.limits import Budget
from workflows.language.expressions.operators import contains
from workflows.language.expressions.patterns import check_pattern, search
from workflows.language.expressions.values import want_text

__all__ = ["DEFAULT", "FILTERS", "Filter", "bind"]


def _matches(value: Any, budget: Budget, *, pattern: Any) -> bool:
    """Say whether *pattern* is found anywhere in a text; look-around and back-references do not exist."""
    return search(want_text(pattern, "`pattern`"), want_text(value, "this"), budget)


def _contains(value: Any, budget: Budget, *, wanted: Any) -> bool:
    """Say whether *wanted* is an item of a list, a key of a map or a part of a text."""
    return contains(wanted, value, budget)


def _check_matches(given: Mapping[str, Any], at: int) -> None:
    """Read a pattern that is written out when the file is loaded, not at midnight."""
    if "pattern" in given:
        try:
            check_pattern(want_text(given["pattern"], "`pattern`"))
        except ExpressionFailed as error:
            raise InvalidExpression(error.message, offset=at, hint=error.hint) from None


DEFAULT: Final = Filter(lambda value, _budget: value, ("default_value", "boolean"), 1)
"""``default`` looks at what is missing, so it is closed apart from the others."""

FILTERS: Final[Mapping[str, Filter]] = {
    "contains": Filter(_contains, ("wanted",), 1),
    "date": Filter(times.date, ("format", "zone")),
    "duration": Filter(times.duration),
    "endswith": Filter(texts.endswith, ("suffix",), 1),
    "first": Filter(lists.first),
    "float": Filter(numbers.to_float, ("default",)),
    "fromjson": Filter(maps.fromjson),
    "int": Filter(numbers.to_int, ("default", "base")),
    "items": Filter(maps.items),
    "join": Filter(lists.join, ("separator", "attribute")),
    "keys": Filter(maps.keys),
    "last": Filter(lists.last),
    "length": Filter(lists.length),
    "lower": Filter(texts.lower),
    "map": Filter(lists.map_items, ("attribute", "default"), 1),
    "matches": Filter(_matches, ("pattern",), 1, _check_matches),
    "max": Filter(lists.maximum, ("case_sensitive", "attribute")),
    "min": Filter(lists.minimum, ("case_sensitive", "attribute")),
    "reject": Filter(lists.reject, ("attribute", "value"), 1),
    "replace": Filter(texts.replace, ("old", "new", "count"), 2),
    "reverse": Filter(lists.reverse),
    "round": Filter(numbers.round_number, ("precision", "method")),
    "select": Filter(lists.select, ("attribute", "value"), 1),
    "slice": Filter(lists.slices, ("slices", "fill_with"), 1),
    "sort": Filter(lists.sort, ("reverse", "case_sensitive", "attribute")),
    "split": Filter(texts.split, ("separator", "maxsplit")),
    "startswith": Filter(texts.startswith, ("prefix",), 1),
    "string": Filter(texts.string),
    "sum": Filter(lists.total, ("attribute", "start")),
    "title": Filter(texts.title),
    "tojson": Filter(maps.tojson),
    "trim": Filter(texts.trim, ("chars",)),
    "unique": Filter(lists.unique, ("case_sensitive", "attribute")),
    "upper": Filter(texts.upper),
    "values": Filter(maps.values),
}

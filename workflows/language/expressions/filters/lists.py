"""Filters on lists, and on what has a length or an order."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from workflows.language.expressions.errors import ExpressionFailed, MissingValue
from workflows.language.expressions.handles import SECRETS, join_secret
from workflows.language.expressions.limits import Budget, check_length, check_text, weigh
from workflows.language.expressions.lookups import find
from workflows.language.expressions.operators import add
from workflows.language.expressions.values import (
    MISSING,
    NUMBERS,
    compact_json,
    equal,
    kind_of,
    order_key,
    text_of,
    want_list,
    want_text,
)

__all__ = [
    "first",
    "join",
    "last",
    "length",
    "map_items",
    "maximum",
    "minimum",
    "reject",
    "reverse",
    "select",
    "slices",
    "sort",
    "total",
    "unique",
]

MOST_SLICES = 10_000
NAMELESS: Final = frozenset({str, int, float, bool, type(None), list})
SLOWER = 3  # times as long as over texts or numbers alone


def _paid(value: Any, budget: Budget) -> list[Any]:
    items = want_list(value, "this")
    budget.charge_items(len(items))
    return items


def _steps(attribute: Any) -> list[Any]:
    """Return the keys of *attribute*, a key or several joined by dots."""
    keys: list[Any] = attribute.split(".") if isinstance(attribute, str) else [attribute]
    return [int(key) if isinstance(key, str) and key.isdecimal() else key for key in keys]


def _taken(items: list[Any], key: Any) -> list[Any]:
    """Look *key* up in each of *items*; what is no map holds nothing under a name."""
    if type(key) is not str:
        return [find(each, key) for each in items]
    return [
        each.get(key, MISSING)
        if type(each) is dict
        else (MISSING if type(each) in NAMELESS else find(each, key))
        for each in items
    ]


def _picked(items: list[Any], attribute: Any, default: Any = MISSING) -> list[Any]:
    if attribute is None:
        return items
    picked = items
    for key in _steps(attribute):
        picked = _taken(picked, key)
    if MISSING in picked:
        if default is MISSING:
            raise MissingValue(f"item {picked.index(MISSING)} has no `{str(attribute)[:100]}`")
        picked = [default if each is MISSING else each for each in picked]
    return picked


def length(value: Any, _budget: Budget) -> int:
    """Count the characters of a text, the items of a list, the keys of a map."""
    if isinstance(value, str | list | Mapping):
        return len(value)
    raise ExpressionFailed(f"{kind_of(value)} has no length")


def first(value: Any, _budget: Budget) -> Any:
    """Take the first item or character; an empty value has none, and that is an error."""
    return _end(value, 0)


def last(value: Any, _budget: Budget) -> Any:
    """Take the last item or character; an empty value has none, and that is an error."""
    return _end(value, -1)


def _end(value: Any, index: int) -> Any:
    if not isinstance(value, str | list):
        raise ExpressionFailed(f"{kind_of(value)} has no first and last")
    if not value:
        raise ExpressionFailed("this is empty, so it has no first and last")
    return value[index]


def join(value: Any, budget: Budget, *, separator: Any = "", attribute: Any = None) -> Any:
    """Join the items into one text."""
    items = _picked(_paid(value, budget), attribute)
    between = want_text(separator, "`separator`")
    texts = items if set(map(type, items)) == {str} else [text_of(each, budget) for each in items]
    if any(isinstance(text, SECRETS) for text in texts):
        spaced = [piece for text in texts for piece in (between, text)]
        return join_secret(spaced[1:])
    size = sum(map(len, texts)) + len(between) * max(len(texts) - 1, 0)
    check_length(size)
    budget.charge_text(size)
    return check_text(between.join(texts))


def reverse(value: Any, budget: Budget) -> Any:
    """Turn a list or a text around."""
    if isinstance(value, str):
        budget.charge_text(len(value))
        return value[::-1]
    return _paid(value, budget)[::-1]


def _keys(items: list[Any], attribute: Any, case_sensitive: Any, budget: Budget) -> list[Any]:
    """Return what *items* are ordered by; as in Jinja, capitals count only where asked for."""
    fields = _picked(items, attribute)
    weigh(fields, budget)
    kinds = set(map(type, fields))
    if kinds == {str}:
        budget.charge_items(len(items))  # texts take twice as long to compare as numbers
        return fields if case_sensitive else list(map(str.lower, fields))
    if kinds <= NUMBERS:
        return fields
    budget.charge_items(len(items) * SLOWER)
    keys = [order_key(each) for each in fields]
    if not case_sensitive:
        keys = [each.lower() if isinstance(each, str) else each for each in keys]
    return keys


def _in_order(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except TypeError:
        raise ExpressionFailed("these values are of different types and have no order") from None


def sort(
    value: Any,
    budget: Budget,
    *,
    reverse: Any = False,
    case_sensitive: Any = False,
    attribute: Any = None,
) -> list[Any]:
    """Sort numbers, texts or lists of them; equal ones keep their order."""
    items = _paid(value, budget)
    keys = _keys(items, attribute, case_sensitive, budget)
    order = _in_order(
        lambda: sorted(range(len(items)), key=keys.__getitem__, reverse=bool(reverse))
    )
    return [items[index] for index in order]


def minimum(
    value: Any, budget: Budget, *, case_sensitive: Any = False, attribute: Any = None
) -> Any:
    """Take the least number or text; an empty list has none, and that is an error."""
    return _extreme(min, value, budget, case_sensitive, attribute)


def maximum(
    value: Any, budget: Budget, *, case_sensitive: Any = False, attribute: Any = None
) -> Any:
    """Take the greatest number or text; an empty list has none, and that is an error."""
    return _extreme(max, value, budget, case_sensitive, attribute)


def _extreme(choose: Any, value: Any, budget: Budget, case_sensitive: Any, attribute: Any) -> Any:
    items = _paid(value, budget)
    if not items:
        raise ExpressionFailed("this list is empty, so it has no least and no greatest")
    keys = _keys(items, attribute, case_sensitive, budget)
    return items[_in_order(lambda: choose(range(len(items)), key=keys.__getitem__))]


def unique(
    value: Any, budget: Budget, *, case_sensitive: Any = False, attribute: Any = None
) -> list[Any]:
    """Keep the first of those that are equal; as in Jinja, capitals count only where asked for."""
    items = _paid(value, budget)
    budget.charge_items(2 * len(items))  # to know them again takes twice as long as to walk
    kept: dict[Any, Any] = {}
    identities = _identities(_picked(items, attribute), budget, fold=not case_sensitive)
    for item, key in zip(items, identities, strict=True):
        kept.setdefault(key, item)
    return list(kept.values())


def _identities(values: list[Any], budget: Budget, *, fold: bool) -> Iterable[Any]:
    """Return something for each of *values* that is the same exactly where they are equal."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return map(str.lower, values) if fold else values
    if kinds <= NUMBERS:
        return values
    budget.charge_items(len(values) * SLOWER)
    return [_identity(each, budget, fold=fold) for each in values]


def _identity(value: Any, budget: Budget, *, fold: bool) -> Any:
    if isinstance(value, str):
        return ("text", value.lower() if fold else value)
    if isinstance(value, list | dict):
        return ("json", compact_json(value, budget))
    return (isinstance(value, bool), value)


def map_items(value: Any, budget: Budget, *, attribute: Any, default: Any = MISSING) -> list[Any]:
    """Take one field of each item; *default* stands for a field that is not there."""
    return _picked(_paid(value, budget), attribute, default)


def select(items: Any, budget: Budget, *, attribute: Any, value: Any = MISSING) -> list[Any]:
    """Keep the items whose field has this value; without a value, those where it is truthy."""
    return _chosen(items, budget, attribute, value, keep=True)


def reject(items: Any, budget: Budget, *, attribute: Any, value: Any = MISSING) -> list[Any]:
    """Leave out the items that ``select`` would keep."""
    return _chosen(items, budget, attribute, value, keep=False)


def _chosen(value: Any, budget: Budget, attribute: Any, wanted: Any, *, keep: bool) -> list[Any]:
    items = _paid(value, budget)
    fields = _picked(items, attribute)
    return [
        item
        for item, field in zip(items, fields, strict=True)
        if (bool(field) if wanted is MISSING else equal(field, wanted, budget)) is keep
    ]


def total(value: Any, budget: Budget, *, attribute: Any = None, start: Any = 0) -> Any:
    """Add up numbers."""
    result = start
    for each in _picked(_paid(value, budget), attribute):
        if isinstance(each, str | list):
            raise ExpressionFailed(f"only numbers add up, not {kind_of(each)}")
        result = add(result, each, budget)
    return result


def slices(value: Any, budget: Budget, *, slices: Any, fill_with: Any = None) -> list[list[Any]]:
    """Deal the items into *slices* lists of about the same length, in order."""
    items = _paid(value, budget)
    if type(slices) is not int or not 1 <= slices <= MOST_SLICES:
        raise ExpressionFailed(f"`slices` is a whole number from 1 to {MOST_SLICES:,}")
    budget.charge_items(slices)
    share, longer = divmod(len(items), slices)
    dealt, start = [], 0
    for index in range(slices):
        end = start + share + (index < longer)
        part = items[start:end]
        if fill_with is not None and index >= longer:
            part.append(fill_with)
        dealt.append(part)
        start = end
    return dealt

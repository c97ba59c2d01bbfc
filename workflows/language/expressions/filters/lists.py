"""Filters on lists, and on what has a length or an order."""

from collections.abc import Callable, Mapping
from typing import Any

from workflows.language.expressions.errors import ExpressionFailed, MissingValue
from workflows.language.expressions.handles import Secret, SecretText, join_secret
from workflows.language.expressions.limits import Budget, check_length, check_text, weigh
from workflows.language.expressions.lookups import find
from workflows.language.expressions.operators import add
from workflows.language.expressions.values import (
    MISSING,
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


def _paid(value: Any, budget: Budget) -> list[Any]:
    items = want_list(value, "this")
    budget.charge_items(len(items))
    return items


def pick(item: Any, attribute: Any) -> Any:
    """Return what *item* holds under *attribute*, a key or several joined by dots."""
    keys: list[Any] = attribute.split(".") if isinstance(attribute, str) else [attribute]
    for key in keys:
        item = find(item, int(key) if isinstance(key, str) and key.isdecimal() else key)
        if item is MISSING:
            break
    return item


def _picked(items: list[Any], attribute: Any, default: Any = MISSING) -> list[Any]:
    if attribute is None:
        return items
    picked = [pick(item, attribute) for item in items]
    if any(each is MISSING for each in picked):
        if default is MISSING:
            at = next(index for index, each in enumerate(picked) if each is MISSING)
            raise MissingValue(f"item {at} has no `{str(attribute)[:100]}`")
        picked = [default if each is MISSING else each for each in picked]
    return picked


def length(value: Any, _budget: Budget) -> int:
    """Count the characters of a text, the items of a list, the keys of a map."""
    if isinstance(value, str | list | Mapping):
        return len(value)
    raise ExpressionFailed(f"{kind_of(value)} has no length")


def first(value: Any, _budget: Budget) -> Any:
    return _end(value, 0)


def last(value: Any, _budget: Budget) -> Any:
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
    texts = [text_of(item, budget) for item in items]
    if any(isinstance(text, Secret | SecretText) for text in texts):
        spaced = [piece for text in texts for piece in (between, text)]
        return join_secret(spaced[1:])
    size = sum(map(len, texts)) + len(between) * max(len(texts) - 1, 0)
    check_length(size)
    budget.charge_text(size)
    return check_text(between.join(texts))


def reverse(value: Any, budget: Budget) -> Any:
    if isinstance(value, str):
        budget.charge_text(len(value))
        return value[::-1]
    return _paid(value, budget)[::-1]


def _keys(items: list[Any], attribute: Any, case_sensitive: Any, budget: Budget) -> list[Any]:
    """Return what *items* are ordered by; as in Jinja, capitals count only where asked for."""
    fields = _picked(items, attribute)
    weigh(fields, budget)
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
    return _extreme(min, value, budget, case_sensitive, attribute)


def maximum(
    value: Any, budget: Budget, *, case_sensitive: Any = False, attribute: Any = None
) -> Any:
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
    seen: set[Any] = set()
    kept = []
    for item, compared in zip(items, _picked(items, attribute), strict=True):
        key = _identity(compared, budget, fold=not case_sensitive)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _identity(value: Any, budget: Budget, *, fold: bool) -> Any:
    if isinstance(value, str):
        return ("text", value.lower() if fold else value)
    if isinstance(value, list | dict):
        return ("json", compact_json(value, budget, sort_keys=True))
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

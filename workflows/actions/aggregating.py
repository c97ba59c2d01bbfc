"""`data.aggregate`: one line for each group of a list, and one for all of it."""

import json
from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, JsonValue

from baton.connector import ActionContext, Failed, Params, action
from workflows.actions.per_item import ItemExpression, OfItems, each_item
from workflows.language.scalars import Slug

__all__ = ["aggregate"]

Way = Literal["sum", "mean", "min", "max", "count", "first", "last", "list", "unique"]
OWN: Final = ("key", "count")


class Measure(Params):
    of: ItemExpression = Field(
        description="What is measured of an item: an expression without braces.",
        examples=["item.price"],
    )
    as_: Way = Field(
        alias="as",
        description="How the values of a group become one; `count` counts those that hold. Null "
        "is left out, except of `list`.",
    )


def _free(names: dict[str, Measure]) -> dict[str, Measure]:
    taken = [name for name in OWN if name in names]
    if taken:
        raise ValueError(f"every group has `{taken[0]}` by itself; choose another name")
    return names


class Aggregate(OfItems):
    by: ItemExpression | None = Field(
        None,
        description="What items of one group have in common: an expression without braces. Left "
        "out, all items are one group.",
        examples=["item.category"],
    )
    measures: Annotated[dict[Slug, Measure], AfterValidator(_free)] = Field(
        default_factory=dict,
        description="What is worked out for each group, by name.",
        examples=[{"total": {"of": "item.price", "as": "sum"}}],
    )


class Aggregated(BaseModel):
    groups: list[dict[str, JsonValue]] = Field(
        description="A map for each group: `key`, `count` and the measures. In the order in which "
        "the keys came up."
    )
    all: dict[str, JsonValue] = Field(description="The same for all items together, without a key.")


@action("data.aggregate", repeatable=True, pure=True)
async def aggregate(params: Aggregate, ctx: ActionContext) -> Aggregated:  # noqa: ARG001 - it touches nothing
    """Group a list and work out sums, means and the like for each group and for all of it.

    Of no values a sum and a count are 0, a list is empty and the rest is null.
    """
    sources = [params.by or "none", *(each.of for each in params.measures.values())]
    rows = [found async for _, found in each_item(params, sources)]
    groups: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault(json.dumps(row[0], sort_keys=True), []).append(row)
    return Aggregated(
        groups=[{"key": of[0][0], **_measured(params.measures, of)} for of in groups.values()],
        all=_measured(params.measures, rows),
    )


def _measured(measures: Mapping[str, Measure], rows: list[tuple[Any, ...]]) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = {"count": len(rows)}
    for number, (name, measure) in enumerate(measures.items(), 1):
        values = [row[number] for row in rows]
        try:
            made[name] = _one(measure.as_, values)
        except (TypeError, ValueError, OverflowError):
            raise Failed(
                f"measures.{name}: its values have no {measure.as_}; they must be numbers",
                type="expression",
            ) from None
    return made


def _one(way: Way, values: list[Any]) -> Any:
    if way == "list":
        return values
    if way == "count":
        return sum(map(bool, values))
    there = [value for value in values if value is not None]
    return WAYS[way](there)


def _numbers(values: list[Any]) -> list[Any]:
    if not all(type(value) in (int, float) for value in values):
        raise TypeError("not a number")
    return values


def _of_one_kind(values: list[Any]) -> list[Any]:
    return values if all(isinstance(value, str) for value in values) else _numbers(values)


def _unique(values: list[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(json.dumps(value, sort_keys=True), value)
    return list(found.values())


WAYS: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "sum": lambda values: sum(_numbers(values)),
    "mean": lambda values: fmean(_numbers(values)) if values else None,
    "min": lambda values: min(_of_one_kind(values), default=None),
    "max": lambda values: max(_of_one_kind(values), default=None),
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "unique": _unique,
}

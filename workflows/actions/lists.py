"""`data.transform`, `data.filter`, `data.sort`: a new list from another, item by item."""

from functools import cmp_to_key, partial
from typing import Any, TypeAlias

from pydantic import BaseModel, Field, JsonValue

from baton.connector import ActionContext, Failed, action
from workflows.actions.per_item import ItemExpression, OfItems, each_item

__all__ = ["filter_", "sort", "transform"]

Keyed: TypeAlias = tuple[tuple[Any, ...], Any]  # what an item is sorted by, and the item


class Made(BaseModel):
    items: list[JsonValue] = Field(description="The new list.")
    count: int = Field(description="How many items it has.")


class Transform(OfItems):
    to: ItemExpression | dict[str, ItemExpression] = Field(
        description="What becomes of an item: an expression over `item`, `index` and `values`, "
        "without braces, or a map of them.",
        examples=[{"id": "item.id", "total": "item.price * item.count"}],
    )
    where: ItemExpression | None = Field(
        None,
        description="Which items are taken; the others are left out.",
        examples=["item.count > 0"],
    )


@action("data.transform", repeatable=True, pure=True)
async def transform(params: Transform, ctx: ActionContext) -> Made:  # noqa: ARG001 - it touches nothing
    """Make a new list, item by item. An expression without a value fails the step."""
    to = params.to if isinstance(params.to, dict) else {"": params.to}
    made: list[Any] = []
    kept = OfItems(items=params.items, values=params.values)
    if params.where is not None:
        taken = [item async for item, (holds,) in each_item(kept, [params.where]) if holds]
        kept = OfItems.model_construct(items=taken, values=params.values)
    async for _, found in each_item(kept, list(to.values())):
        made.append(dict(zip(to, found, strict=True)) if isinstance(params.to, dict) else found[0])
    return Made(items=made, count=len(made))


class Filter(OfItems):
    where: ItemExpression = Field(
        description="Which items stay: an expression over `item`, `index` and `values`, without "
        "braces.",
        examples=["item.failed == 0 and item.branch in values.branches"],
    )


class Kept(Made):
    left_out: int = Field(description="How many items are not in it.")


@action("data.filter", repeatable=True, pure=True)
async def filter_(params: Filter, ctx: ActionContext) -> Kept:  # noqa: ARG001 - as above
    """Keep the items for which the expression holds, in their order."""
    items = [item async for item, (holds,) in each_item(params, [params.where]) if holds]
    return Kept(items=items, count=len(items), left_out=len(params.items) - len(items))


class Sort(OfItems):
    by: ItemExpression | list[ItemExpression] = Field(
        "item",
        description="What is compared: an expression over `item`, `index` and `values`, without "
        "braces, or a list of them; a later one counts where those before it are equal.",
        examples=[["item.category", "item.price"]],
    )
    descending: bool = Field(default=False, description="Whether the greatest comes first.")


@action("data.sort", repeatable=True, pure=True)
async def sort(params: Sort, ctx: ActionContext) -> Made:  # noqa: ARG001 - as above
    """Sort a list. Equal items keep their order; null comes last, however it is sorted."""
    by = params.by if isinstance(params.by, list) else [params.by]
    keyed = [(keys, item) async for item, keys in each_item(params, by)]
    sign = -1 if params.descending else 1
    keyed.sort(key=cmp_to_key(partial(_compare, sign)))
    return Made(items=[item for _, item in keyed], count=len(keyed))


def _compare(sign: int, one: Keyed, other: Keyed) -> int:
    for a, b in zip(one[0], other[0], strict=True):
        absent = (a is None) - (b is None)
        order = absent if a is None or b is None else sign * _order(a, b)
        if order:
            return order
    return 0


def _order(a: Any, b: Any) -> int:
    numbers = all(type(each) in (int, float) for each in (a, b))
    if not numbers and not (isinstance(a, str) and isinstance(b, str)):
        kinds = " and ".join(sorted({_kind(a), _kind(b)}))
        raise Failed(
            f"by gives {kinds}, which have no order: it must be numbers throughout, or texts",
            type="expression",
        )
    return int(a > b) - int(a < b)


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "a map")

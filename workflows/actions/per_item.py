"""Expressions that an action asks of every item of a list. They see the item and what it is given."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, JsonValue

from baton.connector import Failed, Params
from workflows.language.expressions import ExpressionError, compile_expression

__all__ = ["ItemExpression", "Items", "OfItems", "each_item"]

NAMES: Final = ("item", "index", "values")
MOST: Final = 100_000
TURN: Final = 200  # items between two moments in which others may go on


def _known(source: str) -> str:
    """Refuse what is no expression over an item; a definition is refused for it at load."""
    try:
        compile_expression(source, names=NAMES)
    except ExpressionError as error:
        raise ValueError(str(error)) from None
    return source


ItemExpression = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_known)]
Items = Annotated[list[JsonValue], Field(max_length=MOST)]


class OfItems(Params):
    """What every action on a list takes."""

    items: Items = Field(
        description="The list, of at most 100,000 items.",
        examples=["{{ steps.fetch.output.json }}"],
    )
    values: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="What the expressions may use beside the item, as `values.<name>`.",
        examples=[{"least": "{{ inputs.least }}"}],
    )


async def each_item(
    params: OfItems, sources: Sequence[str]
) -> AsyncIterator[tuple[Any, tuple[Any, ...]]]:
    """Yield every item with what the expressions *sources* give for it.

    Raises:
        Failed: of type ``expression``, naming the item; nothing is taken for false or empty.
    """
    compiled = [compile_expression(source, names=NAMES) for source in sources]
    for index, item in enumerate(params.items):
        if index % TURN == TURN - 1:
            await asyncio.sleep(0)  # noqa: TID251 - no time passes; others get their turn
        names = {"item": item, "index": index, "values": params.values}
        try:
            found = tuple(expression(names) for expression in compiled)
        except ExpressionError as error:
            raise Failed(f"items[{index}]: {error}", type="expression") from None
        yield item, found

"""An action is called with plain JSON and answers with plain JSON."""

import pytest
from pydantic import BaseModel, Field

from baton.connector import ActionContext, Params, Result, action
from tests.workflows.actions.fakes import Context
from workflows.actions.calling import InvalidParams, call


class Order(Params):
    count: int = Field(ge=1)
    to: str


class Receipt(BaseModel):
    number_: int = Field(alias="number")


@action("shop.buy", repeatable=False)
async def buy(params: Order, ctx: ActionContext) -> Receipt:
    return Receipt(number=params.count)


@action("shop.tell", repeatable=True)
async def tell(params: Params, ctx: ActionContext) -> Result:
    return Result({"ok": True}, ("a notice",))


async def test_a_model_becomes_plain_json_under_its_own_names(ctx: Context) -> None:
    assert await call(buy, {"count": 2, "to": "x"}, ctx) == Result({"number": 2})


async def test_notices_come_along_with_the_output(ctx: Context) -> None:
    assert await call(tell, {}, ctx) == Result({"ok": True}, ("a notice",))


async def test_what_does_not_fit_is_named_and_its_value_is_not(ctx: Context) -> None:
    with pytest.raises(InvalidParams) as caught:
        await call(buy, {"count": 0, "to": "x", "s3cret-key": "s3cret-value"}, ctx)
    assert "count: Input should be greater than or equal to 1" in str(caught.value)
    assert "s3cret-value" not in str(caught.value)

"""An action is called with plain JSON and answers with plain JSON."""

from typing import Any, Literal

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
    assert "`count` must be at least 1" in str(caught.value)
    assert "there is no key `s3cret-key` here" in str(caught.value)
    assert "s3cret-value" not in str(caught.value)


class Batch(Params):
    argv: list[str] = Field(default=[], max_length=100)
    how: Literal["now", "later"] = "now"
    many: int = 1
    also: str | dict[str, str] = ""
    inner: Order | None = None


@action("shop.run", repeatable=True)
async def run(params: Batch, ctx: ActionContext) -> str:
    return "done"


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"argv": ["a", 7]}, "params.argv[1]: an entry of `argv` must be text, not a number"),
        (
            {"argv": ["{{ x }}", None]},
            "params.argv[1]: an entry of `argv` must be text, not nothing",
        ),
        ({"argv": "s3cret"}, "`argv` must be a list, not text"),
        ({"how": "s3cret"}, "`how` must be `now` or `later`, not another text"),
        ({"many": 1.5}, "`many` must be a whole number, not one with a fraction"),
        ({"many": "{{ s3cret }}"}, "`many` must be a whole number, not text"),
        ({"also": 7}, "`also` must be text or a map, not a number"),
        ({"inner": {"count": 1}}, "params.inner.to: `inner` needs the key `to`"),
        (["s3cret"], "`params` must be a map, not a list"),
    ],
)
async def test_it_is_said_as_the_checks_of_a_file_say_it(
    ctx: Context, params: Any, sentence: str
) -> None:
    with pytest.raises(InvalidParams) as caught:
        await call(run, params, ctx)

    assert str(caught.value) == sentence


async def test_of_many_problems_the_first_are_said(ctx: Context) -> None:
    with pytest.raises(InvalidParams) as caught:
        await call(run, {"argv": [None] * 5000}, ctx)

    assert str(caught.value).count("must be text") <= 10
    assert " more" in str(caught.value)

"""Calls an action: plain JSON in, plain JSON out, whatever models it has inside."""

from typing import Any

from pydantic import BaseModel, ValidationError

from baton.connector import Action, ActionContext, Result
from baton.errors import BatonError
from workflows.language.catalogue import ActionSpec
from workflows.language.checks.params import misfits

__all__ = ["InvalidParams", "call", "check_params"]

MOST = 10  # problems in one sentence


class InvalidParams(BatonError):
    """The params of a step do not fit the model of its action; their values are not repeated here."""


async def call(verb: Action, params: Any, ctx: ActionContext) -> Result[Any]:
    """Check *params*, perform *verb*, and return its output with what it tells others.

    Raises:
        InvalidParams: nothing was performed.
        Exception: whatever the action raises.
    """
    given = await verb.call(check_params(verb, params), ctx)
    if not isinstance(given, Result):
        return Result(_plain(given))
    then = given.when_sent
    later = None if then is None else lambda sent: _plain(then(sent))
    return Result(_plain(given.output), given.notices, later)


def check_params(verb: ActionSpec, params: Any) -> Any:
    """Return *params* as the model of *verb* has them.

    Raises:
        InvalidParams: they do not fit it.
    """
    try:
        return verb.params.model_validate(params)
    except ValidationError as error:
        raise InvalidParams(_sentence(verb, params, error)) from None


def _plain(output: Any) -> Any:
    if isinstance(output, BaseModel):
        return output.model_dump(mode="json", by_alias=True)
    return output


def _sentence(verb: ActionSpec, params: Any, error: ValidationError) -> str:
    found = misfits(verb.params, error, params)
    more = f"; and {len(found) - MOST} more" if len(found) > MOST else ""
    return "; ".join(found[:MOST]) + more

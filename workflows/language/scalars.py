"""The plain values of a file that are more than text: durations and names."""

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.slugs import SLUG, WORKFLOW_NAME, check_slug, check_workflow_name

__all__ = ["Delay", "Duration", "Slug", "WorkflowName"]


def _duration(value: Any) -> Any:
    return _read_duration(value, zero=False)


def _delay(value: Any) -> Any:
    return _read_duration(value, zero=True)


def _read_duration(value: Any, *, zero: bool) -> Any:
    if isinstance(value, timedelta):
        return value
    if type(value) in (int, float):
        value = str(value)
    if not isinstance(value, str):
        raise PydanticCustomError("duration", "must be a duration, as `10s` or `1h30m`")
    try:
        return parse_duration(value, zero=zero)
    except InvalidDuration as error:
        facts = {"reason": error.message, "hint": error.hint}
        raise PydanticCustomError("duration", "{reason}", facts) from None


DURATION: Final = {
    "type": "string",
    "pattern": r"^(P[0-9WDTHMS.]+|([0-9]+(ms|[wdhms]))+)$",
    "examples": ["10s", "5m", "1h30m", "PT5M"],
}
Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema(DURATION)]
Delay = Annotated[timedelta, BeforeValidator(_delay), WithJsonSchema(DURATION)]
Slug = Annotated[
    str,
    AfterValidator(check_slug),
    WithJsonSchema({"type": "string", "pattern": f"^{SLUG.pattern}$"}),
]
WorkflowName = Annotated[
    str,
    AfterValidator(check_workflow_name),
    WithJsonSchema({"type": "string", "pattern": f"^{WORKFLOW_NAME.pattern}$"}),
]

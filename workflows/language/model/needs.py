"""The models of how steps hang together, and of how often one is tried."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from workflows.language.parts import Expression, Line, Part, shape
from workflows.language.scalars import Delay, Duration

__all__ = ["AnyOf", "Edge", "Needs", "Retry", "WrittenRetry"]

MOST_ATTEMPTS = 1_000


class Edge(Part):
    """A step that another waits for."""

    step: Line
    """The id of a step of the same list."""
    on: Literal["success", "failure", "always"] | None = None
    """How it must have ended. `success` is completed, `failure` is failed, and handles the failure;
    `always` is any end."""
    if_: Expression | None = Field(None, alias="if")
    """Taken if this holds when the step has ended."""

    @model_validator(mode="after")
    def _one_rule(self) -> "Edge":
        if self.on is not None and self.if_ is not None:
            raise PydanticCustomError("exclusive", "an edge has `on` or `if`, not both")
        return self


def _edge(value: Any) -> Any:
    return {"step": value} if isinstance(value, str) else value


WrittenEdge = Annotated[Edge, BeforeValidator(_edge, json_schema_input_type=str | Edge)]


class AnyOf(Part):
    """The step starts with the first of these edges that holds."""

    any: list[WrittenEdge] = Field(min_length=1)
    """The edges."""


Needs = Annotated[
    Annotated[list[WrittenEdge], Tag("<list>")] | Annotated[AnyOf, Tag("<map>")],
    Discriminator(shape),
]


class Retry(Part):
    """When a failed attempt is followed by another."""

    attempts: int = Field(ge=1, le=MOST_ATTEMPTS)
    """All attempts, the first one too."""
    delay: Delay = timedelta(seconds=1)
    """The pause before the second attempt."""
    backoff: float = Field(2.0, ge=1, le=10)
    """Each pause is this many times the one before."""
    max_delay: Duration = timedelta(minutes=5)
    """No pause is longer than this."""
    jitter: float = Field(0.0, ge=0, le=1)
    """The part of a pause that is left to chance."""
    on: list[Line] | None = Field(None, min_length=1)
    """After which errors: `not_started`, `failed`, `timeout`, or types of errors. Unless it is
    given: all, where the step may be repeated, and `not_started` elsewhere."""
    if_: Expression | None = Field(None, alias="if")
    """Asked as well; it sees `error` and `attempt`."""


def _attempts(value: Any) -> Any:
    return {"attempts": value} if type(value) is int else value


WrittenRetry = Annotated[Retry, BeforeValidator(_attempts, json_schema_input_type=int | Retry)]

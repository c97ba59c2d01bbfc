"""The models of the two verbs that wait: for a time, and for an event or a signal."""

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from workflows.language.parts import Expression, Json, Line, Part, shape
from workflows.language.scalars import Duration

__all__ = ["Correlate", "Until", "Wait", "WaitFor"]


class Until(Part):
    """Wait for a time."""

    until: Line = Field(examples=["2026-03-02T09:00:00+01:00", "{{ inputs.start_at }}"])
    """A time with its offset, or a template that gives one."""


Wait = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[Until, Tag("<map>")], Discriminator(shape)
]

Correlate = Annotated[
    Annotated[Line, Tag("<text>")]
    | Annotated[dict[str, Json], Field(min_length=1, max_length=8), Tag("<map>")],
    Discriminator(shape),
]


class WaitFor(Part):
    """Wait for an event or a signal: one that comes, or one that came since the run started."""

    of_events: ClassVar[tuple[str, ...]] = ("where", "correlate", "since")
    """The keys that go with `event` only."""

    event: Line | None = Field(None, examples=["test.completed", "deploy.ended", "github.push"])
    """The name of the event; `*` stands for one part."""
    signal: Line | None = Field(None, max_length=200, examples=["go_on"])
    """The name of a signal: what somebody sends to this run. Early ones are kept."""
    where: Expression | None = None
    """Which events, by an expression over `event` and the names of the run."""
    correlate: Correlate | None = Field(
        None, examples=[{"run": "{{ run.id }}"}, {"sha": "{{ inputs.sha }}"}]
    )
    """What the event must hold, by field, as templates over the run; a text is one of its keys."""
    since: Literal["start", "now"] = "start"
    """Whether an event counts that came before the step began, since the run started."""
    timeout: Duration | None = None
    """How long to wait; for ever, unless it is given."""
    on_timeout: Literal["fail", "continue"] = "fail"
    """`continue` goes on without it: the output is null then."""

    @model_validator(mode="after")
    def _one_kind(self) -> "WaitFor":
        if self.event is not None and self.signal is not None:
            raise PydanticCustomError("exclusive", "either `event` or `signal` is waited for")
        return self

"""The models of the two verbs that wait: for a time, and for an event."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from workflows.language.parts import Expression, Json, Line, Part, shape
from workflows.language.scalars import Duration

__all__ = ["Correlate", "Until", "Wait", "WaitFor"]


class Until(Part):
    """Wait for a time."""

    until: Line = Field(examples=["2026-03-02T09:00:00+01:00", "{{ inputs.start_at }}"])


Wait = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[Until, Tag("<map>")], Discriminator(shape)
]

Correlate = Annotated[
    Annotated[Line, Tag("<text>")]
    | Annotated[dict[str, Json], Field(min_length=1, max_length=8), Tag("<map>")],
    Discriminator(shape),
]


class WaitFor(Part):
    """Wait for an event: one that comes, or one that came since the run started."""

    later = frozenset({"signal"})
    event: Line | None = Field(None, examples=["test.completed", "deploy.ended", "github.push"])
    """The name of the event; `*` stands for one part."""
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
    """`continue` goes on without the event: the output is null then."""

"""The models of a question to people: what is shown, who is asked, and what comes if nobody answers."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from workflows.language.parts import Json, Line, Part, shape
from workflows.language.scalars import Duration, Slug

__all__ = ["Approval", "Escalation", "Shown"]


class Shown(Part):
    """A file to look at before deciding: as it is, or as a diff."""

    file: Line | None = Field(None, examples=["plan.txt", "{{ run.folder }}/report.md"])
    """A text file, relative to BATON_ROOT, as it is when people are asked."""
    diff: Line | None = None
    """The same, for a file that is a diff."""

    @model_validator(mode="after")
    def _one(self) -> "Shown":
        if (self.file is None) == (self.diff is None):
            raise PydanticCustomError("exclusive", "either `file` or `diff` says what is shown")
        return self


class Escalation(Part):
    """Who is asked as well when nobody has answered for so long."""

    after: Duration
    """How long after people were asked."""
    to: list[Line] | Line = Field(min_length=1)
    """`<@U…>`, `@handle`, `@group` or `role:NAME`."""


Something = Annotated[
    Annotated[Line, Tag("<text>")] | Annotated[Shown, Tag("<map>")], Discriminator(shape)
]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Reminders = Annotated[
    list[Duration],
    BeforeValidator(_listed, json_schema_input_type=Duration | list[Duration]),
    Field(min_length=1, max_length=10),
]


class Approval(Part):
    """A question to people."""

    title: Line
    """The question, in a line."""
    description: str | None = None
    """More about it, below the title."""
    show: list[Something] | None = None
    """What to look at before deciding: texts, and files as `{file: path}` or `{diff: path}`."""
    covers: list[Line] | None = None
    """The action steps that run exactly as shown; otherwise those directly behind it."""
    approvers: list[Line] | Line | None = None
    """Who is asked: `<@U…>`, `@handle`, `@group`, `role:NAME` or `source:NAME`; those of the
    settings, unless it is given."""
    quorum: int = Field(1, ge=1, le=100)
    """How many different people must give the same answer. One reject ends it."""
    decisions: list[Slug] = Field(["approve", "reject"], min_length=1, max_length=10)
    """What can be answered. Any but `reject` completes the step, and rejecting is always
    possible."""
    answer: Literal["choice", "text"] = "choice"
    """Whether people choose, or write a text."""
    require_reason: Literal["reject", "always", "never"] = "reject"
    """Who must say why: whoever rejects, everybody, or nobody."""
    allow_self: bool = False
    """Whether whoever started the run may decide."""
    remind: Reminders | None = None
    """How long after it was asked those who have not answered are reminded."""
    escalate: list[Escalation] | None = Field(None, min_length=1, max_length=5)
    """Who may answer as well, and after how long."""
    timeout: Duration | None = None
    """How long people have; for ever, unless it is given."""
    on_timeout: Line = "reject"
    """What it means if nobody answers in time: `reject`, `fail` (the error is `expired` then), or
    one of the decisions."""
    channel: Line | None = None
    """Where they are asked; in the thread of the run, unless it is given."""

    def written(self, key: str) -> Json:
        """Return what stands behind *key* as plain values: what templates are looked for in."""
        value = getattr(self, key)
        if key == "show" and value is not None:
            return [_plain(each) for each in value]
        if key == "escalate" and value is not None:
            return [{"to": each.to} for each in value]
        return value


def _plain(shown: str | Shown) -> Json:
    return shown if isinstance(shown, str) else shown.model_dump(exclude_none=True)

"""The models of a workflow file. They give the check of its shape, its JSON Schema and its help.

What a shape cannot say (that a step exists, that an expression can be read) stands in `checks`.
Keys that the language has and this version does not are listed as ``later``.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from workflows.language.asking import Approval
from workflows.language.parts import Expression, Json, Line, Part, shape
from workflows.language.scalars import Delay, Duration, Slug, WorkflowName
from workflows.language.waiting import Until, Wait, WaitFor

__all__ = [
    "AnyOf",
    "Approval",
    "Edge",
    "Head",
    "Input",
    "Item",
    "Needs",
    "Part",
    "Retry",
    "Settings",
    "Step",
    "Trigger",
    "Until",
    "WaitFor",
    "Workflow",
]

Notify = Literal["all", "milestones", "attention", "none"]
InputType = Literal["string", "integer", "number", "boolean", "array", "object"]
MOST_ATTEMPTS = 1_000


def _without_own_keys(value: Any) -> Any:
    """Leave out the ``x-*`` keys, which belong to other programs."""
    if isinstance(value, Mapping):
        return {k: v for k, v in value.items() if not (isinstance(k, str) and k.startswith("x-"))}
    return value


class Item(Part):
    """What the items of a list, or an input, may be."""

    later = frozenset({"secret"})
    type: InputType
    description: str | None = None
    enum: list[Json] | None = Field(None, min_length=1)
    """The only values it may have."""
    pattern: str | None = None
    """A pattern that text must match somewhere; linear-time patterns only."""
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = Field(None, ge=0)
    """Characters of text, items of a list."""
    max_length: int | None = Field(None, ge=0)
    """Characters of text, items of a list."""
    items: "Item | None" = None
    """What the items of a list are."""


class Input(Item):
    """A value that a run is started with."""

    default: Json = None
    required: bool = False


class Trigger(Part):
    """When an event like this is stored, a run starts."""

    later = frozenset(
        [
            "schedule",
            "every",
            "timezone",
            "catch_up",
            "jitter",
            "file",
            "changes",
            "debounce",
            "workflow",
            "status",
            "webhook",
            "on",
            "secret",
            "slack",
            "record",
            "all_of",
            "within",
            "correlate",
            "absence",
        ]
    )
    event: Line | None = Field(None, examples=["process.completed", "test.failed", "github.push"])
    """The name of the event; `*` stands for one part."""
    source: Line | None = None
    """Only events of this source."""
    where: Expression | None = None
    """Which events, by an expression over `trigger`."""
    inputs: dict[str, Json] = Field(default_factory=dict)
    """The inputs of the run, as templates over `trigger`."""
    id: Slug | None = None
    """Its name; its place in the list, from 0, unless it has one."""
    enabled: bool = True


class Settings(Part):
    """Rules for all runs of the workflow."""

    later = frozenset({"concurrency", "max_runs_per_hour", "priority"})
    timeout: Duration | None = None
    """How long a run may take, pauses not counted."""
    start_by: list[Line] | None = None
    """Who may start it: `<@U…>`, `@group` or `role:NAME`."""
    approvers: list[Line] | None = None
    """Who decides where an approval names nobody."""
    programs: list[Line] | None = None
    """The programs that a template in `argv[0]` may become."""
    channel: Line | None = None
    """`#name` or an id; otherwise the thread of the event that started the run."""
    notify: Notify = "milestones"
    retention: Duration | None = None
    """How long finished runs are kept."""


class Edge(Part):
    """A step that another waits for."""

    step: Line
    on: Literal["success", "failure", "always"] | None = None
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


Needs = Annotated[
    Annotated[list[WrittenEdge], Tag("<list>")] | Annotated[AnyOf, Tag("<map>")],
    Discriminator(shape),
]


class Retry(Part):
    """When a failed attempt is followed by another."""

    attempts: int = Field(ge=1, le=MOST_ATTEMPTS)
    """All attempts, the first one too."""
    delay: Delay = timedelta(seconds=1)
    backoff: float = Field(2.0, ge=1, le=10)
    """Each pause is this many times the one before."""
    max_delay: Duration = timedelta(minutes=5)
    jitter: float = Field(0.0, ge=0, le=1)
    """The part of a pause that is left to chance."""
    on: list[Line] | None = Field(None, min_length=1)
    """`not_started`, `failed`, `timeout` or types of errors."""
    if_: Expression | None = Field(None, alias="if")
    """Asked as well; it sees `error` and `attempt`."""


def _attempts(value: Any) -> Any:
    return {"attempts": value} if type(value) is int else value


class Step(Part):
    """One thing that happens: exactly one verb, from `action` to `stop`."""

    later = frozenset(
        [
            "for_each",
            "parallel",
            "switch",
            "repeat",
            "workflow",
            "compensate",
            "steps",
            "as",
            "key",
            "collect",
            "join",
            "concurrency",
            "inputs",
            "detach",
        ]
    )
    verbs: ClassVar[tuple[str, ...]] = (
        "action",
        "approval",
        "wait",
        "wait_for",
        "set",
        "fail",
        "stop",
    )

    id: Slug
    name: Line | None = None
    description: str | None = None
    action: Line | None = Field(None, examples=["shell.run", "http.request", "slack.post"])
    params: dict[str, Json] | None = None
    """The parameters of the action, with templates."""
    approval: Approval | None = None
    wait: Wait | None = None
    """A duration, or `until:` a time."""
    wait_for: WaitFor | None = None
    """An event, by its name and what it holds."""
    set_: dict[str, Json] | None = Field(None, alias="set", min_length=1)
    """New values of vars, all from the values before the step."""
    fail: Line | None = None
    """End the run as failed, with this text."""
    stop: Line | None = None
    """End the run as completed, with this text."""

    condition: Expression | None = None
    """Skipped unless this holds."""
    needs: Needs | None = None
    """The steps it waits for; otherwise the one before it in the file."""
    timeout: Duration | None = None
    retry: (
        Annotated[Retry, BeforeValidator(_attempts, json_schema_input_type=int | Retry)] | None
    ) = None
    on_error: "OnError" = "fail"
    """`fail`, `continue`, or a list of steps that handle it."""
    repeatable: bool | None = None
    """Whether it may run again if Baton was stopped in the middle of it."""
    requires_approval: bool = False
    notify: Notify | None = None
    secret_output: bool = False
    """Hide its output outside the run."""

    _own_keys = model_validator(mode="before")(_without_own_keys)

    @property
    def verb(self) -> str | None:
        """The first verb that it has."""
        return next((verb for verb in self.verbs if self.value(verb) is not None), None)

    def value(self, verb: str) -> Any:
        """What stands behind *verb*."""
        return getattr(self, "set_" if verb == "set" else verb)

    @property
    def handlers(self) -> "list[Step]":
        """The steps of an ``on_error`` list."""
        return self.on_error if isinstance(self.on_error, list) else []


OnError = Annotated[
    Annotated[Literal["fail", "continue"], Tag("<text>")]
    | Annotated[list[Step], Field(min_length=1), Tag("<list>")],
    Discriminator(shape),
]
Step.model_rebuild()


class Head(Part):
    """All of a workflow but its steps."""

    later = frozenset({"on_failure", "on_cancel", "finally"})

    name: WorkflowName
    title: Line | None = None
    description: str | None = None
    owner: str | None = None
    tags: list[Line] = Field(default_factory=list)
    inputs: dict[Slug, Input] = Field(default_factory=dict)
    vars: dict[Slug, Json] = Field(default_factory=dict)
    """Values worked out once, at the start, in this order."""
    triggers: list[Trigger] = Field(default_factory=list)
    settings: Settings = Settings()
    outputs: dict[str, Json] = Field(default_factory=dict)
    """What the run gives, as templates."""

    _own_keys = model_validator(mode="before")(_without_own_keys)


class Workflow(Head):
    """A workflow, as its file says it."""

    steps: list[Step] = Field(min_length=1)

"""The model of a step: one verb, what goes with it, and the steps inside it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from workflows.language.asking import Approval
from workflows.language.model.needs import Needs, WrittenRetry
from workflows.language.model.settings import Notify
from workflows.language.parts import Expression, Json, Line, Part, Words, shape, without_own_keys
from workflows.language.scalars import Delay, Duration, Slug
from workflows.language.waiting import Wait, WaitFor

__all__ = ["Body", "Branch", "Compensate", "Repeat", "Step"]

MOST_TURNS = 10_000
ALIASES = {"set": "set_", "as": "as_"}
VERBS = (
    "action",
    "approval",
    "wait",
    "wait_for",
    "for_each",
    "parallel",
    "switch",
    "repeat",
    "workflow",
    "set",
    "fail",
    "stop",
)
VERB_FIELDS = tuple((verb, ALIASES.get(verb, verb)) for verb in VERBS)


Join = Annotated[
    Annotated[Literal["all", "any"], Tag("<text>")] | Annotated[int, Field(ge=1), Tag("<number>")],
    Discriminator(shape),
]


class Repeat(Part):
    """Run the steps again and again, until something holds."""

    until: Expression
    """Asked after each turn; it sees the steps of that turn."""
    max: int = Field(ge=1, le=MOST_TURNS)
    """The most turns; when they are used up, the step fails."""
    delay: Delay = timedelta(0)
    """The time between two turns."""


class Branch(Part):
    """A branch of a `switch`: `if` and `steps`, or `else`."""

    if_: Expression | None = Field(None, alias="if")
    steps: "list[Step] | None" = Field(None, min_length=1)
    else_: "list[Step] | None" = Field(None, alias="else", min_length=1)
    """Taken if no branch before it holds; it is the last one."""

    @model_validator(mode="after")
    def _one_form(self) -> "Branch":
        if (self.else_ is None) == (self.if_ is None) or (self.if_ is None) != (self.steps is None):
            raise PydanticCustomError(
                "exclusive", "a branch of a `switch` has `if` and `steps`, or `else` alone"
            )
        return self


class Compensate(Part):
    """What takes a completed step back when the run fails or is rolled back."""

    action: Line = Field(examples=["shell.run", "http.request"])
    params: dict[str, Json] = Field(default_factory=dict)
    """Worked out when the step completes; its own output is there already."""
    timeout: Duration | None = None
    retry: WrittenRetry | None = None


class Body(NamedTuple):
    """A list of steps inside a step, and the keys that lead to it."""

    keys: tuple[str | int, ...]
    steps: "list[Step]"


class Step(Part):
    """One thing that happens: exactly one verb, from `action` to `stop`."""

    verbs: ClassVar[tuple[str, ...]] = VERBS
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "params": ("action",),
        "retry": ("action", "workflow"),
        "requires_approval": ("action",),
        "repeatable": ("action",),
        "steps": ("for_each", "repeat"),
        "as": ("for_each",),
        "key": ("for_each",),
        "concurrency": ("for_each",),
        "collect": ("for_each",),
        "join": ("parallel",),
        "inputs": ("workflow",),
        "detach": ("workflow",),
    }
    """The keys that go with some verbs only."""

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
    """An event, by its name and what it holds, or a signal."""
    for_each: Words | None = Field(None, examples=["{{ inputs.hosts }}", ["a", "b"]])
    """A list, or a template that gives one: `steps` run once for each of its items."""
    parallel: "dict[Slug, Annotated[list[Step], Field(min_length=1)]] | None" = Field(
        None, min_length=1
    )
    """Branches by name, each a list of steps; they run side by side."""
    switch: "list[Branch] | None" = Field(None, min_length=1)
    """The first branch that holds is taken."""
    repeat: Repeat | None = None
    """Run `steps` until something holds."""
    workflow: Line | None = None
    """The name of another workflow, which is run as a child."""
    set_: dict[str, Json] | None = Field(None, alias="set", min_length=1)
    """New values of vars, all from the values before the step."""
    fail: Line | None = None
    """End the run as failed, with this text."""
    stop: Line | None = None
    """End the run as completed, with this text."""

    steps: "list[Step] | None" = Field(None, min_length=1)
    """What `for_each` and `repeat` run."""
    as_: Slug | None = Field(None, alias="as")
    """What expressions call the item; `item` unless it is given."""
    key: Line | None = None
    """A template over the item that names its turn in paths, instead of its place."""
    concurrency: int | None = Field(None, ge=1, le=10_000)
    """How many turns go on at once; 16 unless it is given."""
    collect: Json = None
    """A template over each turn; otherwise the output of its last step is kept."""
    join: Join | None = None
    """How many branches must complete; the rest is cancelled then."""
    inputs: dict[str, Json] | None = None
    """The inputs of the child, with templates."""
    detach: bool = False
    """Start the child and go on; it outlives the run."""

    condition: Expression | None = None
    """Skipped unless this holds."""
    needs: Needs | None = None
    """The steps it waits for; otherwise the one before it in the file."""
    timeout: Duration | None = None
    retry: WrittenRetry | None = None
    on_error: "OnError" = "fail"
    """`fail`, `continue`, or a list of steps that handle it."""
    compensate: Compensate | None = None
    repeatable: bool | None = None
    """Whether it may run again if Baton was stopped in the middle of it."""
    requires_approval: bool = False
    notify: Notify | None = None
    secret_output: bool = False
    """Hide its output outside the run."""

    _own_keys = model_validator(mode="before")(without_own_keys)

    @property
    def verb(self) -> str | None:
        """The first verb that it has."""
        return next(iter(self.said), None)

    @property
    def said(self) -> list[str]:
        """All verbs that it has; there should be one."""
        written = self.model_fields_set
        return [
            verb
            for verb, field in VERB_FIELDS
            if field in written and getattr(self, field) is not None
        ]

    def value(self, key: str) -> Any:
        """What stands behind *key*."""
        return getattr(self, ALIASES.get(key, key))

    @property
    def handlers(self) -> "list[Step]":
        """The steps of an ``on_error`` list."""
        return self.on_error if isinstance(self.on_error, list) else []

    def bodies(self) -> Iterator[Body]:
        """Yield the lists of steps inside it, in the order of the language."""
        if self.steps is not None:
            yield Body(("steps",), self.steps)
        for name, steps in (self.parallel or {}).items():
            yield Body(("parallel", name), steps)
        for number, branch in enumerate(self.switch or ()):
            key = "steps" if branch.else_ is None else "else"
            yield Body(("switch", number, key), branch.else_ or branch.steps or [])
        if isinstance(self.on_error, list):
            yield Body(("on_error",), self.on_error)


OnError = Annotated[
    Annotated[Literal["fail", "continue"], Tag("<text>")]
    | Annotated[list[Step], Field(min_length=1), Tag("<list>")],
    Discriminator(shape),
]
Branch.model_rebuild()
Step.model_rebuild()

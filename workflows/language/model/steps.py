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
    """Asked after each turn; it sees the steps of that turn. When it holds, the step is
    completed."""
    max: int = Field(ge=1, le=MOST_TURNS)
    """The most turns. When they are used up, the step fails with `error.type: exhausted`."""
    delay: Delay = timedelta(0)
    """The time between two turns."""


class Branch(Part):
    """A branch of a `switch`: `if` and `steps`, or `else`."""

    if_: Expression | None = Field(None, alias="if")
    """Whether this branch is taken; it sees what its step sees."""
    steps: "list[Step] | None" = Field(None, min_length=1)
    """What runs then."""
    else_: "list[Step] | None" = Field(None, alias="else", min_length=1)
    """What runs if no branch before it holds. It is the last branch."""

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
    """The action that takes it back."""
    params: dict[str, Json] = Field(default_factory=dict)
    """Its parameters, with templates. They are worked out and kept when the step completes, so its
    own output is there."""
    timeout: Duration | None = None
    """How long an attempt may take."""
    retry: WrittenRetry | None = None
    """When a failed attempt is followed by another."""


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
    """Its name in expressions, as `steps.ID.output`, and in paths: once in its list and those
    around it."""
    name: Line | None = None
    """What people read instead of the id."""
    description: str | None = None
    """What it is for, for whoever reads the definition."""
    action: Line | None = Field(None, examples=["shell.run", "http.request", "slack.post"])
    """Call an action by its name: run a program, ask an address, write a file, post to Slack."""
    params: dict[str, Json] | None = None
    """The parameters of the action, with templates. They are checked against its model when the
    file is loaded."""
    approval: Approval | None = None
    """Ask people. Approved, the step is completed. Rejected, it fails with `error.type: rejected`,
    and what it covers does not run."""
    wait: Wait | None = None
    """Let time pass: a duration as `10m`, or `until:` a time. It outlives restarts, and a time that
    has passed is no wait."""
    wait_for: WaitFor | None = None
    """Wait for an event, by its name and what it holds, or for a signal that somebody sends to the
    run."""
    for_each: Words | None = Field(None, examples=["{{ inputs.hosts }}", ["a", "b"]])
    """Run `steps` once for each item of a list, or of what a template gives. At most 10,000 items.
    One failure that nothing handles ends the others."""
    parallel: "dict[Slug, Annotated[list[Step], Field(min_length=1)]] | None" = Field(
        None, min_length=1
    )
    """Run branches side by side, each a list of steps under its name. With `join: all` one failure
    ends the others."""
    switch: "list[Branch] | None" = Field(None, min_length=1)
    """Take the first branch whose `if` holds, or `else`. Where none holds, the step is completed
    all the same."""
    repeat: Repeat | None = None
    """Run `steps` again and again until something holds, at most so many times."""
    workflow: Line | None = None
    """Run another workflow as a child, and wait for its end. The child has the revision that was in
    use when this run began; its failure is a failure of the step."""
    set_: dict[str, Json] | None = Field(None, alias="set", min_length=1)
    """Change `vars` of the workflow. All new values are worked out from those before the step."""
    fail: Line | None = None
    """End the whole run as failed, with this text and `error.type: failed`. What is open is
    cancelled, and what was done is taken back."""
    stop: Line | None = None
    """End the whole run as completed, with this text. What is open is cancelled, and nothing is
    taken back."""

    steps: "list[Step] | None" = Field(None, min_length=1)
    """What runs in each turn."""
    as_: Slug | None = Field(None, alias="as")
    """What expressions call the item; `item` unless it is given."""
    key: Line | None = None
    """A template over the item that names its turn in paths, instead of its place. Two equal keys
    fail the step before it begins."""
    concurrency: int | None = Field(None, ge=1, le=10_000)
    """How many turns go on at once; 16 unless it is given."""
    collect: Json = None
    """A template over each turn, which sees its steps: what the output holds for it. Otherwise it
    is the output of the last step."""
    join: Join | None = None
    """How many branches must complete: `all` unless it is given, `any` for one, or a number. The
    rest is cancelled then."""
    inputs: dict[str, Json] | None = None
    """The inputs of the child, with templates."""
    detach: bool = False
    """Start the child and go on; it outlives the run."""

    condition: Expression | None = None
    """The step runs if this holds, and is skipped otherwise. It is asked once, when what the step
    needs has ended, and before any approval. Steps behind a skipped one go on."""
    needs: Needs | None = None
    """The steps it waits for; otherwise the one before it in the file. `[]` waits for none. All
    edges of a list must hold; of `any: [...]` the first that does starts the step. A step whose
    edges cannot hold any more is not taken."""
    timeout: Duration | None = None
    """How long an attempt may take. Then it fails with `error.type: timeout`, and what it opened is
    cancelled. An approval and a `wait_for` have their own."""
    retry: WrittenRetry | None = None
    """When a failed attempt is followed by another: the number of all attempts, or more about them.
    A time that the other side asks for, as with `Retry-After`, counts for more."""
    on_error: "OnError" = "fail"
    """What becomes of a failure: `fail` ends the run, `continue` lets it go on, and a list of steps
    handles it; they see `error`. The step stays failed in each case. A No of people is never
    continued."""
    compensate: Compensate | None = None
    """What takes the step back when the run fails later, or is rolled back. The latest step comes
    first."""
    repeatable: bool | None = None
    """Whether it may run again by itself if Baton was stopped in the middle of it. The action says
    so unless it is given. Otherwise the step is `unknown`, and a person decides. Only of
    `shell.run` may a workflow say `true`."""
    requires_approval: bool = False
    """Ask people before it, showing exactly what will run; those of `approvers` in the settings.
    Its path is that of the step with `~approval` behind it."""
    notify: Notify | None = None
    """What the thread is told of this step; otherwise what the settings say."""
    secret_output: bool = False
    """Mask its output wherever people look, and that of the steps inside it. Expressions of the run see it."""

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

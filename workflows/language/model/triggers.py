"""The models of what starts a run without anybody's hand."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from workflows.language.parts import Expression, Json, Line, Part
from workflows.language.scalars import Delay, Duration, Slug
from workflows.language.suggestions import did_you_mean

__all__ = ["Absence", "SlackPost", "Trigger"]

SERVICES = (
    "alertmanager",
    "circleci",
    "cdevents",
    "cloudevents",
    "github",
    "gitlab",
    "grafana",
    "sentry",
)


def _service(value: str) -> str:
    if value == "generic":
        return value
    if value in SERVICES:
        text = "`webhook: {name}` is part of the language, but this version of Baton does not know it yet"
        raise PydanticCustomError("later", text, {"name": value})
    hint = did_you_mean(value, ["generic", *SERVICES]) or "There is `generic`."
    raise PydanticCustomError("value", "must be `generic`", {"hint": hint})


Service = Annotated[str, AfterValidator(_service), Field(json_schema_extra={"enum": ["generic"]})]


class SlackPost(Part):
    """What people write or do in Slack."""

    message: Line | None = Field(None, examples=["deploy *"])
    """What a message says: words that stand in it, or, with `*` for any text, all of it."""
    reaction: Line | None = Field(None, examples=["eyes"])
    """The name of an emoji that somebody adds to a message; with `message`, to one that says so."""
    channel: Line | None = None
    """`#name` or an id; otherwise every channel that Baton is in."""


class Trigger(Part):
    """When this happens, a run starts. It has exactly one kind, from `event` to `absence`."""

    later = frozenset({"record"})
    of_connectors: ClassVar[bool] = True
    """Connectors bring kinds of their own, which have a dot in their name."""
    kinds: ClassVar[tuple[str, ...]] = (
        "event",
        "schedule",
        "every",
        "file",
        "workflow",
        "webhook",
        "slack",
        "all_of",
        "absence",
    )
    keys: ClassVar[dict[str, tuple[str, ...]]] = {
        "source": ("event",),
        "timezone": ("schedule",),
        "catch_up": ("schedule", "every"),
        "jitter": ("schedule", "every"),
        "changes": ("file",),
        "debounce": ("file",),
        "status": ("workflow",),
        "on": ("webhook",),
        "secret": ("webhook",),
        "within": ("all_of",),
        "correlate": ("all_of", "absence"),
    }
    """The keys that go with some kinds only."""

    event: Line | None = Field(None, examples=["process.completed", "test.failed", "github.push"])
    """Something was reported: the name of the event, where `*` stands for one part."""
    source: Line | None = None
    """Only events of this source."""
    schedule: Line | None = Field(None, examples=["0 9 * * 1-5", "@daily"])
    """A time has come: five fields of cron, or `@hourly`, `@daily`, `@weekly`, `@monthly`,
    `@yearly`. Where both fields for days are set, either counts."""
    every: Duration | None = None
    """So much time has passed: the time from one run to the next."""
    timezone: Line | None = Field(None, examples=["Europe/Berlin"])
    """Whose clock the schedule goes by; UTC unless it is given."""
    catch_up: Literal["none", "latest", "all"] | None = None
    """What becomes of times that passed while Baton was down: nothing, one run for the latest, or a
    run for each, at most 100. `latest` unless it is given."""
    jitter: Duration | None = None
    """Up to this much later, by chance."""
    file: Line | None = Field(None, examples=["reports/*.xml"])
    """A file was changed that the glob fits, under BATON_ROOT."""
    changes: list[Literal["added", "modified", "deleted"]] | None = Field(None, min_length=1)
    """Which changes count; all unless it is given."""
    debounce: Delay | None = None
    """Changes of a file that follow each other so closely count as one."""
    workflow: Line | None = None
    """A run of another workflow has ended: its name."""
    status: list[Literal["completed", "failed", "cancelled"]] | None = Field(None, min_length=1)
    """How it ended; any way unless it is given."""
    webhook: Service | None = None
    """Somebody calls `POST /v1/hooks/workflow/NAME/ID`. `generic` is anybody who signs by Standard
    Webhooks."""
    on: list[Line] | None = Field(None, min_length=1)
    """The names of the events that count."""
    secret: Line | None = None
    """The name of a secret of the store; otherwise Baton makes one and shows it once."""
    slack: SlackPost | None = None
    """Somebody wrote a message or added a reaction in Slack."""
    all_of: "list[Trigger] | None" = Field(None, min_length=2)
    """Each of these has happened, in any order, within a time of each other."""
    within: Duration | None = None
    """How far apart they may lie. Required."""
    correlate: Line | None = None
    """A template over each event, as `trigger`: those that give the same text belong together. What is
    expected ends the waits that gave the same."""
    absence: "Absence | None" = None
    """Something that should have followed did not come in time."""
    where: Expression | None = None
    """Which of them count, by an expression over `trigger`. One that fails means that this does not
    count; what was left out and why is shown."""
    inputs: dict[str, Json] = Field(default_factory=dict)
    """The inputs of the run, as templates over `trigger`. Required inputs must be among them."""
    id: Slug | None = None
    """Its name; its place in the list, from 0, unless it has one. A webhook needs one, since it is
    part of the address."""
    enabled: bool = True
    """Whether it starts anything."""

    @property
    def kind(self) -> str | None:
        """The first kind that it has."""
        return next((kind for kind in self.kinds if getattr(self, kind) is not None), None)

    def value(self, key: str) -> Any:
        """What stands behind *key*."""
        return getattr(self, key)


class Absence(Part):
    """What should have come did not."""

    of: Trigger
    """What is expected."""
    after: Trigger
    """What begins the wait."""
    within: Duration
    """How long it may take."""


Trigger.model_rebuild()

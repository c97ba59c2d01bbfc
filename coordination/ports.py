"""What coordination asks of the layers above it: a Runtime, Expressions, Inputs, a Directory.

The types are frozen values; bodies are canonical JSON. `bot/app.py` hands in the implementations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeAlias

from coordination.refusals import InvalidDefinition

Json: TypeAlias = Any
CORE_VERSION = 1
"""The core that new runs are pinned to; it rises with every change that would replay otherwise."""


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPENSATING = "compensating"
    UNKNOWN = "unknown"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    FAULTED = "faulted"

    @property
    def ended(self) -> bool:
        return self in ENDED


ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_TAKEN = "not_taken"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    COMPENSATED = "compensated"


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """One trigger of a revision, as coordination needs it.

    Args:
        id: unique in its workflow; that of a part is that of the whole, a dot, and which part it is.
        kind: event, schedule, every, file, workflow, webhook, slack, all_of or absence.
        event: the name patterns of all events that it looks at, with spaces between them.
        source: of an event, if it has to be that one.
        where: which of them, as an expression.
        inputs: of the run, as templates.
        enabled: whether it is switched on.
        keys: what else its kind takes, as written; lengths of time are seconds.
        parts: of `all_of` each trigger; of `absence` first what is expected, then what begins it.
    """

    id: str
    kind: str
    event: str
    source: str | None
    where: str | None
    inputs: Mapping[str, Json]
    enabled: bool = True
    keys: Mapping[str, Json] = field(default_factory=dict)
    parts: tuple["TriggerSpec", ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A checked definition; *hash* is the content hash of *body*, which is canonical JSON."""

    name: str
    title: str
    description: str
    hash: str
    body: Json
    source: str  # the YAML text
    triggers: tuple[TriggerSpec, ...] = ()
    inputs_schema: Json = None
    channel: str | None = None
    start_by: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """A published definition: immutable, numbered per workflow from 1."""

    name: str
    hash: str
    number: int


@dataclass(frozen=True, slots=True)
class ParentRef:
    """The run and the path that started a child run."""

    run_id: str
    path: str


@dataclass(frozen=True, slots=True)
class WaitRef:
    """A wait of a run, as `waits` knows it."""

    wait_id: str
    run_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """A person's answer to a step that is `unknown`."""

    outcome: Literal["retry", "done", "fail"]
    by: str
    output: Json = None


@dataclass(frozen=True, slots=True)
class StepView:
    """The record of a step that people look at. Secrets are masked, large values cut."""

    path: str
    name: str
    kind: str  # action, approval, wait, wait_for, set, fail, stop, workflow, or what holds steps
    status: StepStatus
    attempts: int
    redo: int = 0
    action: str | None = None
    input: Json = None
    output: Json = None
    error: Json = None  # {type, message, class, status?}
    started_at: datetime | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None  # of its timer, when it waits for one
    log: bool = False  # the full output is kept beside it
    detail: Json = None  # how far a step that holds others is; of one that began a run, which


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An approval that a run waits for, as far as the sentence about it needs."""

    approval_id: str
    number: int
    path: str
    title: str
    approvers: tuple[str, ...]  # as shown: "@grace", "role:operator"
    quorum: int
    approved: int  # votes so far
    since: datetime
    expires_at: datetime | None
    decisive: bool = True  # approve or reject; else it asks for one of its own answers, or a text


@dataclass(frozen=True, slots=True)
class RunLink:
    """Another run, and the step that ties the two: it stands in the parent."""

    run_id: str
    number: int
    workflow: str
    status: RunStatus
    path: str


RESTORE = "restore"  # who paused the runs that a restore found open


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused a run, and when."""

    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Handled:
    """Who dealt with the failure of a run, when, and what they did about it."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RunView:
    """Where a run stands. The same from every runtime."""

    id: str
    number: int
    workflow: str
    title: str
    revision: str
    status: RunStatus
    started_by: str
    trigger: Mapping[str, Json]
    inputs: Mapping[str, Json]
    outputs: Mapping[str, Json] | None
    error: Json
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    updated_at: datetime
    thread_id: str | None
    steps: tuple[StepView, ...]
    questions: tuple[OpenQuestion, ...]
    note: str | None = None
    parent: RunLink | None = None
    children: tuple[RunLink, ...] = ()  # of several runs at once, only those that go on
    pause: Pause | None = None
    queue: str | None = None  # whom it waits behind, while it has no place
    handled: Handled | None = None  # of one that failed, once somebody has dealt with it

    @property
    def label(self) -> str:
        """The display number, as ``R-1423``."""
        return f"R-{self.number}"


class Runtime(Protocol):
    """Runs workflows durably. Every method is safe to repeat with the same identifiers."""

    async def publish_definition(self, definition: Definition, *, by: str) -> Revision:
        """Store *definition* for ever; the same body gives the same revision, and no second one."""

    async def start(self, run_id: str) -> None:
        """Begin the queued run *run_id*, or do nothing if it has begun; a hint, the row is found without it too."""

    async def deliver(self, wakeup_id: int) -> None:
        """Drain the wake-up row *wakeup_id*; a hint, since the row is found without it too."""

    async def describe(self, run_id: str) -> RunView:
        """Say where the run stands.

        Raises:
            UnknownRun: there is no run of that id.
        """


class Expressions(Protocol):
    """The language's evaluator; a failure raises ValueError with a sentence."""

    def predicate(self, text: str) -> Callable[[Mapping[str, Json]], bool]: ...

    def template(self, value: Json) -> Callable[[Mapping[str, Json]], Json]: ...


class Inputs(Protocol):
    """Checks what a run is started with."""

    def check(self, definition: Definition, values: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return the values with defaults filled in.

        Raises:
            InvalidInputs: with one problem per input, all together.
        """


class Calendar(Protocol):
    """When schedules are due."""

    def __call__(self, expression: str, zone: str, *, after: datetime) -> datetime:
        """Return the first slot of *expression*, on the clock of *zone*, after *after*.

        Raises:
            ValueError: either is wrong, or no slot ever comes.
        """


@dataclass(frozen=True, slots=True)
class Gain:
    """Something that a revision may do and the one before it could not, or a gate that is weaker."""

    kind: Literal["program", "host", "secret", "action", "gate", "repeat"]
    path: str  # of the step; empty where it is not one step alone
    text: str  # a sentence without a full stop, as "runs the program `./deploy.sh`"


@dataclass(frozen=True, slots=True)
class ReadDefinition:
    """A text that can be published; *warnings* are likely slips, as the language words them."""

    definition: Definition
    warnings: tuple[Mapping[str, Json], ...] = ()


class Language(Protocol):
    """Reads what people write, and compares revisions. Pure, and not for the event loop: it takes time."""

    def read(
        self,
        files: Mapping[str, str | bytes],
        published: Mapping[str, Json],
        idle: Mapping[str, str],
    ) -> Mapping[str, "ReadDefinition | InvalidDefinition"]:
        """Return what came of each file, checked in the light of the others.

        Args:
            files: texts by the name that they have in problems.
            published: the bodies of all other workflows, by name: a child has to be among them.
            idle: those of them that start nothing, with their status. A child among them is a
                warning with the code ``idle_child``.
        """

    def gains(self, before: Json, after: Json) -> tuple[Gain, ...]:
        """Say what the body *after* may do that *before* could not; before the first there is None."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the workspace, as the directory knows them."""

    id: str  # Slack's user id
    handle: str
    name: str
    is_bot: bool
    deleted: bool
    is_admin: bool
    restricted: bool  # guests and strangers of a shared channel
    email: str | None = None  # where Slack tells it; two accounts with one are one person
    accounts: tuple[str, ...] = ()  # all of this human by that address, sorted; empty for only one
    groups: tuple[str, ...] = ()  # the forms of the user groups they are in: S0SRE, @sre
    shares: bool = False  # their handle is also that of a group, so it names neither

    @property
    def human(self) -> str:
        """Return one id for however many accounts they have."""
        return self.accounts[0] if self.accounts else self.id


@dataclass(frozen=True, slots=True)
class Group:
    """A user group of the workspace, with the ids of its members."""

    id: str  # Slack's, as S0SRE
    handle: str
    name: str
    members: tuple[str, ...]


class Directory(Protocol):
    """Where people come from; `bot/slack` reads them, coordination keeps them at most 5 minutes."""

    async def people(self) -> tuple[Person, ...]: ...

    async def groups(self) -> tuple[Group, ...] | None:
        """Return all user groups, or None where Slack does not let us see them."""

"""Where a run stands: plain data, one record a step, with the changes a status may take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from workflows.core.errors import invariant
from workflows.core.facts import StepError
from workflows.core.plan import Json, Plan


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPENSATING = "compensating"
    UNKNOWN = "unknown"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})


class Phase(StrEnum):
    """What a run is at: its steps, and then what follows from how they ended."""

    WORK = "work"
    COMPENSATING = "compensating"
    ON_FAILURE = "on_failure"
    ON_CANCEL = "on_cancel"
    FINALLY = "finally"


class StepStatus(StrEnum):
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


# Reading a member of an enum costs more than all the rest of a change, so each is read once.
PENDING, RUNNING, WAITING = StepStatus.PENDING, StepStatus.RUNNING, StepStatus.WAITING
COMPLETED, FAILED, SKIPPED = StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.SKIPPED
NOT_TAKEN, CANCELLED, UNKNOWN = StepStatus.NOT_TAKEN, StepStatus.CANCELLED, StepStatus.UNKNOWN
COMPENSATED, WORK = StepStatus.COMPENSATED, Phase.WORK

FINAL = frozenset({COMPLETED, FAILED, SKIPPED, NOT_TAKEN, CANCELLED, COMPENSATED})

ALLOWED: Mapping[StepStatus, frozenset[StepStatus]] = {
    # unknown at once: an action that was cancelled in flight, in a run that is tried again
    PENDING: frozenset({RUNNING, WAITING, COMPLETED, FAILED, SKIPPED, NOT_TAKEN, UNKNOWN}),
    RUNNING: frozenset({RUNNING, WAITING, COMPLETED, FAILED, CANCELLED, UNKNOWN, SKIPPED}),
    WAITING: frozenset({RUNNING, WAITING, COMPLETED, FAILED, CANCELLED, SKIPPED}),
    UNKNOWN: frozenset({RUNNING, COMPLETED, FAILED, CANCELLED, SKIPPED}),
    COMPLETED: frozenset({PENDING, COMPENSATED}),  # pending: what must be asked or run again
    FAILED: frozenset({PENDING}),
    NOT_TAKEN: frozenset({PENDING}),
    CANCELLED: frozenset({PENDING}),
    SKIPPED: frozenset({PENDING}),
    COMPENSATED: frozenset({PENDING}),
}

OpenKind: TypeAlias = Literal[
    "approval", "event", "signal", "child", "timer", "retry", "action", "unknown"
]
Blocker: TypeAlias = OpenKind | Literal["pause"]


@dataclass(slots=True)
class Progress:
    """How far a step is with its bodies: turns of a loop, branches, the case that was chosen."""

    total: int  # turns or branches; of `repeat` the most there may be
    items: list[Json] | None = None  # of `for_each`
    keys: list[str] | None = None  # what paths show instead of numbers
    begun: int = 0
    done: int = 0
    failed: int = 0
    results: list[Json] = field(default_factory=list)  # by number; null until there is one
    first: str | None = None  # the branch that completed first, or the case that was chosen
    open: dict[str, int] = field(default_factory=dict)  # frames at work: prefix -> number


@dataclass(slots=True)
class Frame:
    """A body that was entered: its steps stand under one prefix and have names of their own."""

    owner: str | None  # the step; None: one of the lists that follow the work
    body: str  # which of its bodies, by label
    index: int = 0  # number of the turn or branch, from 0
    depth: int = 1  # frames around it, and itself
    left: int = 0  # steps that have not settled
    closing: bool = False  # a step failed, and nobody handles it
    over: Literal["done", "failed", "closed"] | None = None
    error: StepError | None = None  # of the step that failed it
    error_path: str | None = None


@dataclass(slots=True)
class Undoing:
    """What would take a completed step back; *problem* says why it cannot, or did not."""

    path: str
    params: Json = None
    problem: str | None = None


@dataclass(slots=True)
class StepState:
    """One step of one run, as its record shows it; below the line is the core's own book-keeping."""

    status: StepStatus = PENDING
    attempts: int = 0  # all of them, whoever began them; never counted back
    redo: int = 0
    input: Json = None  # rendered, secrets as handles
    output: Json = None
    error: StepError | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    since: datetime | None = None  # of this status
    due_at: datetime | None = None  # of the timer, or of the approval's expiry
    repeatable: bool | None = None  # of an action, once its params are known
    decided: Json = None  # of an approval: {state, decision, by, comment, text, at, votes}

    asked: str | None = None  # digest of the question that stands open
    failures: int = 0  # attempts of this redo that failed
    held: int = 0  # edges that hold
    missed: int = 0  # edges that cannot hold any more
    cleared: int = 0  # guards that said yes
    blocked: bool = False  # a guard said no
    begun: bool = False
    settled: bool = False  # its dependants have been told
    handling: bool = False  # its on_error list is at work
    handled: bool = False
    unreached: bool = False  # ended by the end of what is around it, not on its own account
    left_out: bool = False  # somebody skipped it before its time
    doubtful: bool = False  # an earlier attempt was cut off, and nobody knows how far it came
    progress: Progress | None = None  # of a step with bodies, once it has begun


@dataclass(slots=True)
class Pin:
    """Rendered params that approvals hold on to: these bytes will run, and no others."""

    params: Json
    digest: str
    gates: list[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something open: what for, since when, and when the clock ends it.

    The kind `pause` stands for the run itself, which somebody has to resume; its path is empty.
    """

    path: str
    kind: Blocker
    since: datetime | None
    due_at: datetime | None


@dataclass(slots=True)
class State:
    """One run. *ended* is None until it has; *steps* holds a step once its scope was entered."""

    steps: dict[str, StepState] = field(default_factory=dict)
    open: dict[str, OpenKind] = field(default_factory=dict)
    timers: dict[str, datetime] = field(default_factory=dict)
    pins: dict[str, Pin] = field(default_factory=dict)
    seed: str = ""
    inputs: Mapping[str, Json] = field(default_factory=dict)
    trigger: Mapping[str, Json] = field(default_factory=dict)
    run: Mapping[str, Json] = field(default_factory=dict)
    workflow: Mapping[str, Json] = field(default_factory=dict)
    vars: dict[str, Json] = field(default_factory=dict)
    prepared: bool = False  # all vars have their first value
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ended: RunStatus | None = None
    error: StepError | None = None  # the unhandled failure; set while the run still ends
    error_path: str | None = None
    closing: bool = False  # after an unhandled failure or `stop`: little or nothing begins any more
    outputs: dict[str, Json] | None = None
    note: str | None = None  # the text of `stop`, once there is one
    by: str | None = None  # who cancelled it
    frames: dict[str, Frame] = field(default_factory=dict)  # by prefix
    phase: Phase = WORK
    cancelled: Literal["compensate", "now"] | None = None
    reopened: bool = False  # it had ended, and is only taken back
    paused_at: datetime | None = None
    held: list[str] = field(default_factory=list)  # what a pause keeps from beginning, in order
    time_left: float | None = None  # s, of the run's timeout, while it is paused
    children: Mapping[str, str] = field(default_factory=dict)  # workflow -> its pinned revision
    signals: dict[str, list[Json]] = field(default_factory=dict)  # that nobody took yet, by name
    flooded: list[str] = field(default_factory=list)  # names whose signals could not all be kept
    undo: list[Undoing] = field(default_factory=list)  # in order of completion
    undoing: Undoing | None = None  # the one at work
    not_undone: list[Undoing] = field(default_factory=list)

    @classmethod
    def fresh(cls, plan: Plan) -> "State":
        return cls(steps={path: StepState() for path in plan.graph.scopes[None]})


def advance(step: StepState, status: StepStatus, at: datetime, path: str) -> None:
    """Give *step* its next status: the only place where one changes.

    Raises:
        InvariantBroken: the change is not in `ALLOWED`.
    """
    if status not in ALLOWED[step.status]:
        invariant(False, "allowed change", path=path, was=step.status, to=status)  # noqa: FBT003
    step.status = status
    step.since = at
    if status in FINAL:
        step.ended_at = at

"""What the core asks its host to do. The host performs commands and brings the answers as facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

from workflows.core.facts import StepError
from workflows.core.plan import Json


@dataclass(slots=True)  # not frozen: making one would cost as much as a tenth of a step
class RunAction:
    """Perform *action* with *params*, rendered, secrets as handles. Nothing changes one once it is made.

    *covered* holds the digest that an approval bound these very params to, or None. A step that is
    not repeatable, or that is covered, has its intent committed before it starts.
    """

    path: str
    action: str
    params: Json
    attempt: int
    redo: int
    repeatable: bool
    timeout: timedelta | None
    covered: str | None = None


@dataclass(frozen=True, slots=True)
class CancelAction:
    """Stop attempt *attempt* of the action at *path*: the run has moved on, its result is not wanted."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Bring TimerFired(*slot*) at *due_at*. A second one of the same slot replaces the first."""

    slot: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ClearTimer:
    slot: str


@dataclass(frozen=True, slots=True)
class Covered:
    """An action that an approval covers: what is shown is what will run."""

    path: str
    action: str
    params: Json
    digest: str  # sha256 over canonical JSON of [path, action, params]


LATER: Mapping[str, bool] = MappingProxyType({"later": True})
"""Marks a field that came after journals were written: at its default it is left out of digests."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """*after* a question has waited so long, *to* these people may answer it as well."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Everything people are asked; *digest* binds the answer to what was shown."""

    title: str
    description: str | None
    show: tuple[Json, ...]
    approvers: tuple[str, ...]
    quorum: int
    decisions: tuple[str, ...]
    answer: Literal["choice", "text"]
    require_reason: Literal["reject", "always", "never"]
    allow_self: bool
    expires_at: datetime | None
    on_timeout: str
    channel: str | None
    covers: tuple[Covered, ...]
    not_covered: tuple[tuple[str, str], ...]  # (path, why)
    digest: str
    remind: tuple[timedelta, ...] = field(default=(), metadata=LATER)
    escalate: tuple[Escalation, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Ask people. A second one of the same path follows when the first was superseded or decided."""

    path: str
    question: Question
    attempt: int


@dataclass(frozen=True, slots=True)
class CloseApproval:
    """Withdraw the open approval of *path*; *note* says why."""

    path: str
    note: str


@dataclass(frozen=True, slots=True)
class OpenWait:
    """Bring EventDelivered, once, with the oldest event that fits: stored already, or to come.

    *correlate* holds ``[path, text]`` pairs; *where* is asked over `event` and *names*. *since* says
    from where to look back.
    """

    path: str
    attempt: int
    event: str
    correlate: tuple[tuple[tuple[str, ...], str], ...]
    where: str | None
    names: Mapping[str, Json]
    since: Literal["start", "now"]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class CloseWait:
    """Take back attempt *attempt* of the wait at *path*: nothing that comes wakes it any more."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class StartChild:
    """Begin a run of *workflow* in the revision *revision*; bring ChildCompleted or ChildFailed.

    One that is detached is begun and left alone: ChildCompleted comes at once, with `run_id` and
    `url` as its outputs.
    """

    path: str
    attempt: int
    workflow: str
    revision: str
    inputs: Mapping[str, Json]
    detach: bool


@dataclass(frozen=True, slots=True)
class CancelChild:
    """End the child that attempt *attempt* of the step began, as its parent ends it."""

    path: str
    attempt: int
    mode: Literal["compensate", "now"]


@dataclass(frozen=True, slots=True)
class Tell:
    """Something people should know; *path* is the step."""

    kind: Literal["failed", "retrying", "unknown", "not_undone"]
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class CompleteRun:
    outputs: Mapping[str, Json]
    note: str | None = None  # the text of `stop`


@dataclass(frozen=True, slots=True)
class FailRun:
    error: StepError
    path: str | None


@dataclass(frozen=True, slots=True)
class CancelRun:
    by: str
    reason: str


Command: TypeAlias = (
    RunAction
    | CancelAction
    | SetTimer
    | ClearTimer
    | AskApproval
    | CloseApproval
    | OpenWait
    | CloseWait
    | StartChild
    | CancelChild
    | Tell
    | CompleteRun
    | FailRun
    | CancelRun
)

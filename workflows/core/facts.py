"""What happened to a run. Facts are stored in its journal, in order, and replayed after a crash."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from workflows.core.plan import Json


@dataclass(frozen=True, slots=True)
class StepError:
    """Why a step failed; *class_* says how much is known of its effect."""

    type: str
    message: str
    class_: Literal["not_started", "failed", "unknown"] = "failed"
    status: int | None = None
    retry_after: float | None = None  # s, as the other side said


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first fact. *run* and *workflow* are what expressions see under these names."""

    at: datetime
    inputs: Mapping[str, Json]
    trigger: Mapping[str, Json]
    run: Mapping[str, Json]
    workflow: Mapping[str, Json]
    seed: str
    children: Mapping[str, str] = field(default_factory=dict)  # workflow -> the revision it has now


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A repeatable action was begun again after a crash: attempt *attempt*, under a new fence."""

    at: datetime
    path: str
    attempt: int


@dataclass(slots=True)  # not frozen, as `RunAction`: it is the commonest. Nothing changes one
class StepCompleted:
    at: datetime
    path: str
    attempt: int
    output: Json


@dataclass(frozen=True, slots=True)
class StepFailed:
    at: datetime
    path: str
    attempt: int
    error: StepError


@dataclass(frozen=True, slots=True)
class StepUnknown:
    """Baton died, or lost the answer, while the step was in flight: nobody knows whether it happened."""

    at: datetime
    path: str
    attempt: int
    evidence: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """*slot* is that of the SetTimer that asked for it."""

    at: datetime
    slot: str


@dataclass(frozen=True, slots=True)
class ApprovalDecided:
    """The answer of people, or of the clock.

    *digest* is that of the question which was answered: an answer to an older one changes nothing.
    None stands for whatever is open.
    """

    at: datetime
    path: str
    state: Literal["approved", "rejected", "answered", "expired", "superseded", "withdrawn"]
    decision: str
    by: str | None
    comment: str | None = None
    text: str | None = None
    votes: tuple[Mapping[str, Json], ...] = ()
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class EventDelivered:
    """The event that attempt *attempt* of the step waited for, in its canonical form."""

    at: datetime
    path: str
    attempt: int
    event: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """Somebody sent *payload* to the run. One that no step waits for yet is kept."""

    at: datetime
    name: str
    payload: Json
    by: str


@dataclass(frozen=True, slots=True)
class ChildCompleted:
    """The child that attempt *attempt* of the step began; of a detached one, that it began."""

    at: datetime
    path: str
    attempt: int
    run: str  # its id
    outputs: Json


@dataclass(frozen=True, slots=True)
class ChildFailed:
    """The child failed or was cancelled, or could not be begun; *run* is None then."""

    at: datetime
    path: str
    attempt: int
    run: str | None
    error: StepError


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """End the run: with compensation, or now."""

    at: datetime
    by: str
    reason: str
    mode: Literal["compensate", "now"] = "now"


@dataclass(frozen=True, slots=True)
class PauseRequested:
    """Begin no step until the run is resumed; what runs goes on."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class SkipRequested:
    """Leave a step out: one that waits or is to come, or one that failed the run."""

    at: datetime
    path: str
    by: str


@dataclass(frozen=True, slots=True)
class RollbackRequested:
    """Take back what the run did, whether it goes on or has ended."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """Run the failed step(s) again, with `redo` + 1; *from_path* None means what failed the run."""

    at: datetime
    by: str
    from_path: str | None = None


@dataclass(frozen=True, slots=True)
class StepResolved:
    """A person's answer to `unknown`."""

    at: datetime
    path: str
    outcome: Literal["retry", "done", "fail"]
    by: str
    output: Json = field(default=None)


Fact: TypeAlias = (
    RunStarted
    | StepStarted
    | StepCompleted
    | StepFailed
    | StepUnknown
    | TimerFired
    | ApprovalDecided
    | EventDelivered
    | SignalReceived
    | ChildCompleted
    | ChildFailed
    | CancelRequested
    | PauseRequested
    | ResumeRequested
    | SkipRequested
    | RollbackRequested
    | RetryRequested
    | StepResolved
)

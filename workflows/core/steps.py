"""What a step may be: frozen values, with conditions and templates as closures.

The core calls the closures and knows nothing of the language behind them, so it imports no
evaluator and a runtime can replay it anywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
Evaluate: TypeAlias = Callable[[Mapping[str, Json]], Json]
"""Takes the names of a scope, gives a JSON value (secrets as handles); raises EvaluationFailed."""


class EvaluationFailed(Exception):
    """An expression had no value: its sentence names the expression and the place."""


class On(StrEnum):
    """What an edge asks of the step before it."""

    DEFAULT = "default"  # completed, skipped, or failed and handled
    SUCCESS = "success"
    FAILURE = "failure"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Edge:
    """A dependency on the step *step* of the same scope; *condition* stands for ``if:``."""

    step: str
    on: On = On.DEFAULT
    condition: Evaluate | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed attempt is followed by another; *attempts* counts all of them."""

    attempts: int = 1
    delay: timedelta = timedelta(seconds=1)
    backoff: float = 2.0
    max_delay: timedelta = timedelta(minutes=5)
    jitter: float = 0.0
    on: tuple[str, ...] | None = None  # None: everything if repeatable, else not_started
    condition: Evaluate | None = None  # sees `error` and `attempt`


@dataclass(frozen=True, slots=True)
class Action:
    """Call ``service.verb``; *repeatable* may depend on the rendered params.

    *reads* names what the params look at: ids of steps (``steps`` for all), and ``vars``. An approval does not cover
    params whose sources may still change, even where a default lets them render already.
    """

    name: str
    params: Evaluate
    repeatable: bool | Callable[[Json], bool]
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Approval:
    """Ask people. Texts and approvers are templates; *covers* None means the default of the language."""

    title: Evaluate
    description: Evaluate | None
    show: Evaluate | None
    approvers: Evaluate  # gives a list of text
    quorum: int = 1
    decisions: tuple[str, ...] = ("approve", "reject")
    answer: Literal["choice", "text"] = "choice"
    require_reason: Literal["reject", "always", "never"] = "reject"
    allow_self: bool = False
    timeout: timedelta | None = None
    on_timeout: str = "reject"  # reject, fail or a decision
    channel: Evaluate | None = None
    covers: tuple[str, ...] | None = None
    remind: tuple[timedelta, ...] = ()
    escalate: tuple[
        tuple[timedelta, Evaluate], ...
    ] = ()  # who may answer as well, and after how long


@dataclass(frozen=True, slots=True)
class Wait:
    """A durable timer: *duration* (or a template giving seconds), or *until* an RFC 3339 time with offset."""

    duration: timedelta | Evaluate | None = None
    until: Evaluate | None = None


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait for an event by content.

    *event* is a name pattern. *correlate* gives a list of ``[path, text]``: what the event must hold
    where, which is how it is found. *where* is the text of a condition, asked outside the core once
    an event is there; *names* gives the values of the run that it needs then. *reads* says by place
    which steps the values come from; those of *names* stand under the empty place.
    """

    event: str
    correlate: Evaluate
    where: str | None = None
    names: Evaluate | None = None
    since: Literal["start", "now"] = "start"
    timeout: timedelta | None = None
    on_timeout: Literal["fail", "continue"] = "fail"
    reads: tuple[tuple[tuple[str, ...], frozenset[str]], ...] = ()


@dataclass(frozen=True, slots=True)
class WaitForSignal:
    """Wait for what somebody sends to this run under the name *signal*; what came early counts."""

    signal: str
    timeout: timedelta | None = None
    on_timeout: Literal["fail", "continue"] = "fail"


@dataclass(frozen=True, slots=True)
class ForEach:
    """Run *steps* once for each of *items*; paths are ``fan[0].post``, or ``fan[key].post``.

    *name* is what expressions call the item. *collect* gives the value of a turn; None means the
    output of its last step.
    """

    items: Evaluate
    steps: "tuple[Step, ...]"
    name: str = "item"
    key: Evaluate | None = None
    concurrency: int = 16
    collect: Evaluate | None = None


@dataclass(frozen=True, slots=True)
class Parallel:
    """Run *branches* side by side until *join* of them have completed (None: all), then cancel the rest."""

    branches: "tuple[tuple[str, tuple[Step, ...]], ...]"
    join: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A branch of a `switch`: *name* is its place from 0, or ``else``, which has no condition."""

    name: str
    condition: Evaluate | None
    steps: "tuple[Step, ...]"


@dataclass(frozen=True, slots=True)
class Switch:
    """Run the first case that holds; where none does, the step completes."""

    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Run *steps* until *until* holds after a turn, *most* times at most; turns are ``poll#1.check``."""

    until: Evaluate
    steps: "tuple[Step, ...]"
    most: int
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Child:
    """Run another workflow, and wait for it unless it is detached."""

    workflow: str
    inputs: Evaluate
    detach: bool = False


@dataclass(frozen=True, slots=True)
class SetVars:
    """Change declared vars, all from the values before the step."""

    values: tuple[tuple[str, Evaluate], ...]


@dataclass(frozen=True, slots=True)
class Fail:
    text: Evaluate


@dataclass(frozen=True, slots=True)
class Stop:
    text: Evaluate


Verb: TypeAlias = (
    Action
    | Approval
    | Wait
    | WaitFor
    | WaitForSignal
    | ForEach
    | Parallel
    | Switch
    | Repeat
    | Child
    | SetVars
    | Fail
    | Stop
)


@dataclass(frozen=True, slots=True)
class Undo:
    """What takes a completed step back: rendered when it completes, run at ``<path>~undo``."""

    action: Action
    timeout: timedelta | None = None
    retry: Retry = Retry()


@dataclass(frozen=True, slots=True)
class Step:
    """One node. ``needs`` is complete: the loader has filled in the step before it in the file."""

    id: str
    name: str
    verb: Verb
    needs: tuple[Edge, ...] = ()
    any_of: bool = False
    condition: Evaluate | None = None
    timeout: timedelta | None = None
    retry: Retry = Retry()
    on_error: "Literal['fail', 'continue'] | tuple[Step, ...]" = "fail"
    gate: Approval | None = None  # of `requires_approval: true`; its path is `<path>~approval`
    notify: str | None = None
    secret_output: bool = False
    undo: Undo | None = None  # of `compensate`


def needs_success(step: Step, of: str) -> bool:
    """Whether *step* cannot start unless the step *of* went well."""
    if step.any_of and len(step.needs) > 1:
        return False
    return any(
        edge.step == of and edge.on in {On.DEFAULT, On.SUCCESS} and edge.condition is None
        for edge in step.needs
    )

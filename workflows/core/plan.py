"""What a revision compiles to: steps as frozen values, conditions and templates as closures.

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
    """Call ``service.verb``; *repeatable* may depend on the rendered params."""

    name: str
    params: Evaluate
    repeatable: bool | Callable[[Json], bool]


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


@dataclass(frozen=True, slots=True)
class Wait:
    """A durable timer: *duration* gives text as ``10m``, *until* an RFC 3339 time with offset."""

    duration: timedelta | None = None
    until: Evaluate | None = None


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


Verb: TypeAlias = Action | Approval | Wait | SetVars | Fail | Stop


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


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled revision; *revision* is the content hash of its definition."""

    name: str
    title: str
    revision: str
    steps: tuple[Step, ...]
    vars: tuple[tuple[str, Evaluate], ...] = ()
    outputs: tuple[tuple[str, Evaluate], ...] = ()
    timeout: timedelta | None = None
    notify: str = "milestones"

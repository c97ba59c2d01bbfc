"""What a revision compiles to: steps as frozen values, conditions and templates as closures.

The core calls the closures and knows nothing of the language behind them, so it imports no
evaluator and a runtime can replay it anywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
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
    an event is there; *names* gives the values of the run that it needs then.
    """

    event: str
    correlate: Evaluate
    where: str | None = None
    names: Evaluate | None = None
    since: Literal["start", "now"] = "start"
    timeout: timedelta | None = None
    on_timeout: Literal["fail", "continue"] = "fail"


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


@dataclass(frozen=True, slots=True)
class Node:
    """A step in its place: its path, and who waits for it."""

    path: str
    step: Step
    scope: str  # what stands before the id of its neighbours: "", or "fetch~error."
    owner: str | None  # the step whose failure it handles
    position: int  # in the file
    dependants: tuple[tuple[str, int], ...]  # (path, which of its edges)
    guards: tuple[str, ...]  # the approvals without whose yes it never starts
    guarded: tuple[str, ...]  # the steps that it, an approval, may cover

    @property
    def gate(self) -> str:
        return f"{self.path}~approval"


@dataclass(frozen=True, slots=True)
class Graph:
    """All steps of a plan by path. Handlers of a step form a scope of their own."""

    nodes: Mapping[str, Node]
    scopes: Mapping[str | None, tuple[str, ...]]  # by owner; None: the steps at the top
    gates: Mapping[str, str]  # path of the gate -> path of its step
    order: Mapping[str, int]  # where a path, a gate's too, stands in the file


@dataclass(frozen=True)
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
    on_failure: tuple[Step, ...] = ()  # paths `on_failure.tell`
    on_cancel: tuple[Step, ...] = ()
    finally_: tuple[Step, ...] = ()  # paths `finally.tidy`
    children: tuple[str, ...] = ()  # workflows that steps start, each once

    @cached_property
    def graph(self) -> Graph:
        """The steps by path, laid out once and shared by all runs of this revision."""
        nodes: dict[str, Node] = {}
        scopes: dict[str | None, tuple[str, ...]] = {}
        _lay_out(self.steps, None, nodes, scopes)
        gates = {n.gate: n.path for n in nodes.values() if n.step.gate is not None}
        order = {path: 2 * n.position + 1 for path, n in nodes.items()}
        order.update({gate: 2 * nodes[path].position for gate, path in gates.items()})
        return Graph(nodes, scopes, gates, order)


def _lay_out(
    steps: tuple[Step, ...],
    owner: str | None,
    nodes: dict[str, Node],
    scopes: dict[str | None, tuple[str, ...]],
) -> None:
    prefix = "" if owner is None else f"{owner}~error."
    scopes[owner] = tuple(prefix + step.id for step in steps)
    dependants, guards = _dependants(steps, prefix), _guards(steps, prefix)
    for step in steps:
        path = prefix + step.id
        nodes[path] = Node(
            path=path,
            step=step,
            scope=prefix,
            owner=owner,
            position=len(nodes),
            dependants=tuple(dependants[path]),
            guards=tuple(gate for gate, covered in guards.items() if path in covered),
            guarded=guards.get(path, ()),
        )
        if isinstance(step.on_error, tuple):
            _lay_out(step.on_error, path, nodes, scopes)


def _dependants(steps: tuple[Step, ...], prefix: str) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {prefix + step.id: [] for step in steps}
    for step in steps:
        for index, edge in enumerate(step.needs):
            if prefix + edge.step not in found:
                raise ValueError(
                    f"step {prefix + step.id!r} needs {edge.step!r}, which its scope lacks"
                )
            found[prefix + edge.step].append((prefix + step.id, index))
    return found


def _guards(steps: tuple[Step, ...], prefix: str) -> dict[str, tuple[str, ...]]:
    """Say for each approval which steps it may cover: those it names, or the default of the language."""
    found = {}
    for gate in steps:
        if isinstance(gate.verb, Approval):
            named = gate.verb.covers
            found[prefix + gate.id] = tuple(
                prefix + step.id
                for step in steps
                if isinstance(step.verb, Action)
                and (needs_success(step, gate.id) if named is None else step.id in named)
            )
    return found


def needs_success(step: Step, of: str) -> bool:
    """Whether *step* cannot start unless the step *of* went well."""
    if step.any_of and len(step.needs) > 1:
        return False
    return any(
        edge.step == of and edge.on in {On.DEFAULT, On.SUCCESS} and edge.condition is None
        for edge in step.needs
    )

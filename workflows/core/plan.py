"""What a revision compiles to: its steps, what is reckoned before and after them, and their layout."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from workflows.core.layout import Graph, Node, lay_out
from workflows.core.steps import (
    Action,
    Approval,
    Case,
    Child,
    Edge,
    Evaluate,
    EvaluationFailed,
    Fail,
    ForEach,
    Json,
    On,
    Parallel,
    Repeat,
    Retry,
    SetVars,
    Step,
    Stop,
    Switch,
    Undo,
    Verb,
    Wait,
    WaitFor,
    WaitForSignal,
    needs_success,
)

__all__ = [
    "Action",
    "Approval",
    "Case",
    "Child",
    "Edge",
    "Evaluate",
    "EvaluationFailed",
    "Fail",
    "ForEach",
    "Graph",
    "Json",
    "Node",
    "On",
    "Parallel",
    "Plan",
    "Repeat",
    "Retry",
    "SetVars",
    "Step",
    "Stop",
    "Switch",
    "Undo",
    "Verb",
    "Wait",
    "WaitFor",
    "WaitForSignal",
    "needs_success",
]


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
        phases = {
            "on_failure": self.on_failure,
            "on_cancel": self.on_cancel,
            "finally": self.finally_,
        }
        return lay_out(self.steps, phases)

"""How much a run holds, and what becomes of a result that is too much for it: its step fails."""

from typing import Any

from workflows.core.codec import canonical
from workflows.core.core import Core
from workflows.core.facts import (
    ChildCompleted,
    ChildFailed,
    EventDelivered,
    Fact,
    StepCompleted,
    StepError,
    StepFailed,
)
from workflows.core.plan import ForEach, Parallel, Repeat, Switch
from workflows.runtimes.host.limits import HostSettings

__all__ = ["Weight"]

_HOLDS = (ForEach, Parallel, Repeat, Switch)  # what these give is what their steps gave


class Weight:
    """Counts the bytes of what came into a run: its inputs, and what its steps gave.

    Args:
        settings: how much a step may give, and a run hold.
    """

    def __init__(self, settings: HostSettings) -> None:
        self._settings = settings
        self._total: int | None = None  # counted when it is first asked for
        self._coming = 0

    def admit(self, core: Core, fact: Fact, text: bytes | None = None) -> Fact:
        """Return *fact*, or the failure of its step where what it brings is too much.

        *text* is what it brings in canonical JSON, where that is known.
        """
        value = _brought(fact)
        if value is None:
            return fact
        size = len(canonical(value) if text is None else text)
        self._coming = size
        if size > self._settings.largest_output:
            most = self._settings.largest_output
            return _failure(fact, f"what came has {size:,} bytes; a step may have {most:,} bytes")
        if size + self._counted(core, size) > self._settings.largest_context:
            most = self._settings.largest_context
            return _failure(
                fact, f"with these {size:,} bytes the run would hold more than {most:,} bytes"
            )
        return fact

    def take_in(self, fact: Fact) -> None:
        """Count what *fact* brought, now that it is part of the run."""
        if self._total is not None and _brought(fact) is not None:
            self._total += self._coming

    def _counted(self, core: Core, more: int) -> int:
        """Return how much there is; before anything fails by it, count again."""
        if self._total is None or self._total + more > self._settings.largest_context:
            self._total = _weigh(core)
        return self._total


def _brought(fact: Fact) -> Any:
    match fact:
        case StepCompleted():
            return fact.output
        case EventDelivered():
            return fact.event
        case ChildCompleted():
            return fact.outputs
    return None


def _weigh(core: Core) -> int:
    state = core.state
    held: list[Any] = [state.inputs, state.trigger, state.signals]
    held += [
        step.output
        for path, step in core.steps.items()
        if step.output is not None and not isinstance(core.node(path).step.verb, _HOLDS)
    ]
    return sum(len(canonical(each)) for each in held)


def _failure(fact: Fact, why: str) -> Fact:
    error = StepError("limit", why)
    if isinstance(fact, ChildCompleted):
        return ChildFailed(fact.at, fact.path, fact.attempt, fact.run, error)
    if isinstance(fact, StepCompleted | EventDelivered):
        return StepFailed(fact.at, fact.path, fact.attempt, error)
    return fact

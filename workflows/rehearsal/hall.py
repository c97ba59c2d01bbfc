"""What all runs of one rehearsal share."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from baton.events import Event
from workflows.core.core import Core
from workflows.core.facts import Fact
from workflows.language.catalogue import Catalogue
from workflows.rehearsal.company import Company, Rehearsable
from workflows.rehearsal.cues import Cues
from workflows.rehearsal.happenings import Signal
from workflows.rehearsal.samples import sample_of
from workflows.rehearsal.script import Answer, Decision
from workflows.rehearsal.stage import Stage
from workflows.rehearsal.timeline import Kind, Timeline
from workflows.runs import RunRecord

__all__ = ["ADDRESS", "Arrived", "Audience", "Began", "Hall", "Run"]

ADDRESS = "https://baton.example"
"""Where a rehearsed run says it can be seen; nothing is there."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event that came, as it is and as expressions see it."""

    event: Event
    told: Mapping[str, Any]


class Audience(Protocol):
    """Who hears of what happens outside."""

    def hear(self, arrived: Arrived) -> None: ...
    def signalled(self, signal: Signal) -> None: ...


@dataclass(frozen=True, slots=True)
class Began:
    """How a run begins: with what, by what, and inside which others. *over* is told of its end."""

    inputs: Mapping[str, Any]
    trigger: Mapping[str, Any]
    by: str
    prefix: str = ""  # of its paths
    depth: int = 0
    over: "Callable[[Run], None] | None" = None
    hides: bool = False  # all that it gives is secret


@dataclass(slots=True)
class Hall:
    """The stage, the script as far as it is not used up, and everybody who plays."""

    stage: Stage
    timeline: Timeline
    company: Company
    catalogue: Catalogue
    decisions: Cues[Decision]
    stubs: Cues[Answer]
    cast: "Callable[[Hall, Rehearsable, Began], Run]"
    samples: dict[str, Any] = field(default_factory=dict)  # by action
    arrived: list[Arrived] = field(default_factory=list)
    audience: list[Audience] = field(default_factory=list)
    runs: "count[int]" = field(default_factory=lambda: count(1))
    questions: "count[int]" = field(default_factory=lambda: count(1))

    def arrive(self, arrived: Arrived) -> None:
        """Keep an event for those who will wait for it, and tell those who do."""
        self.arrived.append(arrived)
        for each in tuple(self.audience):
            each.hear(arrived)

    def sample(self, action: str) -> Any:
        """Return a sample of what *action* gives; its own copy for everybody."""
        if action not in self.samples:
            self.samples[action] = sample_of(self.catalogue.get(action))
        return deepcopy(self.samples[action])

    def enter(self, piece: Rehearsable, began: "Began", why: str) -> "Run":
        """Begin a run; *why* says what started it."""
        run = self.cast(self, piece, began)
        run.begin(why)
        return run

    def signal(self, signal: Signal) -> None:
        for each in tuple(self.audience):
            each.signalled(signal)


class Run(Protocol):
    """A run that is played, as those who play parts of it know it."""

    @property
    def hall(self) -> Hall: ...
    @property
    def core(self) -> Core: ...
    @property
    def prefix(self) -> str: ...
    @property
    def depth(self) -> int: ...
    @property
    def record(self) -> RunRecord: ...

    def begin(self, why: str) -> None:
        """Start the run; *why* says what started it."""

    def tell(self, fact: Fact) -> None:
        """Have the core hear *fact*, and do what follows."""

    def child_at(self, path: str) -> "Run | None":
        """Return the child that the step at *path* waits for, if it is rehearsed too."""

    def note(self, path: str, kind: Kind, **more: Any) -> None:
        """Put a line about the step at *path* into the timeline."""

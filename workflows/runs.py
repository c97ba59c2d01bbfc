"""A run as its runtime sees it: the row it comes from, the rows of its journal, why it may halt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from baton.errors import BatonError
from coordination.errors import NotFound
from coordination.ports import RunStatus

__all__ = [
    "Entry",
    "Faulted",
    "Found",
    "RunRecord",
    "Stale",
    "StepPlace",
    "StepRecord",
    "UnknownRun",
    "Wakeup",
]

Json = Any


class Faulted(BatonError):
    """A run is halted because its journal does not add up; the sentence says how."""


class Stale(BatonError):
    """The run moved on without us: another life of the program has written to it."""


class UnknownRun(NotFound):
    """There is no run of that id."""

    def __init__(self, run_id: str) -> None:
        super().__init__("run", run_id)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What the store knows of a run beside its journal; *key* is the store's own."""

    key: int
    id: str
    number: int
    workflow: str
    hash: str
    core_version: int
    status: RunStatus
    trigger: Mapping[str, Json]
    inputs: Mapping[str, Json]
    started_by: str
    requested_by: str | None
    thread_key: int | None
    thread_id: str | None
    thread_url: str | None
    seq: int
    created_at: datetime
    started_at: datetime | None
    children: Mapping[str, str] | None = None  # the revisions that were pinned at its start
    held: bool = False  # it waits for a place, so nobody begins it
    counted: bool = False  # among those that share a limited number of places
    parent_key: int | None = None
    priority: str | None = None  # high or low
    restored: bool = False  # a restore found it open: it asks before what is not repeatable


# Not frozen, as `RunAction` of the core: each step makes several. Nothing changes one once it is made.
@dataclass(slots=True)
class Entry:
    """One row of a journal; *sum* is over all the rest of it."""

    seq: int
    path: str | None
    kind: str
    attempt: int | None
    delivery_id: str | None
    at: datetime
    fence: int
    data: str  # canonical JSON
    sum: str


class StepPlace(NamedTuple):
    """What the record of a step says before anything happens to it, and from then on."""

    path: str
    position: int
    name: str
    kind: str
    action: str | None


@dataclass(slots=True)  # likewise
class StepRecord:
    """What people see of a step: secrets masked, large values cut. *log* is the hash of a blob."""

    path: str
    position: int
    name: str
    kind: str
    action: str | None
    status: str
    attempts: int
    redo: int
    input: str | None = None  # JSON
    output: str | None = None  # the same
    error: Json = None
    detail: Json = None  # where it stands if it is inside another step, and how far it is
    due_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wakeup:
    """Something that happened to a run, stored and not yet taken in."""

    key: int
    kind: str
    payload: Mapping[str, Json]
    delivery_id: str


@dataclass(slots=True)
class Found:
    """All that the store holds of a run that somebody is to drive, as one snapshot shows it."""

    run: RunRecord
    entries: list[Entry]
    told: list[Wakeup]

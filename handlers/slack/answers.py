"""What a listener has to say to one person. Facts; `bot.slack.views.answers` draws them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from coordination.definitions import WorkflowView
from coordination.ports import RunView
from coordination.questions import Approval


@dataclass(frozen=True, slots=True)
class Sentence:
    """Plain words; mentions of people show their names, everything else is text."""

    text: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer stands: just now, or *again*, when the very same was given before."""

    approval: Approval
    person: str
    again: bool


@dataclass(frozen=True, slots=True)
class TooLate:
    """Somebody, or the clock, was first."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Changed:
    """The question is another one since; *url* leads to its thread."""

    approval: Approval
    url: str | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A verb as help shows it."""

    name: str
    usage: str
    example: str
    group: str
    about: str


@dataclass(frozen=True, slots=True)
class Help:
    """All verbs, or the few that were asked for."""

    verbs: tuple[Explained, ...]


@dataclass(frozen=True, slots=True)
class Misread:
    """A command that cannot be read: what was typed, where it goes wrong, and how it is written."""

    typed: str
    at: int
    length: int
    why: str
    usage: str


@dataclass(frozen=True, slots=True)
class WorkflowList:
    workflows: tuple[WorkflowView, ...]


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    workflow: WorkflowView


@dataclass(frozen=True, slots=True)
class RunList:
    """Runs, newest first; *more* says that there are older ones."""

    runs: tuple[RunView, ...]
    more: bool
    filters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunPage:
    """Where one run stands; *thread_url* leads to its card."""

    run: RunView
    thread_url: str | None
    just: str | None = None  # what was done to it just now: started, cancelled, retried


@dataclass(frozen=True, slots=True)
class ApprovalList:
    """What waits for one person, or for anybody."""

    approvals: tuple[Approval, ...]
    everybody: bool
    elsewhere: int = 0  # how many more wait for others


Answer: TypeAlias = (
    Sentence
    | Recorded
    | TooLate
    | Changed
    | Help
    | Misread
    | WorkflowList
    | WorkflowPage
    | RunList
    | RunPage
    | ApprovalList
)

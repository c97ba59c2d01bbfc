"""What a listener has to say to one person. Facts; `bot.slack.views.answers` draws them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from coordination.definitions import WorkflowView
from coordination.desk import Desk, Profile, SourceView
from coordination.noise import ChannelPolicy
from coordination.ports import RunView
from coordination.questions import Approval
from coordination.threads_view import ThreadView

ListingKind: TypeAlias = Literal["waiting", "running", "results", "following", "problems"]
ROWS = 10  # of a list at once
WHY = "Why this thread is as it is"
TITLES: Mapping[ListingKind, str] = {
    "waiting": "Waiting on you",
    "running": "Your running runs",
    "results": "Recent results",
    "following": "What you follow",
    "problems": "Problems",
}


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
class OldCard:
    """A button that does nothing any more; *url* leads to the card of today."""

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
class MentionHelp:
    """What can be said to Baton in a thread: words, each with what it does."""

    words: Mapping[str, str]
    why: str = ""  # what was not understood


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
    """A workflow, and the next times of its triggers by the clock, by their ids."""

    workflow: WorkflowView
    upcoming: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """When a workflow starts by the clock: the next times of each trigger that does, by their ids."""

    workflow: WorkflowView
    upcoming: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleList:
    """The workflows that start by the clock; by name, the next times of their triggers."""

    workflows: tuple[WorkflowView, ...]
    upcoming: Mapping[str, Mapping[str, tuple[datetime, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a run of a workflow would do, a line for each thing, and how it stands in the end."""

    name: str
    status: str
    lines: tuple[str, ...]
    waiting_for: str | None


@dataclass(frozen=True, slots=True)
class WorkflowDone:
    """What was done to a workflow just now, and what it may do that was not possible before."""

    workflow: WorkflowView
    just: str
    gains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What one revision of a workflow changes in another: lines of a diff, and what it may do more."""

    name: str
    old: int
    new: int
    text: str
    gains: tuple[str, ...] = ()


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
class UnknownSteps:
    """The steps of a run of which somebody has to say what became of them, with their buttons."""

    run: RunView


@dataclass(frozen=True, slots=True)
class ApprovalList:
    """What waits for one person, or for anybody."""

    approvals: tuple[Approval, ...]
    everybody: bool
    elsewhere: int = 0  # how many more wait for others


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """One approval as its card shows it, with the buttons that alone decide."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Where the work of a thread stands."""

    thread: ThreadView


@dataclass(frozen=True, slots=True)
class ThreadApprovals:
    """What people are asked in a thread; the cards that answer are in it, at *urls* by approval."""

    approvals: tuple[Approval, ...]
    urls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lines:
    """What was found out about something, a sentence each."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Who reports to Baton."""

    sources: tuple[SourceView, ...]


@dataclass(frozen=True, slots=True)
class Problems:
    """What somebody has to look at."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Myself:
    """Who somebody is to Baton; *link* logs them in on the web, once."""

    profile: Profile
    link: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """Something that somebody hears of: *subject* is a workflow, a source, or ``*``."""

    key: int
    subject: str
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Following:
    """What somebody hears of; *just* says what changed."""

    followed: tuple[Followed, ...]
    just: str = ""


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud Baton may be in a channel, how loud it was, and what changed just now."""

    channel: str
    policy: ChannelPolicy
    figures: Mapping[str, object]
    just: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of what Home shows only the beginning of; pages are counted from 0."""

    kind: ListingKind
    page: int
    desk: Desk | None = None
    followed: tuple[Followed, ...] = ()
    problems: tuple[str, ...] = ()


Answer: TypeAlias = (
    Sentence
    | Recorded
    | TooLate
    | Changed
    | OldCard
    | Help
    | MentionHelp
    | Misread
    | WorkflowList
    | WorkflowPage
    | SchedulePage
    | ScheduleList
    | WorkflowDone
    | Difference
    | Rehearsed
    | RunList
    | RunPage
    | UnknownSteps
    | ApprovalList
    | ApprovalPage
    | ThreadPage
    | ThreadApprovals
    | Lines
    | Sources
    | Problems
    | Myself
    | Following
    | Loudness
    | Listing
)

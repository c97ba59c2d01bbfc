"""What people follow: which threads a subscription is about, and which news of them it lets through."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from coordination.database import Reader, Row, Transaction
from coordination.store import preferences as store

FILTERS = ("only", "branch", "source")
ONLY: Mapping[str, frozenset[str]] = {
    "failed": frozenset({"Failed", "Rejected", "Broken", "Stalled"}),
    "needs_you": frozenset({"Needs you"}),
    "ended": frozenset({"Succeeded", "Failed", "Rejected", "Cancelled", "Skipped", "Broken"}),
    "all": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody wants to hear of a workflow, a source, or of all (``*``), where the filters fit."""

    key: int
    person: str
    subject: str
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Followed:
    """A thread as filters look at it: the word of its card, its branches, who reports."""

    word: str
    branches: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()


def followers(tx: Transaction, thread_key: int) -> list[str]:
    """Return who follows something of a thread; their filters are looked at when they are told."""
    return store.followers(tx, thread_key)


async def followed_by(reader: Reader, thread_key: int, person: str) -> tuple[Subscription, ...]:
    """Return for what *person* follows a thread."""
    rows = await store.followed_by(reader, thread_key, person)
    return tuple(subscription(row) for row in rows)


def wants(subscriptions: Iterable[Subscription], thread: Followed) -> bool:
    """Say whether one of *subscriptions* lets the news of *thread* through. Pure."""
    return any(_fits(each.filters, thread) for each in subscriptions)


def subscription(row: Row) -> Subscription:
    return Subscription(row.key, row.person, row.subject, row.filters)


def _fits(filters: Mapping[str, str], thread: Followed) -> bool:
    only = ONLY.get(filters.get("only", "all"), frozenset())
    if only and thread.word not in only:
        return False
    return _one_of(thread.branches, filters.get("branch")) and _one_of(
        thread.sources, filters.get("source")
    )


def _one_of(names: frozenset[str], pattern: str | None) -> bool:
    return pattern is None or any(fnmatchcase(name, pattern) for name in names)

"""The typed strings that tie events together: which an event has, how strong each is, how long it lives.

A strong key leads to one thread. A weak one, as a branch, may stand in many, and counts only where
exactly one of them is open. Pure.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from baton.events import Event, Subject

__all__ = [
    "ALL_WORK_MEETS",
    "KINDS",
    "OPEN_FOR",
    "Kind",
    "Sight",
    "keys_of",
    "kind_of",
    "mark_of",
    "run_key",
    "shared",
    "slack_key",
]

OPEN_FOR = timedelta(days=30)  # a thread of which nobody heard for so long is not open any more
ALL_WORK_MEETS = frozenset({"main", "master", "trunk"})  # branches that tie nothing together


@dataclass(frozen=True, slots=True)
class Kind:
    """What the word before the colon of a key says.

    Args:
        shared: what two events with such a key have in common, for people.
        life: how long the key lives on after its thread was last heard of; while something goes on
            there, it lives anyhow.
        strong: whether it leads to one thread only.
        seen: whether its life counts from when the key itself was last seen.
    """

    shared: str
    life: timedelta
    strong: bool = True
    seen: bool = False


KINDS: Mapping[str, Kind] = {
    "run": Kind("run id", timedelta(days=30)),
    "corr": Kind("correlation id", timedelta(days=30)),
    "trace": Kind("trace", timedelta(hours=24)),
    "ci": Kind("CI run", timedelta(days=30)),
    "agent": Kind("agent session", timedelta(days=7)),
    "deploy": Kind("deployment", timedelta(days=7)),
    "suite": Kind("check suite", timedelta(days=7)),
    "slack": Kind("Slack thread", timedelta(days=30)),
    "group": Kind("group of alerts", timedelta(0)),
    "pr": Kind("pull request", timedelta(days=7), strong=False),
    "sha": Kind("commit", timedelta(days=7), strong=False, seen=True),
    "branch": Kind("branch", timedelta(hours=24), strong=False),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """A thread that has a key, as the store shows it.

    Args:
        thread_key: the thread.
        thread_id: as people see it.
        heard_at: when something was last heard of the thread.
        seen_until: until when a key that counts from its own sight lives.
        used: whether any process ever was in the thread.
        going: whether one of them has not ended.
        archived: whether the thread was put away.
    """

    thread_key: int
    thread_id: str
    heard_at: datetime
    seen_until: datetime | None
    used: bool
    going: bool
    archived: bool

    def alive(self, kind: Kind, now: datetime) -> bool:
        """Say whether a key of *kind* still leads here."""
        if kind.seen:
            return self.seen_until is not None and self.seen_until > now
        going = self.going and self.heard_at + OPEN_FOR > now
        return going or self.heard_at + kind.life > now

    def open(self, kind: Kind, now: datetime) -> bool:
        """Say whether work goes on here, or may still begin: only then a weak key counts."""
        return self.alive(kind, now) and not self.archived and (self.going or not self.used)


def kind_of(key: str) -> Kind:
    """Return what the word before the colon says. Raises: KeyError."""
    return KINDS[key.partition(":")[0]]


def shared(key: str) -> str:
    """Say what two things with this key have in common."""
    return f"same {kind_of(key).shared}"


def keys_of(event: Event) -> tuple[str, ...]:
    """Return the typed strings that tie *event* to others, in the order in which they are tried."""
    return tuple(dict.fromkeys(_keys(event)))


def mark_of(names: Sequence[str], now: datetime) -> str | None:
    """Return a short mark of these keys on this day: while it stays the same, nothing is to be tied.

    A day, since a key that counts from when it was seen has to be seen again now and then.
    """
    if not names:
        return None
    said = "\n".join((now.date().isoformat(), *names))
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def slack_key(channel: str, ts: str) -> str:
    """Return the key of a Slack thread; *ts* is that of its root."""
    return f"slack:{channel}:{ts}"


def run_key(ref: str) -> str:
    """Return the key of a ``run_id`` that a thread learned after it was opened."""
    return f"run:{ref}"


def _keys(event: Event) -> Iterator[str]:
    if event.correlation_id:
        yield f"corr:{event.namespace}:{event.correlation_id}"
    if event.trace_id:
        yield f"trace:{event.trace_id}"
    yield from (_told(key, event.source) for key in event.keys)
    if event.thread_ts and event.channel:
        yield slack_key(event.channel, event.thread_ts)
    if event.subject is not None:
        yield from _of_subject(event.subject)


def _told(key: str, source: str) -> str:
    """Write a tool's own key in the one form: hosts and repositories do not differ by case."""
    kind, _, called = key.partition(":")
    if kind == "group":  # whatever the tool calls it, it is a group of this source
        return f"group:{source}:{called}"
    if kind in ("agent", "slack"):  # that of a Slack thread is Baton's own: no tool can tell one
        return key
    place, colon, number = called.rpartition(":")
    return f"{kind}:{place.lower()}{colon}{number}"


def _of_subject(subject: Subject) -> Iterator[str]:
    """A pull request is asked for in one repository; its branch and commits may be a fork's."""
    head = (subject.head_repo or subject.repo or "").lower()
    if subject.repo and subject.pr is not None:
        yield f"pr:{subject.repo.lower()}!{subject.pr}"
    if head and subject.sha:
        yield f"sha:{head}@{subject.sha.lower()}"
    if head and subject.ref and _is_own_branch(subject, subject.ref):
        yield f"branch:{head}#{subject.ref}"


def _is_own_branch(subject: Subject, ref: str) -> bool:
    """Say whether *ref* is a branch of some work: no tag, no detached head, not where all meets."""
    if subject.type == "tag" or ref == "HEAD" or ref.startswith(("refs/", "tags/")):
        return False
    return ref not in ALL_WORK_MEETS and ref != subject.default_branch

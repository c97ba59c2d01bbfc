"""The event: an immutable fact that somebody reported."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Literal

from baton.names import matches_name
from baton.parts import (
    Actor,
    Adapter,
    ApprovalRequest,
    ErrorInfo,
    Link,
    NextStep,
    Option,
    Parent,
    Progress,
    Subject,
)
from baton.status import ALIASES, TIMEOUT_WORDS, Status, read_status

__all__ = [
    "ALIASES",
    "KEY_KINDS",
    "TIMEOUT_WORDS",
    "TOO_OLD",
    "WIRE_PREFIX",
    "Actor",
    "Adapter",
    "ApprovalRequest",
    "ErrorInfo",
    "Event",
    "Link",
    "NextStep",
    "Option",
    "Parent",
    "Progress",
    "Status",
    "Subject",
    "event_names",
    "format_time",
    "matches_name",
    "plain",
    "read_status",
]

WIRE_PREFIX = "dev.baton.process."
TOO_OLD = timedelta(days=30)
_AS_THEY_ARE = frozenset({str, int, float, bool, dict})
KEY_KINDS = ("ci", "agent", "deploy", "suite", "group")


@dataclass(frozen=True, kw_only=True)  # no slots: most of its many members stay at their defaults
class Event:
    """One fact, as Baton stores it. Times are aware and in UTC.

    ``kind`` is ``process`` for an event that moves a process (it has a ``process_id`` and a
    ``status``) and ``event`` for any other (it has neither, and its ``type`` says what it is).
    ``keys`` tie it to other events, as ``ci:github.com:4711``; `KEY_KINDS` names their kinds.
    """

    event_id: str
    id: str
    kind: Literal["process", "event"]
    type: str
    source: str
    namespace: str
    occurred_at: datetime
    received_at: datetime
    seq: int | None = None
    source_detail: str | None = None
    process_id: str | None = None
    attempt: int | None = None
    attempt_key: str | None = None
    name: str | None = None
    category: str | None = None
    status: Status | None = None
    started_at: datetime | None = None
    sequence: int | None = None
    heartbeat: bool = False
    lease_s: int | None = None
    message: str | None = None
    progress: Progress | None = None
    result: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    data: Mapping[str, Any] | None = None
    error: ErrorInfo | None = None
    links: tuple[Link, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    parent: Parent | None = None
    run_id: str | None = None
    channel: str | None = None
    thread_ts: str | None = None
    workflow: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    keys: tuple[str, ...] = ()
    subject: Subject | None = None
    actor: Actor | None = None
    approval: ApprovalRequest | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    correction: bool = False
    warnings: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    adapter: Adapter | None = None
    expired: bool = False  # it arrived after the time that its producer set for it

    @property
    def too_old(self) -> bool:
        """Say whether the event came too late, or 30 days late, to fire a trigger."""
        return self.expired or self.received_at - self.occurred_at > TOO_OLD

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> "Event":
        """Return the event of these members, as ``Event(**members)`` in a fraction of its time.

        Nothing is copied into the event for a member that is not given: its default stays with the
        class. Whether none is missing or misnamed is up to the caller.
        """
        event = object.__new__(cls)
        event.__dict__.update(members)
        event.__dict__.setdefault("labels", {})
        return event

    def to_json(self) -> dict[str, Any]:
        """Return the canonical form: plain JSON values, RFC 3339 times, no nulls, no defaults."""
        defaults = _defaults_of_event()
        return {
            name: member if type(member) in _AS_THEY_ARE else plain(member)
            for name, member in self.__dict__.items()
            if member is not (default := defaults[name]) and (default is None or member != default)
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Event":
        """Read back what :meth:`to_json` wrote. Members of a later version are left out.

        Raises:
            ValueError, TypeError, KeyError: *body* was not written by :meth:`to_json`.
        """
        event: Event = _build(cls, body)
        return event


def event_names(event: Event) -> frozenset[str]:
    """Return every name under which triggers and waits know *event*; a heartbeat has none."""
    if event.heartbeat:
        return frozenset()
    if event.status is None:
        return frozenset({event.type})
    words = [event.status.value] + (["ended"] if event.status.terminal else [])
    stems = {"process", event.category or "process"}
    return frozenset(f"{stem}.{word}" for stem in stems for word in words)


@lru_cache(maxsize=256)  # of one event the same times are written several times over
def format_time(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, with microseconds where it has them."""
    local = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return local.isoformat().replace("+00:00", "Z")


def _object(value: Any) -> dict[str, Any]:
    names, defaults, each = _members(value.__class__)
    return {
        name: member if type(member) in _AS_THEY_ARE else plain(member)
        for name, default, member in zip(names, defaults, each(value), strict=True)
        if member is not default and member != default
    }


@cache
def _defaults_of_event() -> dict[str, Any]:
    return {each.name: _default(each) for each in fields(Event)}


@cache
def _members(kind: Any) -> tuple[tuple[str, ...], tuple[Any, ...], Callable[[Any], Any]]:
    """Return the names of a dataclass's members, their defaults, and what gets them all at once."""
    names = tuple(each.name for each in fields(kind))
    return names, tuple(_default(each) for each in fields(kind)), attrgetter(*names)


def _default(each: Field[Any]) -> Any:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default


def plain(value: Any) -> Any:
    """Return a part of an event as :meth:`Event.to_json` writes it."""
    kind = type(value)
    if kind is datetime:
        return format_time(value)
    if kind is Status:
        return str(value)
    if kind is tuple:
        return [plain(item) for item in value]
    if kind is Adapter:
        return dict(_of_adapter(value))
    return _object(value) if hasattr(value, "__dataclass_fields__") else value


@lru_cache(maxsize=64)  # there are few, and each event has one
def _of_adapter(adapter: Adapter) -> Mapping[str, Any]:
    return _object(adapter)


def _build(cls: Any, body: Mapping[str, Any]) -> Any:
    known = frozenset(_members(cls)[0])
    readers = _READERS.get(cls, {})
    return cls(
        **{
            name: readers[name](value) if name in readers else value
            for name, value in body.items()
            if name in known
        }
    )


def _one(cls: type) -> Callable[[Any], Any]:
    return lambda body: _build(cls, body)


def _many(cls: type) -> Callable[[Any], Any]:
    return lambda bodies: tuple(_build(cls, body) for body in bodies)


_READERS: Mapping[type, Mapping[str, Callable[[Any], Any]]] = {
    Event: {
        "occurred_at": datetime.fromisoformat,
        "received_at": datetime.fromisoformat,
        "started_at": datetime.fromisoformat,
        "status": Status,
        "progress": _one(Progress),
        "error": _one(ErrorInfo),
        "links": _many(Link),
        "next_steps": _many(NextStep),
        "parent": _one(Parent),
        "subject": _one(Subject),
        "actor": _one(Actor),
        "approval": _one(ApprovalRequest),
        "keys": tuple,
        "warnings": tuple,
        "truncated": tuple,
        "adapter": _one(Adapter),
    },
    ApprovalRequest: {
        "options": _many(Option),
        "approvers": tuple,
        "expires_at": datetime.fromisoformat,
    },
}

"""What happens to a rehearsed run from outside: events in their canonical form, signals, and the rest.

An event is written as Baton stores it; what nobody cares about when they write one by hand (its ids,
its times, where it came from) is filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from baton.events import WIRE_PREFIX, Event, format_time
from baton.status import Status
from coordination.occasions import KINDS
from workflows.language.durations import InvalidDuration, parse_duration
from workflows.language.suggestions import did_you_mean

__all__ = [
    "ENDING",
    "Happening",
    "Misread",
    "Other",
    "Signal",
    "event_of",
    "read_happening",
    "told",
]

SOURCE: Final = "rehearsal"
ENDING: Final = "workflow"  # a trigger of this kind is about the end of another run
OTHERS: Final = (*KINDS, ENDING)
RUN: Final = ("workflow", "status")
SIGNAL: Final = ("signal", "payload", "by")


class Misread(ValueError):
    """Something in a script cannot be meant; *hint*, a sentence of its own, says what to write."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        self.message, self.hint = message, hint
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Signal:
    """What somebody sends to the run."""

    name: str
    payload: Any
    by: str


@dataclass(frozen=True, slots=True)
class Other:
    """What starts a run and is no event: *facts* is what its `trigger` holds."""

    kind: str
    facts: Mapping[str, Any]


Content: TypeAlias = Mapping[str, Any] | Signal | Other


@dataclass(frozen=True, slots=True)
class Happening:
    """Something from outside, *after* so long from the start. Number *number* of its file, from 0."""

    content: Content
    after: timedelta
    number: int


def read_happening(body: Any, *, number: int) -> Happening:
    """Read an event, a signal (``{signal: name, payload}``), or what else a trigger may be about.

    Raises:
        Misread: it is none of them.
    """
    if not isinstance(body, Mapping):
        raise Misread("an event is a map")
    members = dict(body)
    after = _after(members.pop("at", "0s"))
    if "signal" in members:
        return Happening(_signal(members), after, number)
    if members.get("kind") in OTHERS:
        return Happening(_other(str(members["kind"]), members), after, number)
    content = _members(members)
    event_of(content, number=number, at=datetime.fromisoformat("2000-01-01T00:00:00+00:00"))
    return Happening(content, after, number)


def event_of(members: Mapping[str, Any], *, number: int, at: datetime) -> Event:
    """Return the event of these *members*, with what they leave out filled in.

    Raises:
        Misread: a member does not have its canonical form.
    """
    moment, own = format_time(at), f"ev_{SOURCE}_{number}"
    source = members.get("source", SOURCE)
    filled = {
        "event_id": own,
        "id": own,
        "source": source,
        "namespace": source,
        "occurred_at": moment,
        "received_at": moment,
    }
    try:
        return Event.from_json({**filled, **members})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Misread(f"this is no event in its canonical form: {error}") from None


def told(event: Event) -> dict[str, Any]:
    """Return *event* as expressions see it: its canonical fields, and the name of its process."""
    body = event.to_json()
    if event.kind == "process":
        body["name"] = event.name or event.process_id
    return body


def _other(kind: str, members: Mapping[str, Any]) -> Other:
    if kind == ENDING and not all(isinstance(members.get(key), str) for key in RUN):
        raise Misread("the end of a run names its `workflow` and its `status`")
    return Other(kind, members)


def _signal(members: Mapping[str, Any]) -> Signal:
    _refuse_unknown(members, SIGNAL)
    name, by = members["signal"], members.get("by", SOURCE)
    if not isinstance(name, str) or not isinstance(by, str):
        raise Misread("`signal` and `by` are text")
    return Signal(name, members.get("payload"), by)


def _members(members: dict[str, Any]) -> dict[str, Any]:
    """Complete what says of which kind an event is: a status makes it a process event."""
    _refuse_unknown(members, [each.name for each in fields(Event)])
    type_ = members.get("type")
    if "status" not in members and isinstance(type_, str):
        stem, _, word = type_.removeprefix(WIRE_PREFIX).rpartition(".")
        if word in {each.value for each in Status} and "." not in stem:
            members["status"] = word
            if stem not in ("", "process"):
                members.setdefault("category", stem)
    if "status" in members:
        status = _status(members["status"])
        named = members.get("name") or f"{SOURCE}-1"
        return {"process_id": named, **members, "kind": "process", "type": WIRE_PREFIX + status}
    if not isinstance(type_, str):
        raise Misread("an event needs a `type`, as `test.completed`, or a `status`")
    return {**members, "kind": "event"}


def _status(value: Any) -> str:
    try:
        return Status(value).value
    except ValueError:
        hint = did_you_mean(str(value), [each.value for each in Status])
        raise Misread(f"there is no status {value!r}", hint) from None


def _after(value: Any) -> timedelta:
    if not isinstance(value, str):
        raise Misread("`at` is a text as `5m`: the time from the start")
    try:
        return parse_duration(value, zero=True)
    except InvalidDuration as error:
        raise Misread(f"`at`: {error.message}", error.hint) from None


def _refuse_unknown(members: Mapping[str, Any], known: Any) -> None:
    for key in members:
        if key not in known:
            hint = did_you_mean(str(key), known) or "It would be ignored."
            raise Misread(f"there is no member `{str(key)[:80]}`", hint)

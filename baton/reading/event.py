"""From a body to an event: strict, because this is Baton's own door."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from baton.errors import InvalidEvent
from baton.events import TOO_OLD, WIRE_PREFIX, Event
from baton.masking import mask
from baton.parts import Adapter, ErrorInfo
from baton.reading.approval import read_approval
from baton.reading.freeform import read_free, read_labels
from baton.reading.members import Findings, Members
from baton.reading.parts import (
    SLUG,
    read_actor,
    read_error,
    read_keys,
    read_links,
    read_next_steps,
    read_parent,
    read_subject,
)
from baton.reading.progress import read_progress
from baton.reading.text import clean, shorten
from baton.status import TIMEOUT_WORDS, Status, fold, read_status

__all__ = ["Reading", "Source", "read_event", "warning_text"]

_ALIASES = (
    ("process_name", "name"),
    ("results", "result"),
    ("timestamp", "occurred_at"),
    ("time", "occurred_at"),
    ("text", "message"),
    ("state", "status"),
    ("workflow_id", "run_id"),
)
_SERVER_SET = ("event_id", "seq", "received_at", "namespace", "adapter", "warnings", "truncated")
_AHEAD = timedelta(minutes=5)
_ADAPTER = Adapter("notify")

_CATEGORY = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)
_TYPE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9._:-]{1,100}", re.ASCII)
_CHANNEL = re.compile(r"#[^\s#@<>,]{1,79}|[CDG][A-Z0-9]{2,30}")
_THREAD_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """Who delivers, as their credential says; nothing in a body can say otherwise."""

    source: str
    namespace: str
    kind: str
    may_choose_channel: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """An event, and what was noticed on the way: pairs of a JSON pointer and a sentence.

    *taken_from* says from where a member came, if not from the one of its own name: ``name`` from
    ``process_name``. An ``id`` that comes from nowhere was made up. *identity* is under what its
    producer says to know it, where that is more than its id.
    """

    event: Event
    warnings: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    taken_from: Mapping[str, str] = field(default_factory=dict)
    identity: str | None = None


def read_event(
    body: object,
    *,
    credential: Source,
    received_at: datetime,
    event_id: str,
    new_id: Callable[[], str],
    traceparent: str | None = None,
) -> Reading:
    """Read one event as ``POST /v1/notify`` takes it. Nothing here asks for the time or an id.

    Args:
        body: what :func:`parse_json` or :func:`parse_form` returned.
        credential: where the delivery comes from.
        received_at: now, in UTC.
        event_id: Baton's own id for this event.
        new_id: makes the producer's id where the body gives none.
        traceparent: the header of that name; one that cannot be read is passed over.

    Raises:
        InvalidEvent: the body is not an event; it holds every problem with its place.
    """
    if not isinstance(body, Mapping):
        raise InvalidEvent([("", "an event is a JSON object")])
    findings = Findings()
    members = Members(_without_aliases(body, findings), "", findings)
    values = _read(members, credential, received_at, traceparent)
    members.close()
    if findings.problems:
        raise InvalidEvent(findings.problems)
    producer_id = values.pop("id")
    if producer_id is None:
        findings.taken_from["id"] = ""
    event = Event(
        event_id=event_id,
        id=producer_id or new_id(),
        source=credential.source,
        namespace=credential.namespace,
        received_at=received_at,
        adapter=_ADAPTER,
        warnings=tuple(warning_text(*warning) for warning in findings.warnings),
        truncated=tuple(findings.truncated),
        **values,
    )
    return Reading(event, tuple(findings.warnings), tuple(findings.dropped), findings.taken_from)


def warning_text(pointer: str, detail: str) -> str:
    """Say in one sentence what was noticed, and where."""
    if detail.startswith("unknown field"):  # it names its place itself
        return detail
    return f"{pointer[1:].replace('/', '.')}: {detail}" if pointer else detail


def _without_aliases(body: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    plain = {name: value for name, value in body.items() if value is not None}
    for alias, name in _ALIASES:
        if alias not in plain:
            continue
        value = plain.pop(alias)
        if name in plain:
            findings.drop(f"/{alias}", f'"{name}" is given too, and counts')
        else:
            plain[name] = value
            findings.taken_from[name] = alias
    return plain


def _read(
    body: Members, credential: Source, received_at: datetime, traceparent: str | None
) -> dict[str, Any]:
    values = _identity(body, credential)
    values |= _times(body, received_at)
    values |= _description(body, credential.namespace, values)
    values |= _routing(body, credential)
    values |= _trace(body, traceparent)
    return values


def _identity(body: Members, credential: Source) -> dict[str, Any]:
    values: dict[str, Any] = {"source_detail": _server_set(body)}
    values["id"] = body.name("id", 256)
    values |= _kind(body, credential)
    values["attempt"] = body.integer("attempt", 1, 10_000)
    values["attempt_key"] = body.name("attempt_key", 100)
    values["name"] = body.text("name", 200)
    values["category"] = body.name("category", 40, _CATEGORY)
    values["correction"] = body.flag("correction")
    values["heartbeat"] = body.flag("heartbeat")
    values["lease_s"] = body.integer("lease_s", 30, 86_400)
    return values


def _server_set(body: Members) -> str | None:
    """Pass over what only Baton may say; the body's word for its source is kept as a detail."""
    for name in _SERVER_SET:
        if body.take(name) is not None:
            body.findings.drop(body.at(name), "is set by Baton; ignored")
    if not body.has("source"):
        return None
    body.findings.drop(body.at("source"), "is set by the token; kept as source_detail")
    detail = body.take("source")
    if not isinstance(detail, str):
        return None
    return shorten(mask(clean(detail, lines=False)), 200) or None


def _kind(body: Members, credential: Source) -> dict[str, Any]:
    asked = body.choice("kind", ("process", "event"), "")
    given = body.has("status")
    status, timed_out = _status(body)
    named = body.name("type", 200, _TYPE)
    process_id = body.name("process_id", 200)
    if asked == "process" or given or named is None:
        values = _process(body, asked, (status, timed_out), process_id)
        if named not in (None, values["type"]):
            body.findings.drop("/type", "counts only without a status")
        return values
    return _plain_event(body, credential, named, process_id)


def _process(
    body: Members, asked: str, said: tuple[Status | None, bool], process_id: str | None
) -> dict[str, Any]:
    status, timed_out = said
    if asked == "event":
        body.findings.problem("/kind", "an event of kind event has a type and no status")
    if status is None and not _told(body, "/status"):
        body.findings.problem("/status", "is required; an event without a status needs a type")
    if process_id is None and not _told(body, "/process_id"):
        body.findings.problem("/process_id", "is required")
    wire_type: str = WIRE_PREFIX + (status.value if status else "")
    return {
        "kind": "process",
        "type": wire_type,
        "status": status,
        "process_id": process_id,
        "error": _error(body, timed_out=timed_out),
    }


def _plain_event(
    body: Members, credential: Source, named: str, process_id: str | None
) -> dict[str, Any]:
    if named.startswith("dev.baton."):
        body.findings.problem("/type", "begins with dev.baton., which is Baton's; give a status")
    if process_id is not None:
        body.findings.drop("/process_id", "counts only together with a status")
    own = f"{credential.kind}."
    kind: Literal["event"] = "event"
    return {
        "kind": kind,
        # The first part is the kind of the source: nobody reports in the name of another tool.
        "type": named if named.startswith(own) else own + named,
        "error": _error(body, timed_out=False),
    }


def _told(body: Members, pointer: str) -> bool:
    return any(place == pointer for place, _ in body.findings.problems)


def _status(body: Members) -> tuple[Status | None, bool]:
    word = body.typed("status", str)
    if word is None:
        return None, False
    try:
        return read_status(word), fold(word) in TIMEOUT_WORDS
    except ValueError as error:
        body.findings.problem("/status", str(error))
        return None, False


def _error(body: Members, *, timed_out: bool) -> ErrorInfo | None:
    error = read_error(body)
    if not timed_out or (error is not None and error.type is not None):
        return error
    if error is None:
        return ErrorInfo(type="timeout")
    return ErrorInfo(message=error.message, type="timeout", url=error.url)


def _times(body: Members, received_at: datetime) -> dict[str, Any]:
    occurred_at = _past(body, "occurred_at", received_at) or received_at
    if received_at - occurred_at > TOO_OLD:
        body.findings.warn("/occurred_at", "is over 30 days ago; the event fires no trigger")
    return {
        "occurred_at": occurred_at,
        "started_at": _past(body, "started_at", received_at),
        "sequence": _sequence(body),
    }


def _past(body: Members, name: str, received_at: datetime) -> datetime | None:
    moment = body.time(name)
    if moment is None or moment - received_at <= _AHEAD:
        return moment
    body.findings.warn(body.at(name), "lies in the future; taken as the time of receipt")
    return received_at


def _sequence(body: Members) -> int | None:
    value = body.take("sequence")
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, str):  # no number, so it is kept but does not order
        body.add("metadata", "sequence", shorten(clean(value, lines=False), 200))
        return None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        body.findings.problem("/sequence", "is not a whole number from 0 to 2^53 - 1")
        return None
    return value


def _description(body: Members, namespace: str, values: Mapping[str, Any]) -> dict[str, Any]:
    progress, said = read_progress(body)
    message = body.text("message", 3000, lines=True) or said
    return {
        "message": message or None,
        "progress": progress,
        **read_free(body, ("result", "metadata", "data")),
        "links": read_links(body),
        "next_steps": read_next_steps(body),
        "parent": read_parent(body, namespace, values.get("process_id")),
        "keys": read_keys(body),
        "subject": read_subject(body),
        "actor": read_actor(body),
        "approval": read_approval(body, values.get("status")),
        "labels": read_labels(body),
    }


def _routing(body: Members, credential: Source) -> dict[str, Any]:
    channel = body.name("channel", 80, _CHANNEL)
    thread_ts = body.name("thread_ts", 32, _THREAD_TS)
    if channel and not credential.may_choose_channel:
        body.findings.drop("/channel", "this source may not choose its channel; dropped")
        channel = None
    if thread_ts and channel is None:
        body.findings.drop("/thread_ts", "counts only together with a channel")
        thread_ts = None
    return {
        "channel": channel,
        "thread_ts": thread_ts,
        "run_id": body.name("run_id", 100, _RUN),
        "workflow": body.name("workflow", 100, SLUG),
        "correlation_id": body.name("correlation_id", 256),
        "causation_id": body.name("causation_id", 256),
    }


def _trace(body: Members, header: str | None) -> dict[str, Any]:
    """Take the trace of the body, else of the header. What cannot be read is no error."""
    own = body.take("traceparent")
    trace_id, span_id = body.take("trace_id"), body.take("span_id")
    if isinstance(trace_id, str):
        own = f"00-{trace_id}-{span_id if isinstance(span_id, str) else '1' * 16}-01"
    for text in (own, header):
        found = _TRACE.fullmatch(text.strip()) if isinstance(text, str) else None
        if found and found[1].strip("0") and found[2].strip("0"):
            alone = text is own and trace_id is not None and span_id is None
            return {"trace_id": found[1], "span_id": None if alone else found[2]}
    return {"trace_id": None, "span_id": None}

"""Every member of an event: who reads it, and in which order. Only members that came are looked at."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from baton.events import TOO_OLD
from baton.masking import mask
from baton.reading.approval import read_approval
from baton.reading.delivery import Delivery
from baton.reading.freeform import read_free, read_labels
from baton.reading.kind import read_kind
from baton.reading.members import Members
from baton.reading.parts import (
    SLUG,
    read_actor,
    read_keys,
    read_links,
    read_next_steps,
    read_parent,
    read_subject,
)
from baton.reading.progress import read_progress
from baton.reading.text import clean, shorten

__all__ = ["ALIASES", "SERVER_SET", "read_members"]

ALIASES = (
    ("process_name", "name"),
    ("results", "result"),
    ("timestamp", "occurred_at"),
    ("time", "occurred_at"),
    ("text", "message"),
    ("state", "status"),
    ("workflow_id", "run_id"),
)
SERVER_SET = ("event_id", "seq", "received_at", "namespace", "adapter", "warnings", "truncated")
_FREE = ("result", "metadata", "data")
_AHEAD = timedelta(minutes=5)

_CATEGORY = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)
_RUN = re.compile(r"[A-Za-z0-9._:-]{1,100}", re.ASCII)
_CHANNEL = re.compile(r"#[^\s#@<>,]{1,79}|[CDG][A-Z0-9]{2,30}")
_THREAD_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?", re.ASCII)

_Values = dict[str, Any]
_Part = tuple[
    tuple[str, ...], Callable[[Delivery, _Values], None]
]  # puts what it reads into values


def read_members(one: Delivery) -> dict[str, Any]:
    """Return the members of the event that came, and those that never lack.

    What is wrong with them, and what nobody knows, is noted in the findings of the body.
    """
    body = one.body
    values: _Values = {"occurred_at": one.received_at}
    names = body.names()
    for alias, name in ALIASES:
        if alias in names:
            body.rename(alias, name)
    came = {place for name in names for place in _PLACES.get(name, ())}
    came |= _ALWAYS if one.traceparent is None else _WITH_HEADER
    for place in sorted(came):
        _PARTS[place][1](one, values)
    body.close(_OFFERED)
    return values


def _member(name: str, take: Callable[..., Any], *terms: Any) -> _Part:
    """Return the part that is one member, which has the same name in the event."""

    def put(one: Delivery, values: _Values) -> None:
        values[name] = take(one.body, name, *terms)

    return (name,), put


def _object(name: str, read: Callable[[Members], Any], *others: str) -> _Part:
    """Return the part that *read* makes of the member *name* and of *others*."""

    def put(one: Delivery, values: _Values) -> None:
        values[name] = read(one.body)

    return (name, *others), put


def _server_set(one: Delivery, values: _Values) -> None:
    """Pass over what only Baton may say; the body's word for its source is kept as a detail."""
    body = one.body
    for name in SERVER_SET:
        if body.take(name) is not None:
            body.findings.drop(body.at(name), "is set by Baton; ignored")
    if not body.has("source"):
        return
    body.findings.drop(body.at("source"), "is set by the token; kept as source_detail")
    detail = body.take("source")
    if isinstance(detail, str):
        values["source_detail"] = shorten(mask(clean(detail, lines=False)), 200) or None


def _kind(one: Delivery, values: _Values) -> None:
    values |= read_kind(one)


def _occurred_at(one: Delivery, values: _Values) -> None:
    occurred_at = _past(one.body, "occurred_at", one.received_at) or one.received_at
    if one.received_at - occurred_at > TOO_OLD:
        one.body.findings.warn("/occurred_at", "is over 30 days ago; the event fires no trigger")
    values["occurred_at"] = occurred_at


def _started_at(one: Delivery, values: _Values) -> None:
    values["started_at"] = _past(one.body, "started_at", one.received_at)


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
        body.add("metadata", "sequence", mask(shorten(clean(value, lines=False), 200)))
        return None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        body.findings.problem("/sequence", "is not a whole number from 0 to 2^53 - 1")
        return None
    return value


def _progress(one: Delivery, values: _Values) -> None:
    values["progress"], said = read_progress(one.body)
    values["message"] = one.body.text("message", 3000, lines=True) or said or None


def _free(one: Delivery, values: _Values) -> None:
    values |= read_free(one.body, _FREE)


def _parent(one: Delivery, values: _Values) -> None:
    namespace, process_id = one.credential.namespace, values.get("process_id")
    values["parent"] = read_parent(one.body, namespace, process_id)


def _approval(one: Delivery, values: _Values) -> None:
    values["approval"] = read_approval(one.body, values.get("status"))


def _channel(one: Delivery, values: _Values) -> None:
    """Take the channel, if the source may choose one, and a thread in it."""
    body = one.body
    channel = body.name("channel", 80, _CHANNEL)
    thread_ts = body.name("thread_ts", 32, _THREAD_TS)
    if channel and not one.credential.may_choose_channel:
        body.findings.drop("/channel", "this source may not choose its channel; dropped")
        channel = None
    if thread_ts and channel is None:
        body.findings.drop("/thread_ts", "counts only together with a channel")
        thread_ts = None
    values["channel"], values["thread_ts"] = channel, thread_ts


def _trace(one: Delivery, values: _Values) -> None:
    """Take the trace of the body, else of the header. What cannot be read is no error."""
    body = one.body
    own = body.take("traceparent")
    trace_id, span_id = body.take("trace_id"), body.take("span_id")
    if isinstance(trace_id, str):
        own = f"00-{trace_id}-{span_id if isinstance(span_id, str) else '1' * 16}-01"
    for text in (own, one.traceparent):
        found = _TRACE.fullmatch(text.strip()) if isinstance(text, str) else None
        if found and found[1].strip("0") and found[2].strip("0"):
            alone = text is own and trace_id is not None and span_id is None
            values["trace_id"], values["span_id"] = found[1], None if alone else found[2]
            return


# In this order they are read, and so what is wrong with them is noted.
_PARTS: tuple[_Part, ...] = (
    ((*SERVER_SET, "source"), _server_set),
    _member("id", Members.name, 256),
    (("kind", "status", "type", "process_id", "error"), _kind),
    _member("attempt", Members.integer, 1, 10_000),
    _member("attempt_key", Members.name, 100),
    _member("name", Members.text, 200),
    _member("category", Members.name, 40, _CATEGORY),
    _member("correction", Members.flag),
    _member("heartbeat", Members.flag),
    _member("lease_s", Members.integer, 30, 86_400),
    (("occurred_at",), _occurred_at),
    (("started_at",), _started_at),
    _object("sequence", _sequence),
    (("progress", "message"), _progress),
    # A sequence that is no number becomes a member of the metadata.
    ((*_FREE, "sequence"), _free),
    _object("links", read_links, "link", "url"),
    _object("next_steps", read_next_steps),
    (("parent",), _parent),
    _object("keys", read_keys),
    _object("subject", read_subject),
    _object("actor", read_actor),
    (("approval",), _approval),
    _object("labels", read_labels),
    (("channel", "thread_ts"), _channel),
    _member("run_id", Members.name, 100, _RUN),
    _member("workflow", Members.name, 100, SLUG),
    _member("correlation_id", Members.name, 256),
    _member("causation_id", Members.name, 256),
    (("traceparent", "trace_id", "span_id"), _trace),
)
_NAMES = frozenset(name for names, _ in _PARTS for name in names)
_PLACES = {
    name: tuple(place for place, (names, _) in enumerate(_PARTS) if name in names)
    for name in _NAMES
}
_ALWAYS = frozenset(_PLACES["status"])
_WITH_HEADER = _ALWAYS | {*_PLACES["traceparent"]}
_OFFERED = _NAMES - {"source"}  # to somebody who mistyped a name

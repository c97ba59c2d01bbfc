"""From a CloudEvent, in its JSON form, to an event. Versions 1.0 and 0.3.

What Baton knows of the envelope goes where it belongs; other attributes stand in ``metadata.ce``.

Source: https://github.com/cloudevents/spec/blob/main/cloudevents/formats/json-format.md
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from baton.errors import InvalidEvent, MalformedBody
from baton.events import WIRE_PREFIX
from baton.parts import Adapter
from baton.reading.bodies import parse_json
from baton.reading.event import Reading, warning_text
from baton.reading.text import clean, shorten
from baton.reading.times import read_time

__all__ = ["read_cloud_event"]

_ADAPTER = Adapter("cloudevents")
_REQUIRED = ("id", "source", "specversion", "type")
_VERSIONS = ("1.0", "0.3")
_TEXTS = {
    "time": "occurred_at",
    "correlationid": "correlation_id",
    "causationid": "causation_id",
    "traceparent": "traceparent",
    "sequence": "sequence",
}
_TAKEN = {*_REQUIRED, *_TEXTS, "subject", "expirytime", "data", "data_base64"}
_OF_DATA = {"datacontenttype", "datacontentencoding"}  # said by the form in which the data is kept
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,100}", re.ASCII)
_NO_TYPE = re.compile(r"[^A-Za-z0-9_.-]+|\.(?=\.|$)|^\.", re.ASCII)
_JSON = re.compile(r"[\w.+-]+/(?:[\w.-]+\+)?json\b", re.ASCII | re.IGNORECASE)
_DEPTH = 32


@dataclass(slots=True)
class _Envelope:
    """A CloudEvent that is one, taken apart; *where* says from where a member came."""

    attributes: Mapping[str, Any]
    data: Any
    warnings: list[tuple[str, str]] = field(default_factory=list)
    where: dict[str, str] = field(default_factory=dict)

    @property
    def speaks_baton(self) -> bool:
        """Whether the data is an event in Baton's own words."""
        return isinstance(self.data, Mapping) and any(
            self.data.get(name) is not None for name in ("status", "process_id")
        )

    @property
    def status(self) -> str | None:
        named: str = self.attributes["type"]
        return named.removeprefix(WIRE_PREFIX) if named.startswith(WIRE_PREFIX) else None

    def put(self, members: dict[str, Any], name: str, value: Any, pointer: str) -> None:
        members[name] = value
        self.where[name] = pointer


def read_cloud_event(
    body: object, *, read: Callable[[Mapping[str, Any]], Reading], received_at: datetime
) -> Reading:
    """Read one CloudEvent.

    Args:
        body: the JSON form; what came in headers is brought into it first.
        read: reads what it says, in Baton's words.
        received_at: now, in UTC.

    Raises:
        InvalidEvent: it is none, or what it says is no event; with every problem and its place.
    """
    envelope = _opened(body)
    members = _members(envelope)
    ends = _expiry(envelope)
    try:
        reading = read(members)
    except InvalidEvent as error:
        raise InvalidEvent((_place(envelope, at), says) for at, says in error.problems) from None
    found = ((_place(envelope, at), says) for at, says in reading.warnings)
    warnings = (*envelope.warnings, *found)
    source = envelope.attributes["source"]
    event = replace(
        reading.event,
        source_detail=shorten(clean(source, lines=False), 200) or None,
        expired=ends is not None and ends < received_at,
        adapter=_ADAPTER,
        warnings=tuple(warning_text(*each) for each in warnings),
    )
    identity = f"{source}\n{envelope.attributes['id']}"
    return replace(reading, event=event, warnings=warnings, identity=identity)


def _opened(body: object) -> _Envelope:
    if not isinstance(body, Mapping):
        raise InvalidEvent([("", "a CloudEvent is a JSON object")])
    attributes = {name: value for name, value in body.items() if value is not None}
    problems = [
        (f"/{name}", "is required, as a text that is not empty")
        for name in _REQUIRED
        if not (isinstance(attributes.get(name), str) and attributes[name].strip())
    ]
    if not problems and attributes["specversion"] not in _VERSIONS:
        known = " and ".join(_VERSIONS)
        problems.append(("/specversion", f"is not a version that is known; {known} are"))
    if "data" in attributes and "data_base64" in attributes:
        problems.append(("/data_base64", "excludes data: send one of them"))
    if problems:
        raise InvalidEvent(problems)
    return _Envelope(attributes, _data(attributes))


def _data(attributes: Mapping[str, Any]) -> Any:
    """Return the data as JSON; what is none stays text, or base64 where it is not even that."""
    if attributes.get("datacontentencoding") == "base64" and "data" in attributes:  # of version 0.3
        pointer, coded = "/data", attributes["data"]
    elif "data_base64" in attributes:
        pointer, coded = "/data_base64", attributes["data_base64"]
    else:
        return attributes.get("data")
    try:
        raw = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise InvalidEvent([(pointer, "is not base64")]) from None
    if not _JSON.match(str(attributes.get("datacontenttype", ""))):
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return {"data_base64": coded}
    try:
        return parse_json(raw, _DEPTH)
    except MalformedBody as error:
        raise InvalidEvent([(pointer, str(error))]) from None


def _members(envelope: _Envelope) -> dict[str, Any]:
    """Return what the CloudEvent says, in Baton's words."""
    attributes, data = envelope.attributes, envelope.data
    members = dict(data) if envelope.speaks_baton else {}
    members.pop("source", None)  # the envelope's counts
    envelope.put(members, "id", attributes["id"], "/id")
    for name, member in _TEXTS.items():
        if name in attributes:
            envelope.put(members, member, attributes[name], f"/{name}")
    _identify(envelope, members)
    _describe(envelope, members)
    extras = _extras(envelope, is_process="status" in members)
    if extras:
        own = members.get("metadata")
        members["metadata"] = {**(own if isinstance(own, Mapping) else {}), "ce": extras}
    return members


def _identify(envelope: _Envelope, members: dict[str, Any]) -> None:
    """Say which process it is about, or what type of event it is."""
    attributes = envelope.attributes
    status = envelope.status
    if status is not None:
        if members.get("status") not in (None, status):
            envelope.warnings.append(("/data/status", "the type says another, which counts"))
        envelope.put(members, "status", status, "/type")
        members.pop("type", None)
    if members.get("status") is None and members.get("state") is None:
        members.pop("status", None)
        envelope.put(members, "type", _tidy(envelope), "/type")
        return
    members.pop("type", None)
    if members.get("process_id") is None:
        known = "subject" if attributes.get("subject") else "id"
        envelope.put(members, "process_id", attributes[known], f"/{known}")


def _describe(envelope: _Envelope, members: dict[str, Any]) -> None:
    data = envelope.data
    if envelope.speaks_baton or data is None:
        return
    name = "result" if "status" in members else "data"
    envelope.put(members, name, data if isinstance(data, Mapping) else {"value": data}, "/data")


def _tidy(envelope: _Envelope) -> str:
    """Return the type as triggers can name it."""
    named: str = envelope.attributes["type"]
    tidied = _NO_TYPE.sub(lambda found: "" if found[0] == "." else "-", named)
    if tidied != named:
        envelope.warnings.append(("/type", f"is written {tidied[:100]!r} here"))
    return tidied


def _extras(envelope: _Envelope, *, is_process: bool) -> dict[str, Any]:
    """Return the attributes that mean nothing to Baton, and those that this event has no place for."""
    extras = {}
    for name, value in envelope.attributes.items():
        if name in _TAKEN or name in _OF_DATA:
            continue
        if not _ATTRIBUTE.fullmatch(name):
            shown = clean(name, lines=False)[:100]
            envelope.warnings.append((f"/{shown}", "is no name of an attribute; ignored"))
        elif isinstance(value, str | bool | int):
            extras[name] = value
        else:
            envelope.warnings.append((f"/{name}", "is no text, number or flag; ignored"))
    if is_process and envelope.status is None:
        extras["type"] = envelope.attributes["type"]
    if not is_process and "subject" in envelope.attributes:
        extras["subject"] = envelope.attributes["subject"]
    return extras


def _expiry(envelope: _Envelope) -> datetime | None:
    said = envelope.attributes.get("expirytime")
    if said is None:
        return None
    try:
        return read_time(said)[0]
    except ValueError as error:
        raise InvalidEvent([("/expirytime", str(error))]) from None


def _place(envelope: _Envelope, pointer: str) -> str:
    """Return where in the CloudEvent the member at *pointer* stands."""
    name, slash, rest = pointer[1:].partition("/")
    if name in envelope.where:
        return f"{envelope.where[name]}{slash}{rest}"
    return f"/data{pointer}" if envelope.speaks_baton and name else pointer

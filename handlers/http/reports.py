"""What a report says: each event of a body with what came along, read one by one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import Request

from baton.errors import BatonError, InvalidEvent, MalformedBody
from baton.reading import Reading, parse_json, read_cloud_event, read_event
from coordination.accept import refuse_verdict
from coordination.errors import NotAllowed
from coordination.reporting import Told
from coordination.store.events import Raw
from coordination.tokens import Credential
from handlers.http.bodies import CLOUD, DEPTH
from handlers.http.edge import Edge
from handlers.http.ndjson import Line
from handlers.http.problems import Problem

YES = ("1", "true")
KEPT = ("content-type", "user-agent")  # of the headers of a report: no others are stored
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a whole request says: who reports, and how it wants to be read.

    Args:
        edge: clock and ids.
        credential: whose report it is.
        strict: whether every warning is a mistake.
        traceparent: the header, if it came once.
        key: the client's name for the request.
        delivery: the sender's, of a signed one.
        headers: those that are kept.
        cloud: whether each item is a CloudEvent.
    """

    edge: Edge
    credential: Credential
    strict: bool = False
    traceparent: str | None = None
    key: str | None = None
    delivery: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cloud: bool = False

    def read(self, item: object) -> Reading:
        """Read one item.

        Raises:
            InvalidEvent: it is no event; with ``strict`` also where there is a warning.
            NotAllowed: it wants to decide something.
        """
        now = self.edge.world.clock.now()
        if self.cloud:
            read = partial(self._read, now=now)
            reading = read_cloud_event(item, read=read, received_at=now)
        else:
            reading = self._read(item, now=now)
        refuse_verdict(reading.event)
        if self.strict and reading.warnings:
            raise InvalidEvent(reading.warnings)
        return reading

    def _read(self, item: object, *, now: datetime) -> Reading:
        ids = self.edge.world.ids
        return read_event(
            item,
            credential=self.credential.source,
            received_at=now,
            event_id=ids.new("ev"),
            new_id=partial(ids.new, "id"),
            traceparent=self.traceparent,
        )

    def told(self, reading: Reading, raw: Raw, place: int | None) -> Told:
        """Put to an event what came along; *place* is its own in a list."""
        mark = "" if place is None else f"#{place}"
        return Told(
            reading,
            raw=raw,
            key=self.key and f"{self.key}{mark}",
            delivery=self.delivery and f"{self.delivery}{mark}",
        )


@dataclass(slots=True)
class Report:
    """The good items of a request and the bad ones, each by its place."""

    told: dict[int, Told] = field(default_factory=dict)
    refused: dict[int, BatonError | Problem] = field(default_factory=dict)


def terms_of(request: Request, edge: Edge, credential: Credential) -> Terms:
    """Read the terms of a request.

    Raises:
        Problem: 422 for a key that is none.
    """
    signed = credential.scheme is not None
    return Terms(
        edge,
        credential,
        strict=request.query_params.get("strict") in YES,
        traceparent=once(request, "traceparent"),
        key=idempotency_key(request),
        delivery=once(request, "webhook-id") if signed else None,
        headers=kept(request.headers),
    )


def plain_terms(head: Mapping[str, str], edge: Edge, credential: Credential) -> Terms:
    """Read the terms of a request that has a token, no query, and each header once.

    Raises:
        Problem: 422 for a key that is none.
    """
    key = head.get("idempotency-key")
    return Terms(
        edge,
        credential,
        traceparent=head.get("traceparent"),
        key=None if key is None else key_in([key]),
        headers=kept(head),
    )


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what is stored of the headers of a report."""
    return {name: headers[name][:300] for name in KEPT if name in headers}


def read_one(terms: Terms, item: object, raw: bytes) -> Report:
    """Read a body that is one event. Raises: InvalidEvent, NotAllowed."""
    return Report({0: terms.told(terms.read(item), Raw(raw, terms.headers, item), None)})


def read_list(terms: Terms, items: list[Any]) -> Report:
    """Read each item for itself: a bad one does not take the good ones along."""
    report = Report()
    for place, item in enumerate(items):
        try:
            reading = terms.read(item)
        except (InvalidEvent, NotAllowed) as error:
            report.refused[place] = error
        else:
            raw = Raw(compact(item), terms.headers, item)
            report.told[place] = terms.told(reading, raw, place)
    return report


def read_lines(terms: Terms, lines: list[Line]) -> Report:
    """Read each line for itself."""
    report = Report()
    for line in lines:
        if line.problem is not None:
            report.refused[line.place] = line.problem
            continue
        try:
            item = parse_json(line.text, DEPTH)
            reading = terms.read(item)
        except (MalformedBody, InvalidEvent, NotAllowed) as error:
            report.refused[line.place] = error
        else:
            raw = Raw(line.text, terms.headers, item)
            report.told[line.place] = terms.told(reading, raw, line.place)
    return report


def compact(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()


def once(request: Request, name: str) -> str | None:
    """Return a header that comes once; one that comes twice is passed over."""
    found = request.headers.getlist(name)
    return found[0] if len(found) == 1 else None


def idempotency_key(request: Request) -> str | None:
    """Return the client's key, bare or as a quoted structured string.

    Raises:
        Problem: 422.
    """
    return key_in(request.headers.getlist("idempotency-key"))


def key_in(found: Sequence[str]) -> str | None:
    """Return the client's key out of every header that gives one. Raises: Problem, 422."""
    if not found:
        return None
    bare = found[0].strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if len(found) > 1 or not 0 < len(bare) <= 256 or not bare.isprintable() or bare == '"':
        raise Problem(422, "Send one Idempotency-Key of 1 to 256 printable characters.")
    return bare


def single_type(cloud: bool) -> str:  # noqa: FBT001 - the one thing it depends on
    return CLOUD if cloud else JSON_TYPE

"""`POST /v1/notify`: what tools report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from baton.errors import BatonError, InvalidEvent
from baton.reading import Reading, read_event
from coordination.accept import Accepted, refuse_verdict
from coordination.correlation import keys_of
from coordination.errors import NotAllowed
from coordination.tokens import Credential
from handlers.http.auth import CredentialOf
from handlers.http.bodies import decoded, media_type, raw_body
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import NOTIFY
from handlers.http.problems import Problem, summary, translated
from handlers.http.shapes import accepted_json

ITEMS = 500
YES = ("1", "true")

router = APIRouter(tags=["notify"])


@dataclass(frozen=True, slots=True)
class Report:
    """A request as it was read: the good items and the bad ones, each by its place."""

    count: int
    readings: Mapping[int, Reading]
    refused: Mapping[int, BatonError]
    raw: bytes

    @property
    def items(self) -> tuple[Reading, ...]:
        return tuple(self.readings.values())


@router.post("/v1/notify", status_code=202, openapi_extra=NOTIFY)
async def notify(request: Request, edge: EdgeOf, credential: CredentialOf) -> JSONResponse:
    """Report what a process does. 202 means that it is stored."""
    kind = media_type(request)
    raw = await raw_body(request)
    body = decoded(kind, raw)
    report = read_report(request, edge, credential, body, raw)
    if not isinstance(body, list):
        for error in report.refused.values():
            raise error
    dry = request.query_params.get("dry_run") in YES
    accepted = await edge.coordinator.accept(
        credential,
        report.items,
        raw=raw,
        idempotency_key=idempotency_key(request),
        dry_run=dry,
    )
    return rehearsed(report) if dry else recorded(report, accepted)


def read_report(
    request: Request, edge: Edge, credential: Credential, body: Any, raw: bytes
) -> Report:
    """Read each item for itself: a bad one does not take the good ones along.

    Raises:
        Problem: 413 for too many items.
    """
    items = body if isinstance(body, list) else [body]
    if len(items) > ITEMS:
        raise Problem(
            413, f"{len(items)} events are too many for one request; send {ITEMS} at most."
        )
    readings: dict[int, Reading] = {}
    refused: dict[int, BatonError] = {}
    for place, item in enumerate(items):
        try:
            readings[place] = read_item(request, edge, credential, item)
        except (InvalidEvent, NotAllowed) as error:
            refused[place] = error
    return Report(len(items), readings, refused, raw)


def read_item(request: Request, edge: Edge, credential: Credential, item: object) -> Reading:
    """Read one event; with ``strict=1`` every warning is a mistake.

    Raises:
        InvalidEvent: it is none.
        NotAllowed: it wants to decide something.
    """
    reading = read_event(
        item,
        credential=credential.source,
        received_at=edge.world.clock.now(),
        event_id=edge.world.ids.new("ev"),
        new_id=lambda: edge.world.ids.new("id"),
        traceparent=trace_of(request),
    )
    refuse_verdict(reading.event)
    if reading.warnings and request.query_params.get("strict") in YES:
        raise InvalidEvent(reading.warnings)
    return reading


def trace_of(request: Request) -> str | None:
    """Return the header ``traceparent``; one that comes twice is passed over."""
    found = request.headers.getlist("traceparent")
    return found[0] if len(found) == 1 else None


def recorded(report: Report, accepted: Sequence[Accepted]) -> JSONResponse:
    """Answer with what became of each item, in its place."""
    results: list[Any] = [None] * report.count
    for place, one in zip(report.readings, accepted, strict=True):
        results[place] = accepted_json(one)
    for place, error in report.refused.items():
        results[place] = {"index": place, "problem": summary(translated(error))}
    headers = {}
    if accepted and not report.refused and all(one.duplicate for one in accepted):
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse({"results": results}, status_of(report), headers)


def status_of(report: Report) -> int:
    if not report.refused:
        return 202
    return 200 if report.readings else 422


def rehearsed(report: Report) -> JSONResponse:
    """Answer with what would be stored, and under which keys; nothing is."""
    events = [reading.event for reading in report.items]
    body: dict[str, Any] = {
        "events": [event.to_json() for event in events],
        "ignored": None,
        "keys": list(dict.fromkeys(key for event in events for key in keys_of(event))),
        "warnings": [warning for event in events for warning in event.warnings],
    }
    if report.refused:
        body["problems"] = [
            {"index": place, "problem": summary(translated(error))}
            for place, error in report.refused.items()
        ]
    return JSONResponse(body)


def idempotency_key(request: Request) -> str | None:
    """Return the client's key, bare or as a quoted structured string.

    Raises:
        Problem: 422.
    """
    found = request.headers.getlist("idempotency-key")
    if not found:
        return None
    bare = found[0].strip().removeprefix('"').removesuffix('"')
    if len(found) > 1 or not 0 < len(bare) <= 256 or not bare.isprintable():
        raise Problem(422, "Send one Idempotency-Key of 1 to 256 printable characters.")
    return bare

"""`POST /v1/notify`: what tools report."""

import hashlib
from collections.abc import Mapping
from typing import Any

from coordination.tokens import Credential
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from baton.errors import InvalidEvent
from baton.reading import Reading, read_event
from handlers.http.auth import CredentialOf
from handlers.http.bodies import decoded, media_type, raw_body
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import NOTIFY, refusals
from handlers.http.problems import Problem
from handlers.http.shapes import accepted_json

ITEMS = 500

router = APIRouter(tags=["notify"])


@router.post(
    "/v1/notify",
    status_code=202,
    openapi_extra=NOTIFY,
    responses=refusals(400, 401, 403, 409, 413, 415, 422, 503),
)
async def notify(request: Request, edge: EdgeOf, credential: CredentialOf) -> JSONResponse:
    """Report what a process does. 202 means that it is stored."""
    if not credential.scopes & {"notify", "admin"}:
        raise Problem(403, "This token lacks the scope 'notify'.")
    raw = await raw_body(request)
    body = decoded(media_type(request), raw)
    items = body if isinstance(body, list) else [body]
    if len(items) > ITEMS:
        raise Problem(
            413, f"{len(items)} events are too many for one request; send {ITEMS} at most."
        )
    readings, problems = read_all(items, edge, credential, request)
    strict = request.query_params.get("strict") == "1"
    if not isinstance(body, list):
        refuse_one(readings, problems, strict=strict)
    if request.query_params.get("dry_run") == "1":
        return JSONResponse({"events": [one.event.to_json() for one in readings.values()]})
    return await store(request, edge, credential, (readings, problems), raw, len(items))


def read_all(
    items: list[Any], edge: Edge, credential: Credential, request: Request
) -> tuple[dict[int, Reading], dict[int, InvalidEvent]]:
    """Read each item for itself: a bad one does not take the good ones along."""
    readings: dict[int, Reading] = {}
    problems: dict[int, InvalidEvent] = {}
    for place, item in enumerate(items):
        try:
            readings[place] = read_event(
                item,
                credential=credential.source,
                received_at=edge.world.clock.now(),
                event_id=edge.world.ids.new("ev"),
                new_id=lambda: edge.world.ids.new("id"),
                traceparent=request.headers.get("traceparent"),
            )
        except InvalidEvent as error:
            problems[place] = error
    return readings, problems


def refuse_one(
    readings: Mapping[int, Reading], problems: Mapping[int, InvalidEvent], *, strict: bool
) -> None:
    for error in problems.values():
        raise error
    for reading in readings.values():
        if strict and reading.warnings:
            raise InvalidEvent(reading.warnings)


async def store(
    request: Request,
    edge: Edge,
    credential: Credential,
    read: tuple[dict[int, Reading], dict[int, InvalidEvent]],
    raw: bytes,
    count: int,
) -> JSONResponse:
    readings, problems = read
    accepted = await edge.coordinator.accept(
        credential,
        tuple(readings.values()),
        raw=raw,
        idempotency_key=idempotency_key(request),
    )
    results: list[Any] = [None] * count
    for place, one in zip(readings, accepted, strict=True):
        results[place] = accepted_json(one)
    for place, error in problems.items():
        results[place] = {"index": place, "problem": item_problem(error)}
    status = 202 if not problems else 200 if readings else 422
    headers = {}
    if accepted and not problems and all(one.duplicate for one in accepted):
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse({"results": results}, status, headers)


def idempotency_key(request: Request) -> str | None:
    """Return the client's key, bare or as a quoted structured string."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    bare = key.strip().removeprefix('"').removesuffix('"')
    if not 0 < len(bare) <= 256 or not bare.isprintable():
        raise Problem(422, "Idempotency-Key takes 1 to 256 printable characters.")
    return bare


def item_problem(error: InvalidEvent) -> dict[str, Any]:
    return {
        "type": "urn:baton:problem:invalid-event",
        "title": "Not valid",
        "status": 422,
        "code": "invalid-event",
        "detail": str(error),
        "errors": [{"pointer": pointer, "detail": detail} for pointer, detail in error.problems],
    }


def body_hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()

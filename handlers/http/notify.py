"""`POST /v1/notify`: what tools report, in each of the forms in which they write it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from baton.errors import InvalidEvent
from baton.reading import parse_json
from coordination.accept import Accepted
from coordination.correlation import keys_of
from coordination.explain import Explanation
from coordination.rates import DEFAULT
from handlers.http.auth import Admitted, AdmittedAs
from handlers.http.bodies import (
    CLOUD,
    CLOUD_BATCH,
    DEPTH,
    FORM,
    JSON,
    LINES,
    TAKEN,
    decoded,
    media_type,
    not_taken,
    raw_body,
    refuse_coded,
)
from handlers.http.cloudevents import from_headers, in_headers
from handlers.http.edge import Edge, EdgeOf
from handlers.http.ndjson import portions
from handlers.http.openapi import NOTIFY
from handlers.http.problems import Problem, summary, translated, unauthenticated
from handlers.http.reports import (
    JSON_TYPE,
    YES,
    Report,
    Terms,
    compact,
    read_lines,
    read_list,
    read_one,
    terms_of,
)
from handlers.http.shapes import accepted_json, explanation_json

ITEMS = 500
BIG = 64 * 1024  # bytes of a body that is read beside the event loop

router = APIRouter(tags=["notify"])


class Form(Enum):
    """In which form a body says what it says."""

    PLAIN = auto()  # JSON, or the fields of a form
    CLOUD = auto()
    CLOUD_BATCH = auto()
    HEADERS = auto()  # a CloudEvent whose attributes stand in headers
    LINES = auto()


@router.post("/v1/notify", status_code=202, openapi_extra=NOTIFY)
async def notify(request: Request, edge: EdgeOf, admitted: AdmittedAs) -> Response:
    """Report what a process does. 202 means that it is stored."""
    return await take_in(request, edge, admitted)


@router.options("/v1/notify", status_code=204)
async def handshake(request: Request) -> Response:
    """Say that CloudEvents may be sent here, and how many a minute."""
    headers = {"Allow": "OPTIONS, POST"}
    origin = request.headers.get("webhook-request-origin")
    if origin:
        headers["WebHook-Allowed-Origin"] = origin
        headers["WebHook-Allowed-Rate"] = str(round(60 * DEFAULT.per_second))
    return Response(status_code=204, headers=headers)


async def take_in(request: Request, edge: Edge, admitted: Admitted) -> Response:
    """Read, store and answer one report of somebody who was let in.

    Raises:
        Problem: 400, 413, 415, 422, 429, 503.
        InvalidEvent, NotAllowed: of a body that is one event.
    """
    credential = admitted.credential
    if credential is None:
        raise unauthenticated()
    with edge.limits.one_at_work():
        kind = media_type(request)
        form = form_of(request, kind)
        refuse_coded(request)
        terms = terms_of(request, edge, credential)
        if form is Form.LINES:
            stream = request.stream() if admitted.raw is None else at_once(admitted.raw)
            return await take_lines(terms, stream, dry=is_dry(request))
        raw = await raw_body(request) if admitted.raw is None else admitted.raw
        if len(raw) > BIG:  # what takes long to read must not hold up the others
            report, many = await asyncio.to_thread(read_body, request, terms, form, (kind, raw))
        else:
            report, many = read_body(request, terms, form, (kind, raw))
        if not many:
            for error in report.refused.values():
                raise error
        return await take_body(terms, report, dry=is_dry(request))


def form_of(request: Request, kind: str) -> Form:
    """Return in which form the body is. Raises: Problem, 415."""
    if kind.startswith("application/cloudevents"):
        found = {CLOUD: Form.CLOUD, CLOUD_BATCH: Form.CLOUD_BATCH}.get(kind)
        if found is None:
            raise not_taken(kind, TAKEN)
        return found
    if in_headers(request):
        return Form.HEADERS
    if kind in LINES:
        return Form.LINES
    if kind != FORM and not JSON.fullmatch(kind):
        raise not_taken(kind, TAKEN)
    return Form.PLAIN


def read_body(
    request: Request, terms: Terms, form: Form, said: tuple[str, bytes]
) -> tuple[Report, bool]:
    """Read a whole body; return its items, and whether it was a list.

    Raises:
        MalformedBody: 400.
        Problem: 413 for too many items.
        InvalidEvent: a batch is no list.
    """
    kind, raw = said
    if form is Form.PLAIN:
        body = decoded(kind, raw)
        terms = of_type(terms, FORM if kind == FORM else JSON_TYPE)
    else:
        headers = form is Form.HEADERS
        body = from_headers(request, kind, raw) if headers else parse_json(raw, DEPTH)
        raw = compact(body) if headers else raw
        terms = replace(of_type(terms, CLOUD), cloud=True)
    if form is Form.CLOUD_BATCH and not isinstance(body, list):
        raise InvalidEvent([("", "a batch is a JSON array")])
    if form is Form.CLOUD or not isinstance(body, list):
        return read_one(terms, body, raw), False
    if len(body) > ITEMS:
        raise Problem(
            413, f"{len(body)} events are too many for one request; send {ITEMS} at most."
        )
    return read_list(terms, body), True


def of_type(terms: Terms, kind: str) -> Terms:
    """Say of what type the body of each item is, once it stands alone."""
    return replace(terms, headers={**terms.headers, "content-type": kind})


async def take_body(terms: Terms, report: Report, *, dry: bool) -> Response:
    """Store what is good of a body, and answer."""
    edge, credential = terms.edge, terms.credential
    rules, source = edge.coordinator.rules, credential.source.source
    count = len(report.told) + len(report.refused)
    if dry:
        edge.limits.take(rules, "reads", source)
        found = await edge.coordinator.rehearse(credential, [*report.told.values()])
        return rehearsed([(report, found)])
    edge.limits.take(rules, "events", source, max(count, 1))
    accepted = await edge.coordinator.take(credential, [*report.told.values()])
    return recorded([(report, accepted)])


async def take_lines(terms: Terms, stream: AsyncIterator[bytes], *, dry: bool) -> Response:
    """Store the good lines while the others still arrive, and answer for each.

    More lines than the source may send at once are let in, and owed.
    """
    edge, credential = terms.edge, terms.credential
    terms = of_type(terms, JSON_TYPE)
    done: list[tuple[Report, Sequence[Accepted]]] = []
    shown: list[tuple[Report, Sequence[Explanation]]] = []
    async for lines in portions(stream):
        report = await asyncio.to_thread(read_lines, terms, lines)
        told = [*report.told.values()]
        if dry:
            shown.append((report, await edge.coordinator.rehearse(credential, told)))
            continue
        done.append((report, await edge.coordinator.take(credential, told)))
        edge.limits.owe(edge.coordinator.rules, credential.source.source, len(lines))
    return rehearsed(shown) if dry else recorded(done)


async def at_once(raw: bytes) -> AsyncIterator[bytes]:
    """Give a body that has been read, as a stream."""
    yield raw


def recorded(done: Sequence[tuple[Report, Sequence[Accepted]]]) -> Response:
    """Answer with what became of each item, in the order of their places."""
    results: dict[int, Any] = {}
    refused = 0
    duplicates = 0
    for report, accepted in done:
        for place, one in zip(report.told, accepted, strict=True):
            results[place] = accepted_json(one)
            duplicates += one.duplicate
        results.update(problems(report))
        refused += len(report.refused)
    headers = {}
    if results and duplicates == len(results):
        headers["Idempotent-Replayed"] = "true"
    body = {"results": [results[place] for place in sorted(results)]}
    return JSONResponse(body, status_of(len(results), refused), headers)


def status_of(count: int, refused: int) -> int:
    if not refused:
        return 202
    return 200 if refused < count else 422


def problems(report: Report) -> Mapping[int, Any]:
    """Return what stands in the place of each bad item."""
    return {
        place: {"index": place, "problem": summary(translated(error))}
        for place, error in report.refused.items()
    }


def rehearsed(done: Sequence[tuple[Report, Sequence[Explanation]]]) -> Response:
    """Answer with what would be stored, under which keys and why; nothing is."""
    reports = [report for report, _ in done]
    events = [told.reading.event for report in reports for told in report.told.values()]
    body: dict[str, Any] = {
        "events": [event.to_json() for event in events],
        "ignored": None,
        "keys": list(dict.fromkeys(key for event in events for key in keys_of(event))),
        "warnings": [warning for event in events for warning in event.warnings],
        "explain": [explanation_json(one) for _, found in done for one in found],
    }
    bad = {place: said for report in reports for place, said in problems(report).items()}
    if bad:
        body["problems"] = [bad[place] for place in sorted(bad)]
    return JSONResponse(body)


def is_dry(request: Request) -> bool:
    return request.query_params.get("dry_run") in YES

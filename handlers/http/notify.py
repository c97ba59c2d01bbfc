"""`POST /v1/notify`: what tools report, in each of the forms in which they write it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from enum import Enum, auto

from fastapi import APIRouter, Request
from starlette.responses import Response

from baton.errors import InvalidEvent
from baton.reading import parse_json
from coordination.accept import Accepted
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
from handlers.http.problems import Problem, unauthenticated
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
from handlers.http.results import Written, recorded, rehearsed

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
    with edge.limits.places:
        kind = media_type(request)
        form = form_of(request, kind)
        refuse_coded(request)
        terms = terms_of(request, edge, credential)
        if form is Form.LINES:
            stream = request.stream() if admitted.raw is None else at_once(admitted.raw)
            return await take_lines(terms, stream, dry=is_dry(request))
        raw = await raw_body(request) if admitted.raw is None else admitted.raw
        if len(raw) > BIG:  # what takes long to read must not hold up the others
            report = await asyncio.to_thread(read_body, request, terms, form, (kind, raw))
        else:
            report = read_body(request, terms, form, (kind, raw))
        if is_dry(request):
            return await rehearse(terms, report)
        return (await store(terms, report)).response()


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


def read_body(request: Request, terms: Terms, form: Form, said: tuple[str, bytes]) -> Report:
    """Read a whole body.

    Raises:
        MalformedBody: 400.
        Problem: 413 for too many items.
        InvalidEvent, NotAllowed: of a body that is one event; a batch is no list.
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
    if form is Form.CLOUD:
        return read_one(terms, body, raw)
    return read_items(terms, body, raw)


def read_items(terms: Terms, body: object, raw: bytes) -> Report:
    """Read what a body says: one event, or a list of them.

    Raises:
        Problem: 413 for too many items.
        InvalidEvent, NotAllowed: of a body that is one event.
    """
    if not isinstance(body, list):
        return read_one(terms, body, raw)
    if len(body) > ITEMS:
        raise Problem(
            413, f"{len(body)} events are too many for one request; send {ITEMS} at most."
        )
    return read_list(terms, body)


def of_type(terms: Terms, kind: str) -> Terms:
    """Say of what type the body of each item is, once it stands alone."""
    return replace(terms, headers={**terms.headers, "content-type": kind})


async def store(terms: Terms, report: Report) -> Written:
    """Store what is good of a body, and say what became of it."""
    edge, credential = terms.edge, terms.credential
    count = len(report.told) + len(report.refused)
    rules = edge.coordinator.rules
    edge.limits.take(rules, "events", credential.source.source, max(count, 1))
    with edge.limits.places.storing(count):
        accepted = await edge.coordinator.take(credential, [*report.told.values()])
    return recorded([(report, accepted)])


async def rehearse(terms: Terms, report: Report) -> Response:
    """Say what would become of a body; nothing of it is stored."""
    edge, credential = terms.edge, terms.credential
    edge.limits.take(edge.coordinator.rules, "reads", credential.source.source)
    found = await edge.coordinator.rehearse(credential, [*report.told.values()])
    return rehearsed([(report, found)])


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
        with edge.limits.places.storing(len(lines)):
            done.append((report, await edge.coordinator.take(credential, told)))
        edge.limits.owe(edge.coordinator.rules, credential.source.source, len(lines))
    return rehearsed(shown) if dry else recorded(done).response()


async def at_once(raw: bytes) -> AsyncIterator[bytes]:
    """Give a body that has been read, as a stream."""
    yield raw


def is_dry(request: Request) -> bool:
    return request.query_params.get("dry_run") in YES

"""Events: what came in, in order, and what came of each."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime
from starlette.responses import JSONResponse, Response

from baton.events import Status
from coordination.events_view import EventFilter, EventView
from handlers.http.bodies import CLOUD, CLOUD_BATCH
from handlers.http.cloudevents import batch_out, one_out, wanted_form
from handlers.http.edge import EdgeOf
from handlers.http.polling import Poll, awaited
from handlers.http.queries import Last, Limit, Seconds, Sequence
from handlers.http.shapes import event_json, explanation_json

router = APIRouter(tags=["events"])

Named = Annotated[str | None, Query(max_length=300)]
TypePattern = Annotated[
    str | None,
    Query(max_length=200, description="As on the wire or as in triggers; `*` stands for anything."),
]
Words = Annotated[
    str | None, Query(max_length=200, description="What stands in the name or the message.")
]


async def asked(  # noqa: PLR0913, PLR0917  # each is a member of the query
    thread: Named = None,
    run: Named = None,
    ns: Named = None,
    type: TypePattern = None,  # noqa: A002 - the name of the query's member
    source: Named = None,
    status: Status | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    text: Words = None,
) -> EventFilter:
    """Read which events are asked for."""
    return EventFilter(
        thread=thread,
        run=run,
        namespace=ns,
        type=type,
        source=source,
        status=status,
        since=since,
        until=until,
        text=text,
    )


@router.get("/v1/events")
async def list_events(  # noqa: PLR0913  # each is a member of the query
    request: Request,
    edge: EdgeOf,
    wanted: Annotated[EventFilter, Depends(asked)],
    *,
    after: Sequence = 0,
    last: Last = None,
    limit: Limit = 50,
    wait: Seconds = 0,
) -> Response:
    """List events in the order in which they came; `next` is the cursor of what follows.

    One answer looks through a part of a long history only: where it holds less than `limit`, there may
    be more after `next`, until that stays the same.

    With `wait`, an empty list is answered only after so many s without an event. With `last`, the
    newest so many are listed, whatever `after` says; 0 of them is how to begin with what comes.
    """
    if last is not None:
        found, newest = await edge.coordinator.latest_events(wanted, limit=last)
        return JSONResponse({"events": [event_json(one) for one in found], "next": newest})

    following = after

    async def look() -> tuple[EventView, ...]:
        nonlocal following
        page = await edge.coordinator.search(wanted, after=following, limit=limit)
        following = page.cursor
        return page.events

    found = await awaited(request, edge, Poll(look, bool, ("event",)), wait)
    if wanted_form(request) == CLOUD_BATCH:
        place = str(request.url.include_query_params(after=following))
        return batch_out(found, public_url=edge.public_url, following=place)
    return JSONResponse({"events": [event_json(one) for one in found], "next": following})


@router.get("/v1/events/{event_id}")
async def get_event(request: Request, edge: EdgeOf, event_id: str) -> Response:
    """Show one event, and what came of it; or as a CloudEvent, where the client accepts that."""
    found = await edge.coordinator.event(event_id)
    if wanted_form(request) == CLOUD:
        return one_out(found, public_url=edge.public_url)
    return JSONResponse(event_json(found))


@router.get("/v1/events/{event_id}/explain")
async def explain_event(
    edge: EdgeOf, event_id: str, source: Annotated[str | None, Query()] = None
) -> JSONResponse:
    """Say why an event did what it did, as data and as `lines` to read.

    With `source`, `event_id` is the producer's own id. A run (`R-3`) or a process (`ci:build-42`) in
    its place stands for its newest event.
    """
    found = await edge.coordinator.explain(event_id, source=source)
    return JSONResponse(explanation_json(found))

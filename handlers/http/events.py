"""Events: what came in, in order, and what came of each."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse

from coordination.threads_view import EventFilter, EventView
from handlers.http.edge import EdgeOf
from handlers.http.polling import Poll, awaited
from handlers.http.queries import Last, Limit, Seconds, Sequence
from handlers.http.shapes import event_json

router = APIRouter(tags=["events"])


def asked(
    thread: str | None = None,
    ns: str | None = None,
    type: str | None = None,  # noqa: A002 - the name of the query's member
) -> EventFilter:
    """Read which events are asked for."""
    return EventFilter(thread=thread, namespace=ns, type=type)


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
) -> JSONResponse:
    """List events in the order in which they came; `next` is the cursor of what follows.

    With `wait`, an empty list is answered only after so many s without an event. With `last`, the
    newest so many are listed, whatever `after` says; 0 of them is how to begin with what comes.
    """
    if last is not None:
        found, newest = await edge.coordinator.latest_events(wanted, limit=last)
        return JSONResponse({"events": [event_json(one) for one in found], "next": newest})

    async def look() -> tuple[EventView, ...]:
        return await edge.coordinator.events(wanted, after=after, limit=limit)

    found = await awaited(request, edge, Poll(look, bool, ("event",)), wait)
    return JSONResponse(
        {"events": [event_json(one) for one in found], "next": found[-1].seq if found else after}
    )


@router.get("/v1/events/{event_id}")
async def get_event(edge: EdgeOf, event_id: str) -> JSONResponse:
    """Show one event, and what came of it."""
    return JSONResponse(event_json(await edge.coordinator.event(event_id)))

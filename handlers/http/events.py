"""Events: what came in, in order, and what came of each."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from coordination.threads_view import EventFilter
from handlers.http.auth import Reader
from handlers.http.edge import EdgeOf
from handlers.http.openapi import refusals
from handlers.http.shapes import event_json

router = APIRouter(tags=["events"])


@router.get("/v1/events", responses=refusals(401, 403, 422))
async def list_events(
    edge: EdgeOf,
    _: Reader,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    thread: str | None = None,
    ns: str | None = None,
    type: str | None = None,  # noqa: A002 - the name of the query's member
) -> JSONResponse:
    """List events in the order in which they came; `next` is the cursor of what follows."""
    wanted = EventFilter(thread=thread, namespace=ns, type=type)
    found = await edge.coordinator.events(wanted, after=after, limit=limit)
    last = found[-1].seq if found else after
    return JSONResponse({"events": [event_json(one) for one in found], "next": last})


@router.get("/v1/events/{event_id}", responses=refusals(401, 403, 404))
async def get_event(edge: EdgeOf, _: Reader, event_id: str) -> JSONResponse:
    """Show one event, and what came of it."""
    return JSONResponse(event_json(await edge.coordinator.event(event_id)))

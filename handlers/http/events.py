"""Events: what came in, in order, and what came of each."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse

from coordination.threads_view import EventFilter, EventView
from handlers.http.edge import Edge, EdgeOf
from handlers.http.queries import Limit, Seconds, Sequence
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
async def list_events(
    edge: EdgeOf,
    wanted: Annotated[EventFilter, Depends(asked)],
    after: Sequence = 0,
    limit: Limit = 50,
    wait: Seconds = 0,
) -> JSONResponse:
    """List events in the order in which they came; `next` is the cursor of what follows.

    With `wait`, an empty list is answered only after so many s without an event.
    """
    found = await awaited(edge, wanted, after, limit, wait)
    last = found[-1].seq if found else after
    return JSONResponse({"events": [event_json(one) for one in found], "next": last})


async def awaited(
    edge: Edge, wanted: EventFilter, after: int, limit: int, seconds: float
) -> tuple[EventView, ...]:
    deadline = edge.world.clock.monotonic() + seconds
    with edge.changes.subscribe("event") as changed:
        while True:
            found = await edge.coordinator.events(wanted, after=after, limit=limit)
            left = deadline - edge.world.clock.monotonic()
            if found or left <= 0 or edge.holding.closed:
                return found
            await edge.holding.wait(changed, left)


@router.get("/v1/events/{event_id}")
async def get_event(edge: EdgeOf, event_id: str) -> JSONResponse:
    """Show one event, and what came of it."""
    return JSONResponse(event_json(await edge.coordinator.event(event_id)))

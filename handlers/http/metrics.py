"""`GET /metrics`: how Baton is doing, for whoever watches over it."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from handlers.http.edge import EdgeOf
from handlers.http.measures import written

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(edge: EdgeOf) -> Response:
    """Say in numbers what waits, what is open, how long commits take and what was forgotten."""
    return Response(written(await edge.metrics()), media_type=MEDIA_TYPE)

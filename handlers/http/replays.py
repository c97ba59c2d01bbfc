"""What came for an event, as it came; and the same once more, as if it came now."""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from baton.reading import parse_form, parse_json
from coordination.reporting import RawView
from handlers.http.auth import Caller
from handlers.http.bodies import CLOUD, DEPTH, FORM
from handlers.http.edge import EdgeOf
from handlers.http.reports import YES, Report, Terms
from handlers.http.results import recorded, rehearsed
from handlers.http.shapes import moment

router = APIRouter(tags=["events"])


@router.get("/v1/events/{event_id}/raw")
async def get_raw(edge: EdgeOf, event_id: str) -> JSONResponse:
    """Show what came for an event, its secrets masked, for as long as it is kept."""
    view = await edge.coordinator.raw(event_id)
    return JSONResponse(
        {
            "event_id": view.event_id,
            "source": view.source,
            "headers": dict(view.raw.headers),
            "body": view.raw.body.decode("utf-8", "replace"),
            "kept_until": moment(view.expires_at),
        },
        headers={"Cache-Control": "no-store"},
    )


@router.post("/v1/events/{event_id}/replay", status_code=202)
async def replay(edge: EdgeOf, who: Caller, event_id: str, apply: str = "") -> Response:
    """Read again what came for an event; with `apply=1`, accept it as a new event."""
    view = await edge.coordinator.raw(event_id)
    terms = Terms(
        edge,
        await edge.coordinator.credential_of(view.source),
        headers=view.raw.headers,
        cloud=view.raw.headers.get("content-type") == CLOUD,
    )
    told = terms.told(terms.read(said_by(view)), view.raw, None)
    report = Report({0: told})
    if apply not in YES:
        return rehearsed(
            [(report, await edge.coordinator.rehearse_replay(who, view, told.reading))]
        )
    done = [(report, await edge.coordinator.replay(who, view, told.reading))]
    return recorded(done).response()


def said_by(view: RawView) -> object:
    """Return what a kept body says. Raises: MalformedBody."""
    if view.raw.headers.get("content-type") == FORM:
        return parse_form(view.raw.body)
    return parse_json(view.raw.body, DEPTH)

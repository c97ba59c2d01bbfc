"""Slack's own HTTP mode: one address for events, clicks, forms and commands, each of them signed."""

from fastapi import APIRouter, Request, Response

from coordination.errors import NotFound
from handlers.http.bodies import read_bytes
from handlers.http.edge import Edge, EdgeOf, SlackRequests
from handlers.http.problems import unauthenticated
from handlers.http.signatures import verify_slack

router = APIRouter()


@router.post("/slack/events")
async def slack_events(request: Request, edge: EdgeOf) -> Response:
    """Take what Slack sends, where Baton runs in Slack's HTTP mode; each request counts once."""
    slack = edge.slack
    if slack is None:
        raise NotFound("address", "/slack/events")
    raw = await read_bytes(request)  # whatever they are: who sent them is asked first
    if not await _is_right(request, edge, slack, raw):
        raise unauthenticated()
    said = await slack.answer(raw.decode("utf-8", "replace"), request.headers)
    return Response(said.body, said.status, dict(said.headers))


async def _is_right(request: Request, edge: Edge, slack: SlackRequests, raw: bytes) -> bool:
    """Say whether Slack signed this, just now, and for the first time."""
    stamps = request.headers.getlist("x-slack-request-timestamp")
    signatures = request.headers.getlist("x-slack-signature")
    if len(stamps) != 1 or len(signatures) != 1:
        return False
    now = edge.world.clock.now()
    if not verify_slack(stamps[0], signatures[0], raw, slack.signing_secret, now):
        return False
    return await edge.coordinator.claim("slack request", signatures[0])

"""Webhooks of workflows: calls that are signed as the trigger's secret says, and that secret."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from baton.reading import parse_form, parse_json
from coordination.webhooks import Hook
from handlers.http.auth import Caller
from handlers.http.bodies import FORM, JSON, media_type, not_taken, read_bytes, read_model
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import takes
from handlers.http.problems import Problem, unauthenticated
from handlers.http.shapes import secret_json
from handlers.http.signatures import STANDARD, verify_standard

router = APIRouter(tags=["workflows"])

LIMIT = 256 * 1024
DEPTH = 64
TEXT = "text/plain"
HEADERS = ("content-type", "user-agent", "webhook-id", "webhook-timestamp")
"""What `trigger.headers` shows of a call, beside those that begin with `x-event`."""
CALL: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {}},
            FORM: {"schema": {"type": "object"}},
            TEXT: {"schema": {"type": "string"}},
        }
    }
}


class RotateBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    overlap_hours: float = Field(
        24, ge=0, le=24 * 30, description="How long the secret before still counts."
    )


@router.post("/v1/hooks/workflow/{name}/{trigger}", status_code=202, openapi_extra=CALL)
async def call_hook(request: Request, edge: EdgeOf, name: str, trigger: str) -> JSONResponse:
    """Start a workflow from elsewhere, signed by Standard Webhooks; 202 means that it is stored.

    The same `webhook-id` again is the same call. What is not signed as it should be gets the same 401,
    be there such a trigger or not.
    """
    raw = await read_bytes(request, LIMIT)
    hook = await signer(request, edge, (name, trigger), raw)
    edge.limits.take(edge.coordinator.rules, "events", f"workflow:{name}")
    delivery = request.headers["webhook-id"]
    called = await edge.coordinator.call(
        hook, delivery, headers=shown_headers(request), body=told(request, raw)
    )
    effect = "duplicate" if called.duplicate else "created" if called.event_id else "ignored"
    return JSONResponse(
        {"event_id": called.event_id, "effect": effect, "reason": called.ignored}, 202
    )


@router.post("/v1/workflows/{name}/triggers/{trigger}/rotate", openapi_extra=takes(RotateBody))
async def rotate_hook(
    request: Request, edge: EdgeOf, who: Caller, name: str, trigger: str
) -> JSONResponse:
    """Make a new secret for a webhook trigger, and show it once; the one before ends later."""
    body = await read_model(request, RotateBody)
    made = await edge.coordinator.rotate_hook(
        who, name, trigger, overlap_hours=body.overlap_hours, via="api"
    )
    return JSONResponse(secret_json(made, public_url=edge.public_url))


async def signer(request: Request, edge: Edge, named: tuple[str, str], raw: bytes) -> Hook:
    """Return the trigger that is called, once the caller has shown that they may.

    Raises:
        Problem: 401, with one body for every reason.
    """
    hook, secrets = await edge.coordinator.hook(*named)
    headers = {each: request.headers.getlist(each) for each in STANDARD}
    right = verify_standard(headers, raw, secrets, edge.world.clock.now())
    if hook is None or not right:
        raise unauthenticated()
    return hook


def shown_headers(request: Request) -> Mapping[str, str]:
    """Return the headers of a call that a workflow may see."""
    return {
        name: value
        for name, value in request.headers.items()
        if name in HEADERS or name.startswith("x-event")
    }


def told(request: Request, raw: bytes) -> Any:
    """Return what a call says: JSON, the fields of a form, or a text; null where it says nothing.

    Raises:
        MalformedBody: it is not what it says it is.
        Problem: 415 for other media types, and for text that is no UTF-8.
    """
    kind = media_type(request)
    if not raw:
        return None
    if JSON.fullmatch(kind):
        return parse_json(raw, DEPTH)
    if kind == FORM:
        return parse_form(raw)
    if kind != TEXT:
        raise not_taken(kind, ("application/json", FORM, TEXT))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Problem(415, "Send the text in UTF-8.") from None

"""What people make a run do: each is one durable decision, however often it is sent."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse

from coordination.errors import InvalidInputs
from coordination.ports import RunView
from handlers.http.auth import Caller
from handlers.http.bodies import read_model
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import takes
from handlers.http.problems import Problem, pointed
from handlers.http.runs import Body, request_id
from handlers.http.shapes import run_json

router = APIRouter(tags=["runs"])


class OrderBody(Body):
    request_id: str | None = Field(None, max_length=256)


class CancelBody(OrderBody):
    reason: str = Field("", max_length=2000)
    mode: Literal["compensate", "now"] | None = None


class RollbackBody(OrderBody):
    reason: str = Field("", max_length=2000)


class AgainBody(OrderBody):
    inputs: dict[str, Any] = Field(default_factory=dict)


class HandledBody(OrderBody):
    reason: str = Field(max_length=2000)


class RetryBody(OrderBody):
    from_path: str | None = Field(None, max_length=500)


class SkipBody(OrderBody):
    path: str = Field(max_length=500)


class SignalBody(OrderBody):
    name: str = Field(max_length=200)
    payload: Any = None


class ResolveBody(OrderBody):
    path: str = Field(max_length=500)
    outcome: Literal["retry", "done", "fail"]
    output: Any = None


@router.post("/v1/runs/{ref}/pause", status_code=202, openapi_extra=takes(OrderBody))
async def pause(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Pause a run: no new step begins, those at work are finished."""
    body = await read_model(request, OrderBody)
    key = request_id(request, edge, body.request_id)
    return told(edge, await edge.coordinator.pause(who, ref, request_id=key, via="api"))


@router.post("/v1/runs/{ref}/resume", status_code=202, openapi_extra=takes(OrderBody))
async def resume(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Let a paused run go on."""
    body = await read_model(request, OrderBody)
    key = request_id(request, edge, body.request_id)
    return told(edge, await edge.coordinator.resume(who, ref, request_id=key, via="api"))


@router.post("/v1/runs/{ref}/cancel", status_code=202, openapi_extra=takes(CancelBody))
async def cancel(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Cancel a run: what is open is closed, and no step of its work begins.

    With `mode` `compensate` what it did is taken back first; `now` leaves it, and ends the clean-up of a
    run that is being cancelled already.
    """
    body = await read_model(request, CancelBody)
    key = request_id(request, edge, body.request_id)
    run = await edge.coordinator.cancel(
        who, ref, reason=body.reason, mode=body.mode, request_id=key, via="api"
    )
    return told(edge, run)


@router.post("/v1/runs/{ref}/retry", status_code=202, openapi_extra=takes(RetryBody))
async def retry(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Run again what failed, or everything from a step on; what else was completed stays."""
    body = await read_model(request, RetryBody)
    key = request_id(request, edge, body.request_id)
    run = await edge.coordinator.retry(
        who, ref, from_path=body.from_path, request_id=key, via="api"
    )
    return told(edge, run)


@router.post("/v1/runs/{ref}/skip", status_code=202, openapi_extra=takes(SkipBody))
async def skip(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Leave a step out: one that is to come or at work, or the one that failed the run."""
    body = await read_model(request, SkipBody)
    key = request_id(request, edge, body.request_id)
    return told(edge, await edge.coordinator.skip(who, ref, body.path, request_id=key, via="api"))


@router.post("/v1/runs/{ref}/rollback", status_code=202, openapi_extra=takes(RollbackBody))
async def rollback(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Take back what a run did, latest first, whether it goes on or has ended."""
    body = await read_model(request, RollbackBody)
    key = request_id(request, edge, body.request_id)
    run = await edge.coordinator.rollback(who, ref, reason=body.reason, request_id=key, via="api")
    return told(edge, run)


@router.post("/v1/runs/{ref}/again", status_code=202, openapi_extra=takes(AgainBody))
async def again(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Start a run in the place of a failed one, with some of its inputs changed.

    What `inputs` does not name is as it was; null leaves an input out. The failed run counts as dealt
    with, and the answer is the new one.
    """
    body = await read_model(request, AgainBody)
    key = request_id(request, edge, body.request_id)
    try:
        run = await edge.coordinator.start_again(who, ref, body.inputs, request_id=key, via="api")
    except InvalidInputs as error:
        found = pointed((f"/inputs/{name}", says) for name, says in error.problems)
        raise Problem(422, str(error), errors=found) from None
    return told(edge, run)


@router.post("/v1/runs/{ref}/handled", status_code=202, openapi_extra=takes(HandledBody))
async def handled(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Count a failed run as dealt with, with the reason: it waits for nobody any more."""
    body = await read_model(request, HandledBody)
    key = request_id(request, edge, body.request_id)
    run = await edge.coordinator.mark_handled(
        who, ref, reason=body.reason, request_id=key, via="api"
    )
    return told(edge, run)


@router.post("/v1/runs/{ref}/signal", status_code=202, openapi_extra=takes(SignalBody))
async def signal(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Send a run a signal that one of its steps waits for, now or later."""
    body = await read_model(request, SignalBody)
    key = request_id(request, edge, body.request_id)
    run = await edge.coordinator.signal(
        who, ref, body.name, payload=body.payload, request_id=key, via="api"
    )
    return told(edge, run)


@router.post("/v1/runs/{ref}/resolve", status_code=202, openapi_extra=takes(ResolveBody))
async def resolve(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Say what became of a step whose effect nobody could prove."""
    body = await read_model(request, ResolveBody)
    key = request_id(request, edge, body.request_id)
    run = await edge.coordinator.resolve(
        who, ref, body.path, body.outcome, output=body.output, request_id=key, via="api"
    )
    return told(edge, run)


def told(edge: Edge, run: RunView) -> JSONResponse:
    """Answer with the run as it stands: it may not have heard of it yet."""
    return JSONResponse(run_json(run, public_url=edge.public_url), 202)

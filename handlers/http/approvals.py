"""Approvals: list, look and wait, decide."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from coordination.questions import Approval
from handlers.http.auth import Approver, Reader
from handlers.http.bodies import read_model
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import refusals, takes
from handlers.http.shapes import approval_json

router = APIRouter(tags=["approvals"])


class DecisionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    choice: str = Field(max_length=64)
    text: str | None = Field(None, max_length=3000)
    comment: str | None = Field(None, max_length=2000)
    version: int | None = None
    digest: str | None = Field(None, max_length=128)


@router.get("/v1/approvals", responses=refusals(401, 403, 422))
async def list_approvals(
    edge: EdgeOf,
    _: Reader,
    state: str | None = None,
    run: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JSONResponse:
    """List approvals, the newest first."""
    found = await edge.coordinator.approvals(state=state, run=run, limit=limit)
    return JSONResponse({"approvals": [approval_json(one) for one in found]})


@router.get("/v1/approvals/{ref}", responses=refusals(401, 403, 404, 422))
async def get_approval(
    edge: EdgeOf, _: Reader, ref: str, wait: Annotated[float, Query(ge=0, le=55)] = 0
) -> JSONResponse:
    """Show an approval; with `wait`, answer when it is decided, or as it stands after so many s."""
    return JSONResponse(approval_json(await awaited(edge, ref, wait)))


async def awaited(edge: Edge, ref: str, seconds: float) -> Approval:
    deadline = edge.world.clock.monotonic() + seconds
    with edge.changes.subscribe("approval") as changed:
        while True:
            found = await edge.coordinator.approval(ref)
            left = deadline - edge.world.clock.monotonic()
            if found.ended or left <= 0:
                return found
            await changed.wait(left)


@router.post(
    "/v1/approvals/{ref}/decision",
    responses=refusals(400, 401, 403, 404, 409, 413, 415, 422, 503),
    openapi_extra=takes(DecisionBody),
)
async def decide(request: Request, edge: EdgeOf, who: Approver, ref: str) -> JSONResponse:
    """Decide. The same choice by the same person again gives the same answer."""
    body = await read_model(request, DecisionBody)
    approval = await edge.coordinator.decide(
        who,
        ref,
        body.choice,
        version=body.version,
        digest=body.digest,
        comment=body.comment,
        text=body.text,
        via="api",
    )
    return JSONResponse(approval_json(approval))

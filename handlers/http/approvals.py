"""Approvals: list, look and wait, decide."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from coordination.questions import Approval, ApprovalState
from handlers.http.auth import AdmittedAs, Caller
from handlers.http.bodies import read_model
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import takes
from handlers.http.queries import Limit, Seconds
from handlers.http.shapes import approval_json

router = APIRouter(tags=["approvals"])


class DecisionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    choice: str = Field(max_length=64)
    text: str | None = Field(None, max_length=3000)
    comment: str | None = Field(None, max_length=2000)
    version: int | None = None
    digest: str | None = Field(None, max_length=128)


@router.get("/v1/approvals")
async def list_approvals(
    edge: EdgeOf,
    state: ApprovalState | None = None,
    run: str | None = None,
    limit: Limit = 50,
) -> JSONResponse:
    """List approvals, the newest first."""
    found = await edge.coordinator.approvals(state=state, run=run, limit=limit)
    return JSONResponse({"approvals": [approval_json(one) for one in found]})


@router.get("/v1/approvals/{ref}")
async def get_approval(
    edge: EdgeOf, admitted: AdmittedAs, ref: str, wait: Seconds = 0
) -> JSONResponse:
    """Show an approval; with `wait`, answer when it is decided, or as it stands after so many s."""
    process = (await edge.coordinator.approval(ref)).process
    admitted.may_see(process.namespace if process else None, "approval", ref)
    return JSONResponse(approval_json(await awaited(edge, ref, wait)))


async def awaited(edge: Edge, ref: str, seconds: float) -> Approval:
    deadline = edge.world.clock.monotonic() + seconds
    with edge.changes.subscribe("approval") as changed:
        while True:
            found = await edge.coordinator.approval(ref)
            left = deadline - edge.world.clock.monotonic()
            if found.ended or left <= 0 or edge.holding.closed:
                return found
            await edge.holding.wait(changed, left)


@router.post("/v1/approvals/{ref}/decision", openapi_extra=takes(DecisionBody))
async def decide(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
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

"""Approvals: ask, list, look and wait, decide."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from coordination.errors import Conflict
from coordination.questions import Approval, ApprovalState
from handlers.http.asking import read_question
from handlers.http.auth import AdmittedAs, Caller, CredentialOf
from handlers.http.bodies import read_model
from handlers.http.edge import EdgeOf
from handlers.http.openapi import ASK, takes
from handlers.http.polling import Poll, awaited
from handlers.http.queries import Limit, Seconds
from handlers.http.runs import request_id
from handlers.http.shapes import approval_json

router = APIRouter(tags=["approvals"])


class DecisionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    choice: str = Field(max_length=64)
    text: str | None = Field(None, max_length=3000)
    comment: str | None = Field(None, max_length=2000)
    version: int | None = None
    digest: str | None = Field(None, max_length=128)


class DelegationBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str = Field(min_length=1, max_length=200, description="A person: U123, <@U123> or @handle.")
    comment: str | None = Field(None, max_length=2000)


class AgainBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    request_id: str | None = Field(None, min_length=1, max_length=256)


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


@router.post("/v1/approvals", status_code=201, openapi_extra=ASK)
async def ask_people(request: Request, edge: EdgeOf, credential: CredentialOf) -> JSONResponse:
    """Ask people something. The same key again answers with the approval that it opened before."""
    reading, raw = await read_question(request, edge, credential)
    (accepted,) = await edge.coordinator.accept(credential, [reading], raw=raw)
    if accepted.approval_id is None:
        raise Conflict(
            f"The process {accepted.process_id!r} is {accepted.status} already, so nobody was "
            "asked. Ask with another process_id."
        )
    headers = {"Idempotent-Replayed": "true"} if accepted.duplicate else {}
    opened = await edge.coordinator.approval(accepted.approval_id)
    return JSONResponse(approval_json(opened), 200 if accepted.duplicate else 201, headers)


@router.get("/v1/approvals/{ref}")
async def get_approval(
    request: Request, edge: EdgeOf, admitted: AdmittedAs, ref: str, wait: Seconds = 0
) -> JSONResponse:
    """Show an approval; with `wait`, answer when it is decided, or as it stands after so many s."""
    there = await edge.coordinator.approval(ref)
    admitted.may_see(there.process.namespace if there.process else None, "approval", ref)

    async def look() -> Approval:
        return await edge.coordinator.approval(there.id)

    poll = Poll(look, lambda it: it.ended, ("approval",), lambda change: change.id == there.id)
    return JSONResponse(approval_json(await awaited(request, edge, poll, wait)))


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


@router.post("/v1/approvals/{ref}/delegate", openapi_extra=takes(DelegationBody))
async def delegate(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Let somebody else answer in your place. The same again changes nothing."""
    body = await read_model(request, DelegationBody)
    to = await edge.coordinator.person_meant(body.to)
    approval = await edge.coordinator.delegate(who, ref, to, comment=body.comment, via="api")
    return JSONResponse(approval_json(approval))


@router.post("/v1/approvals/{ref}/again", openapi_extra=takes(AgainBody))
async def ask_again(request: Request, edge: EdgeOf, who: Caller, ref: str) -> JSONResponse:
    """Ask again what nobody answered in time; the same again finds what the first one opened.

    What a process asked is answered with the new approval. What a run asked, it asks itself once its
    step runs again, which this wants and which takes the scope `run` too: then it is the old one.
    """
    body = await read_model(request, AgainBody)
    key = request_id(request, edge, body.request_id)
    approval = await edge.coordinator.ask_again(who, ref, request_id=key, via="api")
    return JSONResponse(approval_json(approval))

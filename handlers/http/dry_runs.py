"""Rehearsals of published workflows: what a run would do, with nothing of it performed."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from handlers.http.bodies import read_model
from handlers.http.edge import EdgeOf
from handlers.http.openapi import takes

router = APIRouter(tags=["workflows"])


class DryRunBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(default_factory=dict)
    events: list[Any] = Field(
        default_factory=list, description="Canonical events; `at` says when each comes, as `5m`."
    )
    decide: dict[str, Any] = Field(
        default_factory=dict, description="Answers of people by path, as `approve` or `reject:no`."
    )
    stubs: dict[str, Any] = Field(
        default_factory=dict, description="Answers of actions by path, one or a list of them."
    )


@router.post("/v1/workflows/{name}/dry-run", openapi_extra=takes(DryRunBody))
async def dry_run(request: Request, edge: EdgeOf, name: str) -> JSONResponse:
    """Rehearse the revision in use on a virtual clock: what it would post, ask and call.

    Nothing is performed and nothing is stored. The answer is 200 however the rehearsed run ended.
    """
    body = await read_model(request, DryRunBody)
    report = await edge.rehearsals.rehearse(name, body.model_dump())
    return JSONResponse(report.to_json())

"""Runs: list, look, start. What people make one do is in `controls`."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, PlainTextResponse, Response

from coordination.errors import InvalidInputs
from coordination.ports import RunStatus, RunView
from coordination.runs import RunFilter
from handlers.http.auth import Caller
from handlers.http.bodies import read_model
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import takes
from handlers.http.polling import Poll, awaited
from handlers.http.problems import Problem, pointed
from handlers.http.queries import Cursor, Limit, Seconds, statuses_in
from handlers.http.reports import idempotency_key
from handlers.http.shapes import run_json, run_summary

router = APIRouter(tags=["runs"])


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StartBody(Body):
    inputs: dict[str, Any] = Field(default_factory=dict)
    request_id: str | None = Field(None, max_length=256)


@router.get("/v1/runs")
async def list_runs(
    edge: EdgeOf,
    status: str | None = None,
    workflow: str | None = None,
    after: Cursor = None,
    limit: Limit = 50,
) -> JSONResponse:
    """List runs, the newest first; `next` is the cursor of the following page, or null."""
    page = await edge.coordinator.runs(
        RunFilter(status=status, workflow=workflow, before=after, limit=limit)
    )
    rows = [run_summary(run, public_url=edge.public_url) for run in page.items]
    return JSONResponse({"runs": rows, "next": page.next})


@router.get("/v1/runs/{ref}")
async def get_run(
    request: Request, edge: EdgeOf, ref: str, until: str = "terminal", wait: Seconds = 0
) -> JSONResponse:
    """Show a run, its steps, and what it waits for; with `wait`, once it has ended.

    `until` is `terminal` or a list of statuses; the answer comes after so many s in any case.
    """
    words = statuses_in(until, RunStatus)
    there = await edge.coordinator.run(ref)

    async def look() -> RunView:
        return await edge.coordinator.run(there.id)

    def reached(run: RunView) -> bool:
        return run.status.value in words or (run.status.ended and "terminal" in words)

    poll = Poll(look, reached, ("run",), lambda change: change.id == there.id)
    found = await awaited(request, edge, poll, wait)
    return JSONResponse(run_json(found, public_url=edge.public_url))


@router.get("/v1/runs/{ref}/steps/{path}/log", response_class=PlainTextResponse)
async def get_log(edge: EdgeOf, ref: str, path: str) -> Response:
    """Return the whole output of a step."""
    return log_response(await edge.coordinator.step_log(ref, path))


def log_response(log: bytes) -> Response:
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return Response(log, media_type="text/plain; charset=utf-8", headers=headers)


@router.post("/v1/workflows/{name}/runs", status_code=202, openapi_extra=takes(StartBody))
async def start_run(request: Request, edge: EdgeOf, who: Caller, name: str) -> JSONResponse:
    """Start a run; the same `request_id`, or Idempotency-Key, again finds the same run."""
    body = await read_model(request, StartBody)
    key = request_id(request, edge, body.request_id)
    try:
        run = await edge.coordinator.start(who, name, body.inputs, request_id=key, via="api")
    except InvalidInputs as error:
        found = pointed((f"/inputs/{name}", says) for name, says in error.problems)
        raise Problem(422, str(error), errors=found) from None
    return JSONResponse(run_json(run, public_url=edge.public_url), 202)


def request_id(request: Request, edge: Edge, given: str | None) -> str:
    """Return the id under which the decision is made once: the body's, the header's, or a new one."""
    return given or idempotency_key(request) or edge.world.ids.new("rq")

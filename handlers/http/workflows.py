"""Workflows: list and describe."""

import hashlib

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from handlers.http.edge import EdgeOf
from handlers.http.shapes import workflow_json

router = APIRouter(tags=["workflows"])


@router.get("/v1/workflows")
async def list_workflows(edge: EdgeOf) -> JSONResponse:
    """List workflows by name, with status and what starts them."""
    found = await edge.coordinator.workflows()
    return JSONResponse({"workflows": [workflow_json(one, whole=False) for one in found]})


@router.get("/v1/workflows/{name}")
async def get_workflow(request: Request, edge: EdgeOf, name: str) -> Response:
    """Show a workflow with its text, its inputs and the problems of a file that broke."""
    body = workflow_json(await edge.coordinator.workflow(name), whole=True)
    tag = f'"{hashlib.sha256(repr(body).encode()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(body, headers={"ETag": tag})

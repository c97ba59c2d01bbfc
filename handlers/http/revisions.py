"""Revisions of workflows: list, look, compare."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from handlers.http.edge import EdgeOf
from handlers.http.shapes import gains_json, revision_json

router = APIRouter(tags=["workflows"])


@router.get("/v1/workflows/{name}/revisions")
async def list_revisions(edge: EdgeOf, name: str) -> JSONResponse:
    """List the revisions of a workflow, the newest first; `use` says which one is in use."""
    found = await edge.coordinator.revisions(name)
    return JSONResponse({"revisions": [revision_json(each) for each in found]})


@router.get("/v1/workflows/{name}/revisions/{number}")
async def get_revision(edge: EdgeOf, name: str, number: int) -> JSONResponse:
    """Show one revision with its text."""
    found = await edge.coordinator.revision(name, number)
    return JSONResponse({**revision_json(found), "source": found.source})


@router.get("/v1/workflows/{name}/diff")
async def diff(
    edge: EdgeOf,
    name: str,
    old: Annotated[int | None, Query(ge=1, alias="from")] = None,
    new: Annotated[int | None, Query(ge=1, alias="to")] = None,
) -> JSONResponse:
    """Compare two revisions, as a unified diff of their texts.

    `from` is the revision in use unless it is given, and `to` the draft; without one, the last two.
    """
    found = await edge.coordinator.compare_revisions(name, old, new)
    body = {"from": found.old, "to": found.new, "diff": found.text}
    return JSONResponse({**body, "gains": gains_json(found.gains)})

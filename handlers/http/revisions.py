"""Revisions of workflows: list, look, compare."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from coordination.definitions import RevisionView
from handlers.http.edge import EdgeOf
from handlers.http.shapes import revision_json

router = APIRouter(tags=["workflows"])

Number = Annotated[int | None, Query(ge=1)]


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
    found = await edge.coordinator.revisions(name)
    before, after = chosen(found, old, new)
    text = await edge.coordinator.compare_revisions(name, before, after)
    return JSONResponse({"from": before, "to": after, "diff": text})


def chosen(found: tuple[RevisionView, ...], old: int | None, new: int | None) -> tuple[int, int]:
    """Return which two revisions are meant."""
    used = next((each.number for each in found if each.use == "in_use"), found[0].number)
    draft = next((each.number for each in found if each.use == "draft"), None)
    after = new or (draft if draft is not None else used)
    before = old or (used if used != after else max(1, after - 1))
    return before, after

"""Threads: the processes, runs and approvals that belong together."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from handlers.http.auth import Reader
from handlers.http.edge import EdgeOf
from handlers.http.openapi import refusals
from handlers.http.shapes import thread_json, thread_summary

router = APIRouter(tags=["threads"])


@router.get("/v1/threads", responses=refusals(401, 403, 422))
async def list_threads(
    edge: EdgeOf,
    _: Reader,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JSONResponse:
    """List threads, the newest first; `next` is the cursor of the following page, or null."""
    found = await edge.coordinator.threads(before=before, limit=limit)
    last = found[-1].key if len(found) == limit else None
    return JSONResponse({"threads": [thread_summary(one) for one in found], "next": last})


@router.get("/v1/threads/{ref}", responses=refusals(401, 403, 404))
async def get_thread(edge: EdgeOf, _: Reader, ref: str) -> JSONResponse:
    """Show a thread whole."""
    found = await edge.coordinator.thread(ref)
    return JSONResponse(thread_json(found, public_url=edge.public_url))

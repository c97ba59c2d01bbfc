"""Threads: the processes, runs and approvals that belong together."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from handlers.http.edge import EdgeOf
from handlers.http.queries import Cursor, Limit
from handlers.http.shapes import thread_json, thread_summary

router = APIRouter(tags=["threads"])


@router.get("/v1/threads")
async def list_threads(edge: EdgeOf, before: Cursor = None, limit: Limit = 50) -> JSONResponse:
    """List threads, the newest first; `next` is the cursor of the following page, or null."""
    found = await edge.coordinator.threads(before=before, limit=limit)
    last = found[-1].key if len(found) == limit else None
    return JSONResponse({"threads": [thread_summary(one) for one in found], "next": last})


@router.get("/v1/threads/{ref}")
async def get_thread(edge: EdgeOf, ref: str) -> JSONResponse:
    """Show a thread whole."""
    found = await edge.coordinator.thread(ref)
    return JSONResponse(thread_json(found, public_url=edge.public_url))

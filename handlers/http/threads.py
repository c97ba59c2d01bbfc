"""Threads: the processes, runs and approvals that belong together."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from coordination.threads_view import ThreadView
from handlers.http.edge import EdgeOf
from handlers.http.polling import Poll, awaited
from handlers.http.queries import Cursor, Limit, Seconds
from handlers.http.shapes import thread_json, thread_summary

router = APIRouter(tags=["threads"])


@router.get("/v1/threads")
async def list_threads(edge: EdgeOf, before: Cursor = None, limit: Limit = 50) -> JSONResponse:
    """List threads, the newest first; `next` is the cursor of the following page, or null."""
    found = await edge.coordinator.threads(before=before, limit=limit)
    last = found[-1].key if len(found) == limit else None
    return JSONResponse({"threads": [thread_summary(one) for one in found], "next": last})


@router.get("/v1/threads/{ref}")
async def get_thread(request: Request, edge: EdgeOf, ref: str, wait: Seconds = 0) -> JSONResponse:
    """Show a thread whole; with `wait`, once all that belongs to it has ended."""
    there = await edge.coordinator.thread(ref)

    async def look() -> ThreadView:
        return await edge.coordinator.thread(there.id)

    poll = Poll(
        look, over, ("process", "run", "approval"), lambda change: change.thread_id == there.id
    )
    found = await awaited(request, edge, poll, wait)
    return JSONResponse(thread_json(found, public_url=edge.public_url))


def over(thread: ThreadView) -> bool:
    """Say whether nothing goes on in *thread* any more."""
    return (
        all(process.status.terminal for process in thread.processes)
        and all(run.status.ended for run in thread.runs)
        and all(approval.ended for approval in thread.approvals)
    )

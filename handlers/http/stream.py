"""`GET /v1/stream`: what changes, as it changes. The client reads again what was named."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from coordination.changes import Change, Changes, Numbered
from handlers.http.auth import Reader
from handlers.http.edge import EdgeOf
from handlers.http.openapi import refusals

SHOWN = frozenset({"event", "process", "thread", "run", "approval"})
QUIET = 15  # s between comment lines
POLL = 15.0

router = APIRouter(tags=["stream"])


@router.get("/v1/stream", responses=refusals(401, 403))
async def stream(
    request: Request, edge: EdgeOf, _: Reader, run: str | None = None, thread: str | None = None
) -> EventSourceResponse:
    """Stream changes of everything, or of one thread and one run; resumes by Last-Event-ID."""
    if run:
        found = await edge.coordinator.run(run)
        run, thread = found.id, thread or found.thread_id
    cursor = request.headers.get("last-event-id") or edge.changes.cursor
    return EventSourceResponse(tail(edge.changes, cursor, run, thread), ping=QUIET)


async def tail(
    changes: Changes, cursor: str, run: str | None, thread: str | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield what came after *cursor*; where that is not known any more, one `reset` first."""
    with changes.subscribe() as watcher:
        while True:
            newer = changes.since(cursor)
            if newer is None:
                cursor = changes.cursor
                yield ServerSentEvent(data="{}", event="reset", id=cursor)
                continue
            for numbered in newer:
                cursor = numbered.cursor
                if concerns(numbered.change, run, thread):
                    yield written(numbered)
            await watcher.wait(POLL)


def concerns(change: Change, run: str | None, thread: str | None) -> bool:
    if change.kind not in SHOWN:
        return False
    if run is None and thread is None:
        return True
    return change.id in (run, thread) or (thread is not None and change.thread_id == thread)


def written(numbered: Numbered) -> ServerSentEvent:
    change = numbered.change
    data = {"kind": change.kind, "id": change.id, "thread_id": change.thread_id}
    return ServerSentEvent(data=json.dumps(data), event=change.kind, id=numbered.cursor)

"""`GET /v1/stream`: what changes, as it changes. The client reads again what was named."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from coordination.changes import Change, Numbered
from handlers.http.edge import Edge, EdgeOf

SHOWN = frozenset({"event", "process", "thread", "run", "approval"})
QUIET = 15  # s between comment lines
STUCK = 30.0  # s that a consumer may take for one piece, before it is cut
POLL = 15.0

router = APIRouter(tags=["stream"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """The run and the thread that a stream is about; without either it is about everything."""

    run: str | None
    thread: str | None

    def covers(self, change: Change) -> bool:
        if change.kind not in SHOWN:
            return False
        if self.run is None and self.thread is None:
            return True
        of_thread = self.thread is not None and change.thread_id == self.thread
        return of_thread or change.id in (self.run, self.thread)


@router.get("/v1/stream", response_class=EventSourceResponse)
async def stream(
    request: Request, edge: EdgeOf, run: str | None = None, thread: str | None = None
) -> Response:
    """Stream changes of everything, or of one thread and one run; resumes by Last-Event-ID."""
    if run:
        found = await edge.coordinator.run(run)
        run, thread = found.id, thread or found.thread_id
    if request.scope.get("only_head"):
        return Response(media_type="text/event-stream", headers={"Cache-Control": "no-store"})
    cursor = request.headers.get("last-event-id") or edge.changes.cursor
    pieces = tail(edge, cursor, Wanted(run or None, thread or None))
    return EventSourceResponse(pieces, ping=QUIET, send_timeout=STUCK)


async def tail(edge: Edge, cursor: str, wanted: Wanted) -> AsyncIterator[ServerSentEvent]:
    """Yield what came after *cursor*; where that is not known any more, one `reset` first.

    The first piece only tells the client where it stands: one that is cut before anything happened
    would else begin anew, behind what it missed. A consumer that falls behind what is kept is reset.
    """
    if edge.changes.since(cursor) is not None:
        yield ServerSentEvent(id=cursor, retry=1000)
    with edge.changes.subscribe() as changed:
        while not edge.holding.closed:
            newer = edge.changes.since(cursor)
            if newer is None:
                cursor = edge.changes.cursor
                yield ServerSentEvent(data="{}", event="reset", id=cursor)
                continue
            for numbered in newer:
                cursor = numbered.cursor
                if wanted.covers(numbered.change):
                    yield written(numbered)
            await edge.holding.wait(changed, POLL)


def written(numbered: Numbered) -> ServerSentEvent:
    change = numbered.change
    data = {"kind": change.kind, "id": change.id, "thread_id": change.thread_id}
    return ServerSentEvent(data=json.dumps(data), event=change.kind, id=numbered.cursor)

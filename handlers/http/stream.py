"""`GET /v1/stream`: what changes, as it changes. The client reads again what was named."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from coordination.changes import Change, Numbered
from coordination.errors import NotFound
from handlers.http.auth import Admitted, AdmittedAs
from handlers.http.edge import Edge, EdgeOf
from handlers.http.holding import STREAMS, Holding
from handlers.http.problems import Problem

SHOWN = frozenset({"event", "process", "thread", "run", "approval"})
QUIET = 15  # s between comment lines
STUCK = 30.0  # s that a consumer may take for one piece, before it is cut
POLL = 15.0

router = APIRouter(tags=["stream"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stream is about; what is not given does not matter.

    Args:
        run: with its thread, if that is given too.
        thread: and all that belongs to it.
        namespace: of events and processes; of nothing else is told then.
        types: the kinds of things that are told of.
    """

    run: str | None = None
    thread: str | None = None
    namespace: str | None = None
    types: frozenset[str] = SHOWN

    def covers(self, change: Change) -> bool:
        if change.kind not in self.types or not self._is_of_namespace(change):
            return False
        if self.run is None and self.thread is None:
            return True
        of_thread = self.thread is not None and change.thread_id == self.thread
        return of_thread or change.id in (self.run, self.thread)

    def _is_of_namespace(self, change: Change) -> bool:
        """Say whether a change may be of the namespace: an event's has to be looked up."""
        if self.namespace is None or change.kind == "event":
            return True
        return change.kind == "process" and change.id.startswith(f"{self.namespace}:")


class Stream(EventSourceResponse):
    """A stream that is one of its source's for as long as it lasts."""

    holding: Holding
    who: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.holding.leave_stream(self.who)


@router.get("/v1/stream", response_class=EventSourceResponse)
async def stream(  # noqa: PLR0913  # each is a member of the query
    request: Request,
    edge: EdgeOf,
    admitted: AdmittedAs,
    *,
    run: str | None = None,
    thread: str | None = None,
    ns: str | None = None,
    types: str | None = None,
) -> Response:
    """Stream changes of everything, or of one thread, run or namespace; resumes by Last-Event-ID.

    `types` is a list of event, process, thread, run and approval. A source has 20 streams at most.
    """
    kinds = read_types(types)
    if run:
        found = await edge.coordinator.run(run)
        run, thread = found.id, thread or found.thread_id
    if request.scope.get("only_head"):
        return Response(media_type="text/event-stream", headers={"Cache-Control": "no-store"})
    cursor = request.headers.get("last-event-id") or edge.changes.cursor
    pieces = tail(edge, cursor, Wanted(run or None, thread or None, ns or None, kinds))
    who = source_of(admitted)
    if not edge.holding.take_stream(who):
        raise Problem(
            429,
            f"{STREAMS} streams of this source are open, which is all it may have. Close one.",
            code="rate-limited",
            headers={"Retry-After": "5"},
        )
    answer = Stream(pieces, ping=QUIET, send_timeout=STUCK)
    answer.holding, answer.who = edge.holding, who
    return answer


def read_types(types: str | None) -> frozenset[str]:
    """Return the kinds that are asked for, all where none is. Raises: Problem."""
    kinds = frozenset(types.split(",")) if types else SHOWN
    unknown = sorted(kinds - SHOWN)
    if unknown:
        names = ", ".join(sorted(SHOWN))
        raise Problem(422, f"Nothing of type {unknown[0][:40]!r} is streamed; use {names}.")
    return kinds


def source_of(admitted: Admitted) -> str:
    """Return whose streams are counted together: a source's, or a person's."""
    if admitted.credential is not None:
        return f"source:{admitted.credential.source.source}"
    return admitted.principal.actor if admitted.principal else ""


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
                if wanted.covers(numbered.change) and await is_near(edge, numbered.change, wanted):
                    yield written(numbered)
            await edge.holding.wait(changed, POLL)


async def is_near(edge: Edge, change: Change, wanted: Wanted) -> bool:
    """Say whether an event is of the namespace that a stream is about."""
    if wanted.namespace is None or change.kind != "event":
        return True
    try:
        event = await edge.coordinator.event(change.id)
    except NotFound:  # deleted since
        return False
    return bool(event.body.get("namespace") == wanted.namespace)


def written(numbered: Numbered) -> ServerSentEvent:
    change = numbered.change
    data = {"kind": change.kind, "id": change.id, "thread_id": change.thread_id}
    return ServerSentEvent(data=json.dumps(data), event=change.kind, id=numbered.cursor)

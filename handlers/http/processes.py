"""Processes: list, look, and wait for an end."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse

from baton.events import Status
from coordination.threads_view import ProcessFilter, ProcessView
from handlers.http.auth import AdmittedAs
from handlers.http.edge import EdgeOf
from handlers.http.polling import Poll, awaited
from handlers.http.problems import Problem
from handlers.http.queries import Attempt, Cursor, Limit, Seconds, statuses_in
from handlers.http.shapes import process_json

router = APIRouter(tags=["processes"])

Label = Annotated[
    str | None, Query(max_length=264, description="A label and its value, as `team=web`.")
]


@router.get("/v1/processes")
async def list_processes(  # noqa: PLR0913  # each is a member of the query
    edge: EdgeOf,
    status: Status | None = None,
    ns: str | None = None,
    *,
    label: Label = None,
    stalled: bool = False,
    before: Cursor = None,
    limit: Limit = 50,
) -> JSONResponse:
    """List processes, the newest first; `next` is the cursor of the following page, or null."""
    wanted = ProcessFilter(
        status=status,
        namespace=ns,
        label=label_of(label),
        stalled=stalled,
        before=before,
        limit=limit,
    )
    found = await edge.coordinator.processes(wanted)
    last = found[-1].key if len(found) == limit else None
    return JSONResponse({"processes": [process_json(one) for one in found], "next": last})


@router.get("/v1/processes/{name:path}")
async def get_process(  # noqa: PLR0913  # each is a member of the query
    request: Request,
    edge: EdgeOf,
    admitted: AdmittedAs,
    name: str,
    *,
    until: str = "terminal",
    attempt: Attempt = None,
    wait: Seconds = 0,
) -> JSONResponse:
    """Show a process, as ``namespace:id``; with `wait`, once it has ended or after so many s.

    `until` is `terminal` or a list of statuses. An `attempt` that has not begun is waited for too;
    one that another has followed is shown as it was left, without children.
    """
    namespace, colon, process_id = name.partition(":")
    if not colon or not process_id:
        raise Problem(404, "Write the process as namespace:id, for example ci:build-42.")
    words = statuses_in(until, Status)
    admitted.may_see(namespace, "process", name)

    async def look() -> ProcessView:
        return await edge.coordinator.process(namespace, process_id)

    def reached(process: ProcessView) -> bool:
        if attempt is not None and process.attempt != attempt:
            return process.attempt > attempt
        ended = process.status.terminal and "terminal" in words
        return ended or process.status.value in words

    poll = Poll(look, reached, ("process",), lambda change: change.id == name)
    found = await awaited(request, edge, poll, wait)
    if attempt is not None and found.attempt != attempt:
        found = await edge.coordinator.attempt(namespace, process_id, attempt)
    return JSONResponse(process_json(found))


def label_of(text: str | None) -> tuple[str, str] | None:
    """Read ``name=value``. Raises: Problem."""
    if text is None:
        return None
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise Problem(422, "Write the label as name=value, for example team=web.")
    return name, value

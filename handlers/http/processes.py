"""Processes: list, look, and wait for an end."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from coordination.threads_view import ProcessFilter, ProcessView
from handlers.http.auth import Reader
from handlers.http.edge import Edge, EdgeOf
from handlers.http.openapi import refusals
from handlers.http.problems import Problem
from handlers.http.shapes import process_json

router = APIRouter(tags=["processes"])


@router.get("/v1/processes", responses=refusals(401, 403, 422))
async def list_processes(
    edge: EdgeOf,
    _: Reader,
    status: str | None = None,
    ns: str | None = None,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JSONResponse:
    """List processes, the newest first; `next` is the cursor of the following page, or null."""
    wanted = ProcessFilter(status=status, namespace=ns, before=before, limit=limit)
    found = await edge.coordinator.processes(wanted)
    last = found[-1].key if len(found) == limit else None
    return JSONResponse({"processes": [process_json(one) for one in found], "next": last})


@router.get("/v1/processes/{name:path}", responses=refusals(401, 403, 404, 422))
async def get_process(
    edge: EdgeOf,
    _: Reader,
    name: str,
    until: str = "terminal",
    wait: Annotated[float, Query(ge=0, le=55)] = 0,
) -> JSONResponse:
    """Show a process, as ``namespace:id``; with `wait`, once it has ended or after so many s."""
    namespace, colon, process_id = name.partition(":")
    if not colon or not process_id:
        raise Problem(404, "Write the process as namespace:id, for example ci:build-42.")
    return JSONResponse(process_json(await awaited(edge, (namespace, process_id), until, wait)))


async def awaited(edge: Edge, which: tuple[str, str], until: str, seconds: float) -> ProcessView:
    deadline = edge.world.clock.monotonic() + seconds
    with edge.changes.subscribe("process") as changed:
        while True:
            found = await edge.coordinator.process(*which)
            left = deadline - edge.world.clock.monotonic()
            if reached(found, until) or left <= 0:
                return found
            await changed.wait(left)


def reached(process: ProcessView, until: str) -> bool:
    if until == "terminal":
        return process.status.terminal
    return process.status.value in until.split(",")

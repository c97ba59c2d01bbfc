"""Processes: list, look, and wait for an end."""

from fastapi import APIRouter
from starlette.responses import JSONResponse

from baton.events import Status
from coordination.threads_view import ProcessFilter, ProcessView
from handlers.http.auth import AdmittedAs
from handlers.http.edge import Edge, EdgeOf
from handlers.http.problems import Problem
from handlers.http.queries import Cursor, Limit, Seconds
from handlers.http.shapes import process_json

router = APIRouter(tags=["processes"])


@router.get("/v1/processes")
async def list_processes(
    edge: EdgeOf,
    status: Status | None = None,
    ns: str | None = None,
    before: Cursor = None,
    limit: Limit = 50,
) -> JSONResponse:
    """List processes, the newest first; `next` is the cursor of the following page, or null."""
    wanted = ProcessFilter(status=status, namespace=ns, before=before, limit=limit)
    found = await edge.coordinator.processes(wanted)
    last = found[-1].key if len(found) == limit else None
    return JSONResponse({"processes": [process_json(one) for one in found], "next": last})


@router.get("/v1/processes/{name:path}")
async def get_process(
    edge: EdgeOf,
    admitted: AdmittedAs,
    name: str,
    until: str = "terminal",
    wait: Seconds = 0,
) -> JSONResponse:
    """Show a process, as ``namespace:id``; with `wait`, once it has ended or after so many s."""
    namespace, colon, process_id = name.partition(":")
    if not colon or not process_id:
        raise Problem(404, "Write the process as namespace:id, for example ci:build-42.")
    refuse_unknown(until)
    admitted.may_see(namespace, "process", name)
    return JSONResponse(process_json(await awaited(edge, (namespace, process_id), until, wait)))


async def awaited(edge: Edge, which: tuple[str, str], until: str, seconds: float) -> ProcessView:
    deadline = edge.world.clock.monotonic() + seconds
    with edge.changes.subscribe("process") as changed:
        while True:
            found = await edge.coordinator.process(*which)
            left = deadline - edge.world.clock.monotonic()
            if reached(found, until) or left <= 0 or edge.holding.closed:
                return found
            await edge.holding.wait(changed, left)


def refuse_unknown(until: str) -> None:
    """Return if *until* is ``terminal`` or a list of statuses. Raises: Problem."""
    unknown = [word for word in until.split(",") if word not in {"terminal", *Status}]
    if unknown:
        raise Problem(
            422, f"There is no status {unknown[0][:40]!r} to wait for; use terminal, or statuses."
        )


def reached(process: ProcessView, until: str) -> bool:
    if until == "terminal":
        return process.status.terminal
    return process.status.value in until.split(",")

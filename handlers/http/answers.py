"""How a refusal is answered: a problem document to programs, the same sentence on a page to people."""

import json

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from baton.errors import BatonError
from handlers.http.access import ACCESS, PAGE, PERSON
from handlers.http.edge import Edge
from handlers.http.html import page, tag, text
from handlers.http.problems import MEDIA_TYPE, TITLES, Problem, document, translated

log = structlog.get_logger()

PATIENCE = 4  # s, over which clients that were told to come back are spread
LOGIN_WANTED = (
    "This page is for people of the workspace. A login link comes from the one who runs Baton "
    "(python -m bot login-link); it works once, and for ten minutes."
)
PRIVATE = {"Cache-Control": "no-store"}


async def answer(request: Request, error: Exception) -> Response:
    """Answer *request* with what *error* says; what nobody foresaw is logged, and told to nobody."""
    problem = translated(error)
    edge: Edge = request.app.state.edge
    instance = str(request.scope.get("request_id", ""))
    if problem.status == 500:
        log.error("request_failed", request_id=instance, path=request.url.path, exc_info=error)
    elif "<@" in problem.detail:
        problem.detail = await edge.coordinator.readable(problem.detail)
    if problem.status == 503:
        problem.headers["Retry-After"] = str(1 + int(PATIENCE * edge.world.rng.random()))
    headers = {**PRIVATE, **problem.headers}
    if wants_page(request):
        return HTMLResponse(refusal_page(problem, instance), problem.status, headers)
    body = json.dumps(document(problem, instance), ensure_ascii=False).encode()
    return Response(body, problem.status, headers, MEDIA_TYPE)


def wants_page(request: Request) -> bool:
    """Say whether a person looks at the answer: on a page, or at an address that is none."""
    route = request.scope.get("route")
    if route is not None:
        need = ACCESS.get(f"{request.method} {route.path}")
        return need in (PAGE, PERSON) and not route.path.endswith(".json")
    api = request.url.path.startswith("/v1/")
    return not api and "text/html" in request.headers.get("accept", "")


def refusal_page(problem: Problem, instance: str) -> str:
    title = "Log in to Baton" if problem.status == 401 else TITLES.get(problem.status, "Sorry")
    says = LOGIN_WANTED if problem.status == 401 else problem.detail
    return page(
        title,
        tag("h1", text(title)),
        tag("p", text(says)),
        tag("footer", text(f"Request {instance}")),
    )


def install(app: FastAPI) -> None:
    """Answer every refusal of *app*. What is not listed here goes on to `guard.Named`."""

    async def refused(request: Request, error: Exception) -> Response:
        return await answer(request, error)

    for kind in (Problem, BatonError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refused)

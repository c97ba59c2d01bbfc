"""HTTP: routes for tools and programs, pages for people. `create_api` makes the application."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from starlette.responses import Response

from handlers.http import (
    approvals,
    events,
    health,
    notify,
    pages,
    problems,
    processes,
    runs,
    stream,
    threads,
    workflows,
)
from handlers.http.edge import Demo, Edge

__all__ = ["Demo", "Edge", "create_api"]

ROUTERS = (
    notify.router,
    events.router,
    processes.router,
    threads.router,
    workflows.router,
    runs.router,
    approvals.router,
    stream.router,
    health.router,
    pages.router,
)


def create_api(edge: Edge, *, version: str) -> FastAPI:
    """Make the application over *edge*; whoever serves it owns its life."""
    app = FastAPI(title="Baton", version=version, docs_url=None, redoc_url=None)
    app.state.edge = edge
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    app.middleware("http")(guarded(edge))
    app.add_middleware(problems.RequestId, ids=edge.world.ids)
    return app


def guarded(
    edge: Edge,
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """Return a middleware that sends the browser's own guards along with every answer."""
    frames = f"frame-src {origin(edge.demo.slack_page)}; " if edge.demo else ""
    policy = f"default-src 'self'; {frames}frame-ancestors 'none'"

    async def add(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await proceed(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    return add


def origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"

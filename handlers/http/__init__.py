"""HTTP: routes for tools and programs, pages for people. `create_api` makes the application."""

from fastapi import FastAPI

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
from handlers.http.guard import Guard, browser_headers

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
    app.add_middleware(Guard, headers=browser_headers(edge.demo))
    app.add_middleware(problems.RequestId, ids=edge.world.ids)
    return app

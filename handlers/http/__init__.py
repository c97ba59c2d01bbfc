"""HTTP: routes for tools and programs, pages for people. `create_api` makes the application."""

from fastapi import Depends, FastAPI

from handlers.http import (
    answers,
    approvals,
    controls,
    dry_runs,
    events,
    health,
    hooks,
    metrics,
    notify,
    openapi,
    pages,
    processes,
    replays,
    revisions,
    run_pages,
    runs,
    slack,
    stream,
    threads,
    workflows,
)
from handlers.http.auth import admit
from handlers.http.edge import Demo, Edge
from handlers.http.guard import Guard, HeadAsGet, Named, Sized, browser_headers
from handlers.http.shortcut import Api, Shortcut

__all__ = ["ROUTERS", "Demo", "Edge", "create_api"]

ROUTERS = (
    notify.router,
    events.router,
    replays.router,
    processes.router,
    threads.router,
    workflows.router,
    revisions.router,
    hooks.router,
    dry_runs.router,
    runs.router,
    controls.router,
    approvals.router,
    stream.router,
    health.router,
    metrics.router,
    pages.router,
    run_pages.router,
    slack.router,
)


def create_api(edge: Edge, *, version: str) -> FastAPI:
    """Make the application over *edge*; whoever serves it owns its life.

    Whatever the address, `admit` comes before the route, and the guards before `admit`.
    """
    app = Api(
        edge,
        title="Baton",
        version=version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(admit)],
    )
    for router in ROUTERS:
        app.include_router(router)
    answers.install(app)
    app.openapi = openapi.complete(app)  # type: ignore[method-assign]  # as FastAPI documents it
    app.add_middleware(Shortcut)
    app.add_middleware(HeadAsGet)  # the last one added is the first one asked
    app.add_middleware(Sized)
    app.add_middleware(Named)
    app.add_middleware(Guard, headers=browser_headers(edge.demo))
    return app
